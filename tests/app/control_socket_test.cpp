// The control socket as the console sees it, and as one would that means ill.
#include "src/app/control_socket.hpp"

#include <array>
#include <atomic>
#include <ctime>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/device/control/control_client.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using SteadyClock = std::chrono::steady_clock;

FramePtr frame_at(double at) {
  FrameInfo info;
  info.monotonic = MonotonicTime{static_cast<std::int64_t>(at * 1e9)};
  cv::Mat luma(720, 1280, CV_8UC1);
  cv::RNG random(3);
  random.fill(luma, cv::RNG::UNIFORM, 0, 256);
  return std::make_shared<const Frame>(info, luma, Frame::BgrMaker{});
}

FrameReads reads_at(double at) {
  FrameReads reads;
  reads.frame.monotonic = MonotonicTime{static_cast<std::int64_t>(at * 1e9)};
  reads.frame_width = 1280;
  reads.frame_height = 720;
  EvidencedRead one;
  one.read.vrm = "AB12CDE";
  one.read.quad = {cv::Point2f{100, 300}, {184, 300}, {184, 318}, {100, 318}};
  reads.reads.push_back(one);
  return reads;
}

class ControlSocketTest : public testing::Test {
 protected:
  ControlSocketTest() {
    ControlAnswers answers;
    answers[ControlTask::health] = [this](const ControlRequest&) -> Result<nlohmann::json> {
      ++asked_;
      return nlohmann::json{{"healthy", true}};
    };
    answers[ControlTask::authority] = [](const ControlRequest&) -> Result<nlohmann::json> {
      return fail(ErrorCode::refused, "not now");
    };
    answers[ControlTask::counters] = [](const ControlRequest&) -> Result<nlohmann::json> {
      return nlohmann::json{{"counters", std::string(1 << 20, 'x')}};
    };
    ControlSocket::Limits limits;
    limits.request = milliseconds(400);
    limits.answer = milliseconds(400);
    limits.idle = milliseconds(3'000);
    limits.snapshot = milliseconds(600);
    auto opened = ControlSocket::open(path(), std::move(answers), aiming_, limits);
    if (!opened) throw std::runtime_error(opened.error().message);
    socket_ = std::move(*opened);
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "control"; }
  [[nodiscard]] ControlClient client() const {
    auto connected = ControlClient::connect(path(), seconds(10));
    if (!connected) throw std::runtime_error(connected.error().message);
    return std::move(*connected);
  }
  [[nodiscard]] int raw() const {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return socket;
  }
  // Until it is hung up on.
  static std::string all_from(int socket) {
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::recv(socket, part.data(), part.size(), 0)) > 0;)
      all.append(part.data(), static_cast<std::size_t>(got));
    ::close(socket);
    return all;
  }
  static void send(int socket, const std::string& text) {
    EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void expect_answers() const {
    const auto health = client().ask({.task = ControlTask::health});
    ASSERT_TRUE(health) << health.error().message;
    EXPECT_TRUE(health->at("healthy"));
  }

  doubles::TemporaryFolder folder_;
  Aiming aiming_{AimOptions{}};
  std::atomic<int> asked_{0};
  std::unique_ptr<ControlSocket> socket_;
};

TEST_F(ControlSocketTest, AnswersOneAfterAnotherOverOneConnection) {
  ControlClient one = client();
  for (int i = 0; i < 3; ++i) {
    const auto health = one.ask({.task = ControlTask::health});
    ASSERT_TRUE(health) << health.error().message;
    EXPECT_TRUE(health->at("healthy"));
  }
  const auto refused = one.ask({.task = ControlTask::authority});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_EQ(refused.error().message, "not now");
  const auto unknown = one.ask({.task = ControlTask::reload});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::unsupported);
  const auto large = one.ask({.task = ControlTask::counters});
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_EQ(large->at("counters").get<std::string>().size(), std::size_t{1} << 20);
}

TEST_F(ControlSocketTest, WhatIsNoRequestIsToldSoAndTheConnectionGoesOn) {
  const int socket = raw();
  send(socket, "\x1b[2J\n{\"do\":\"format\"}\n{\"do\":\"health\"}\n");
  ::shutdown(socket, SHUT_WR);
  const std::string said = all_from(socket);
  EXPECT_THAT(said, HasSubstr("the request is not a JSON object"));
  EXPECT_THAT(said, HasSubstr("there is no task"));
  EXPECT_THAT(said, HasSubstr("\"healthy\":true"));
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

TEST_F(ControlSocketTest, ARequestWithoutEndIsRefused) {
  const int socket = raw();
  std::jthread flood([socket] {
    const std::string part(65'536, 'x');
    while (::send(socket, part.data(), part.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  EXPECT_THAT(all_from(socket), HasSubstr("at most 131072 bytes"));
}

TEST_F(ControlSocketTest, WhoStopsInTheMiddleOrNeverBeginsIsHungUpOnAndHoldsNobodyUp) {
  const int half = raw();
  send(half, "{\"do\":");
  const int silent = raw();
  expect_answers();
  const auto begin = SteadyClock::now();
  EXPECT_EQ(all_from(half), "");
  EXPECT_EQ(all_from(silent), "");
  EXPECT_LT(SteadyClock::now() - begin, seconds(20));
}

TEST_F(ControlSocketTest, WhoDoesNotTakeItsAnswerHoldsNobodyUp) {
  const int socket = raw();
  for (int i = 0; i < 20; ++i)
    send(socket, "{\"do\":\"counters\"}\n");
  const auto begin = SteadyClock::now();
  for (int i = 0; i < 5; ++i)
    expect_answers();
  EXPECT_LT(SteadyClock::now() - begin, seconds(5));
  std::this_thread::sleep_for(milliseconds(1'200));
  EXPECT_LT(all_from(socket).size(), std::size_t{19} << 20) << "it was hung up on";
}

TEST_F(ControlSocketTest, SoManyAreLetInAndNoMore) {
  std::vector<int> all;
  for (std::size_t i = 0; i < ControlSocket::most_clients; ++i)
    all.push_back(raw());
  const auto one_more = client().ask({.task = ControlTask::health});
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::exhausted) << one_more.error().message;
  for (const int socket : all)
    ::close(socket);
  std::this_thread::sleep_for(milliseconds(500));
  expect_answers();
}

TEST_F(ControlSocketTest, AimingGivesReportsUntilTheClientHangsUp) {
  EXPECT_FALSE(aiming_.is_on());
  std::atomic<bool> done{false};
  std::jthread camera([&] {
    for (int i = 0; !done; ++i) {
      aiming_.saw_frame(*frame_at(0.04 * i));
      aiming_.saw_reads(reads_at(0.04 * i));
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  ControlRequest request;
  request.task = ControlTask::aim;
  int reports = 0;
  std::string last;
  const Status aimed = client().aim(request, [&](const ControlClient::AimReport& report) {
    EXPECT_LE(report.text.size(), most_aim_text_bytes);
    EXPECT_FALSE(report.figures.contains("reads"));
    last = report.text;
    return ++reports < 5;
  });
  EXPECT_TRUE(aimed) << aimed.error().message;
  EXPECT_THAT(last, HasSubstr("> plates 84 px wide: move closer or lengthen the lens; 130 wanted"));
  EXPECT_EQ(last.find("AB12CDE"), std::string::npos) << "no mark without commissioning";
  for (int i = 0; i < 100 && aiming_.is_on(); ++i)
    std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(aiming_.is_on()) << "the daemon has seen that nobody aims any more";
  request.commissioning = true;
  reports = 0;
  const Status commissioned = client().aim(request, [&](const ControlClient::AimReport& report) {
    last = report.text;
    return ++reports < 5;
  });
  EXPECT_TRUE(commissioned);
  EXPECT_THAT(last, HasSubstr("reads AB12CDE"));
  done = true;
}

TEST_F(ControlSocketTest, ASnapshotShowsNobodyUnlessCommissioning) {
  std::atomic<bool> done{false};
  std::jthread camera([&] {
    while (!done) {
      aiming_.saw_frame(*frame_at(1));
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  const auto width_of = [](const Bytes& jpeg) {  // of its frame header
    for (std::size_t i = 2; i + 8 < jpeg.size();) {
      if (jpeg[i + 1] == 0xC0) return jpeg[i + 7] * 256 + jpeg[i + 8];
      i += 2U + jpeg[i + 2] * 256U + jpeg[i + 3];
    }
    return 0;
  };
  ControlRequest request;
  request.task = ControlTask::snapshot;
  const auto coarse = client().snapshot(request);
  ASSERT_TRUE(coarse) << coarse.error().message;
  EXPECT_TRUE(coarse->blurred);
  EXPECT_EQ(width_of(coarse->jpeg), 120);
  request.commissioning = true;
  const auto clear = client().snapshot(request);
  ASSERT_TRUE(clear) << clear.error().message;
  EXPECT_FALSE(clear->blurred);
  EXPECT_EQ(width_of(clear->jpeg), 1280);
  done = true;
}

TEST_F(ControlSocketTest, WithoutAPictureASnapshotIsUnavailable) {
  const auto none = client().snapshot({.task = ControlTask::snapshot});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::unavailable);
  EXPECT_EQ(none.error().message, "no picture comes from the camera");
}

TEST_F(ControlSocketTest, AStrangerIsTurnedAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  sockaddr_un address{};  // a child of a process with threads may not allocate
  address.sun_family = AF_UNIX;
  path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  const pid_t child = ::fork();
  if (child == 0) {
    // Without groups, and nobody.
    if (::setgroups(0, nullptr) != 0 || ::setgid(65'534) != 0 || ::setuid(65'534) != 0) ::_exit(3);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) ::_exit(4);
    std::array<char, 512> said{};
    const ssize_t got = ::recv(socket, said.data(), said.size(), 0);
    if (got > 0) static_cast<void>(!::write(pipe[1], said.data(), static_cast<std::size_t>(got)));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(pipe[1]);
  std::array<char, 512> said{};
  const ssize_t got = ::read(pipe[0], said.data(), said.size());
  ::close(pipe[0]);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_THAT(std::string(said.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))),
              HasSubstr("only root and the camera's own group may ask"));
  EXPECT_EQ(asked_, 0);
}

TEST_F(ControlSocketTest, ASecondDaemonDoesNotTakeALiveSocket) {
  Aiming other{AimOptions{}};
  const auto second = ControlSocket::open(path(), {}, other);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::refused);
  expect_answers();
}

TEST_F(ControlSocketTest, WithoutADescriptorLeftItRestsInsteadOfSpinning) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // The one who waits has its own descriptor already.
  const int waiting = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int lowest_free = ::dup(waiting);
  ::close(lowest_free);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const std::clock_t begin = std::clock();
  std::this_thread::sleep_for(milliseconds(1'000));
  const double busy_s = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LT(busy_s, 0.3);
  send(waiting, "{\"do\":\"health\"}\n");
  ::shutdown(waiting, SHUT_WR);
  EXPECT_THAT(all_from(waiting), HasSubstr("healthy"));
}

}  // namespace
}  // namespace wayside::app
