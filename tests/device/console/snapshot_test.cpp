// A picture from the console: as text, and as a file over the line that the console is on.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/device/console/console_fixture.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/xmodem_receiver.hpp"

namespace wayside::console {
namespace {

using namespace std::chrono_literals;
using doubles::XmodemReceiver;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class SnapshotTest : public ConsoleTest {
 protected:
  using Damage = std::function<std::string(std::string)>;

  SnapshotTest() {
    // Every byte that a line could take for something else.
    camera_.camera.jpeg.resize(512);
    for (std::size_t i = 0; i < camera_.camera.jpeg.size(); ++i)
      camera_.camera.jpeg[i] = static_cast<std::uint8_t>(i);
  }
  [[nodiscard]] std::string jpeg() const { return {camera_.camera.jpeg.begin(), camera_.camera.jpeg.end()}; }

  void ask_for_it() {
    cable_->type("snapshot xmodem\r");
    ASSERT_TRUE(cable_->sees("Control-C gives up.\r\n")) << cable_->seen();
  }
  void receive(XmodemReceiver& receiver, const Damage& hears) {
    cable_->type(receiver.beginning());
    for (int i = 0; i < 1000 && !receiver.ended && !receiver.lost; ++i) {
      const std::string burst = cable_->burst(30ms, 5s);
      ASSERT_FALSE(burst.empty()) << "the sender fell silent";
      cable_->type(receiver.take(hears(burst)));
    }
  }
  void expect_received(const std::string& received) {
    ASSERT_GE(received.size(), jpeg().size());
    EXPECT_LT(received.size() - jpeg().size(), 128U);
    EXPECT_EQ(received.substr(0, jpeg().size()), jpeg());
  }
};

TEST_F(SnapshotTest, ComesByXmodemByteForByteAndTheConsoleGoesOn) {
  camera_.camera.jpeg.resize(5'000, 0x0a);
  start();
  log_in();
  ask_for_it();
  EXPECT_THAT(cable_->seen(), HasSubstr("The picture has 5000 bytes. Start the XMODEM receive"));
  XmodemReceiver receiver;
  receive(receiver, [](std::string burst) { return burst; });
  expect_received(receiver.received);
  EXPECT_EQ(receiver.long_blocks, 5U);
  EXPECT_TRUE(cable_->sees("5000 bytes were sent in ")) << cable_->seen();
  EXPECT_TRUE(cable_->sees("has 5120"));
  EXPECT_TRUE(cable_->sees("picture.\r\n"));
  EXPECT_NE(cable_->settings().c_oflag & OPOST, 0U);
  expect("show version", "Wayside 0.1.0\r\n");
  ASSERT_EQ(camera_.trail.count("picture_viewed"), 1U);
  EXPECT_EQ(camera_.trail.events.back().details.at("as"), "snapshot");
  EXPECT_EQ(camera_.trail.events.back().name, "alice");
}

TEST_F(SnapshotTest, ADamagedLineIsMended) {
  camera_.camera.jpeg.resize(9'000, 0x11);
  doubles::SerialCable& cable = start();
  log_in();
  ask_for_it();
  std::mt19937 random(5);
  XmodemReceiver receiver;
  receive(receiver, [&](std::string burst) {
    if (random() % 3 != 0) return burst;
    const std::size_t at = random() % burst.size();
    if (random() % 2 == 0) {
      burst.erase(at, 1);
    } else {
      burst[at] = static_cast<char>(burst[at] ^ 1 << random() % 8);
    }
    return burst;
  });
  EXPECT_TRUE(receiver.ended);
  expect_received(receiver.received);
  EXPECT_TRUE(cable.sees("9000 bytes were sent in ")) << cable.seen().substr(0, 500);
}

// Whoever has not said that the camera is being commissioned gets what shows nobody, whichever way it comes.
TEST_F(SnapshotTest, IsAskedForAsCommissioningOnlyWhereThatWasSaid) {
  camera_.camera.jpeg = {0xff, 0xd8, 0xff, 0xd9};
  for (const char* const name : {"alice", "olga"}) {
    start();
    log_in(name);
    expect("snapshot base64", "begin-base64 644 snapshot.jpg\r\n/9j/2Q==\r\n====\r\n");
    ask_for_it();
    expect("\x03", std::string(name) + "> ");
    stop();
  }
  EXPECT_THAT(camera_.camera.snapshots, ElementsAre(false, false, false, false));
  start();
  log_in();
  expect("commissioning 30", "[commissioning]> ");
  ask_for_it();
  expect("\x03", "[commissioning]> ");
  EXPECT_TRUE(camera_.camera.snapshots.back());
  stop();
  start();
  log_in("audrey");
  expect("snapshot base64", "is no word that may stand there");
  EXPECT_EQ(camera_.camera.snapshots.size(), 5U);
  EXPECT_EQ(camera_.trail.count("picture_viewed"), 5U);
}

TEST_F(SnapshotTest, TextIsBrokenIntoLines) {
  start();
  log_in();
  expect("snapshot base64", "begin-base64 644 snapshot.jpg\r\nAAECAwQF");
  const std::string text = cable_->seen().substr(cable_->seen().rfind("AAEC"));
  EXPECT_EQ(text.find('\r'), 76U);
}

TEST_F(SnapshotTest, IsHelpedWithAndCompleted) {
  start();
  log_in();
  cable_->type("snapshot ?");
  EXPECT_TRUE(cable_->sees("base64")) << cable_->seen();
  EXPECT_TRUE(cable_->sees("a terminal program that receives XMODEM"));
  cable_->type("x\t");
  EXPECT_TRUE(cable_->sees("xmodem ")) << cable_->seen();
  expect("\x15snapshot", "goes on with one of base64, xmodem");
}

TEST_F(SnapshotTest, ControlCGivesUpAndNothingOfTheReceiverIsTyped) {
  start();
  log_in();
  ask_for_it();
  expect("\x03", "given up: the picture was not sent");
  ask_for_it();
  cable_->type("\x18\x18\x18\x18\b\b\b\bexit\r");
  EXPECT_TRUE(cable_->sees("the receiver has cancelled")) << cable_->seen();
  expect("show version", "Wayside 0.1.0");
  EXPECT_EQ(camera_.trail.count("logout"), 0U);
}

TEST_F(SnapshotTest, ACommitThatIsTakenBackMeanwhileIsToldAfterwards) {
  camera_.camera.jpeg.resize(3'000, 1);
  start();
  log_in();
  ask_for_it();
  camera_.configuration.taken_back = "Version 2 was not confirmed in time.";
  std::this_thread::sleep_for(1200ms);
  XmodemReceiver receiver;
  receive(receiver, [](std::string burst) { return burst; });
  expect_received(receiver.received);
  EXPECT_TRUE(cable_->sees("3000 bytes were sent"));
  EXPECT_TRUE(cable_->sees("was not confirmed in time"));
}

TEST_F(SnapshotTest, ACablePulledMeanwhileEndsTheSession) {
  camera_.camera.jpeg.resize(30'000, 1);
  start();
  log_in();
  ask_for_it();
  cable_->type("C");
  ASSERT_FALSE(cable_->burst(0ms, 5s).empty());
  stop();
  EXPECT_TRUE(ended_);
  EXPECT_EQ(camera_.trail.events.back().details.at("why"), "the line hung up");
}

TEST_F(SnapshotTest, ASocketIsToldToTakeTheText) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string typed = std::string("alice\n") + password + "\nsnapshot xmodem\nexit\n";
  ASSERT_EQ(::write(ends[0], typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  ::shutdown(ends[0], SHUT_WR);
  const auto terminal = make_line_terminal(ends[1], ends[1]);
  EXPECT_FALSE(run_console(*terminal, camera_.services(), options_));
  ::close(ends[1]);
  std::string seen;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], part, sizeof part)) > 0;)
    seen.append(part, static_cast<std::size_t>(got));
  ::close(ends[0]);
  EXPECT_THAT(seen, HasSubstr("\"snapshot base64\" gives the"));
  EXPECT_TRUE(camera_.camera.snapshots.empty());
  EXPECT_EQ(camera_.trail.count("picture_viewed"), 0U);
}

// What Debian's terminal programs receive with (minicom, screen).
class RealReceiver : public SnapshotTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    for (const char* const name : {"/usr/bin/rx", "/usr/bin/lrx"}) {
      if (program_.empty() && fs::exists(name)) program_ = name;
    }
    if (program_.empty()) GTEST_SKIP() << "no rx here: apt-get install lrzsz";
  }
  ~RealReceiver() override {
    if (receiver_ > 0) {
      ::kill(receiver_, SIGKILL);
      ::waitpid(receiver_, nullptr, 0);
    }
    ::close(laptop_);
  }

  // On a socket: leaving a pseudo terminal, it throws away its own last acknowledgement.
  void start_receiver(const std::string& how) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    receiver_ = ::fork();
    if (receiver_ == 0) {
      if (::chdir(folder_.path().c_str()) != 0) ::_exit(126);
      ::dup2(ends[1], STDIN_FILENO);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(program_.c_str(), program_.c_str(), how.c_str(), "snapshot.jpg", nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    laptop_ = ends[0];
  }
  // The wire between the two, until the receiver is done.
  int join_lines(const Damage& damage) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    bool there = true;
    while (there && std::chrono::steady_clock::now() < end) {
      const std::string sent = damage(cable_->burst(0ms, 5ms));
      static_cast<void>(::send(laptop_, sent.data(), sent.size(), MSG_NOSIGNAL));
      char part[256];
      const ssize_t got = ::recv(laptop_, part, sizeof part, MSG_DONTWAIT);
      if (got > 0) cable_->type({part, static_cast<std::size_t>(got)});
      there = got != 0;
    }
    int status = 0;
    ::kill(receiver_, there ? SIGKILL : 0);
    ::waitpid(std::exchange(receiver_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // Perhaps before the receiver was done.
  bool is_said(std::string_view text) {
    return cable_->seen().find(text) != std::string::npos || cable_->sees(text);
  }
  static std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string program_;
  pid_t receiver_ = 0;
  int laptop_ = -1;
  doubles::TemporaryFolder folder_;
};

TEST_P(RealReceiver, HasThePictureByteForByte) {
  camera_.camera.jpeg.resize(30'000, 0x18);
  start();
  log_in();
  ask_for_it();
  start_receiver(GetParam());
  EXPECT_EQ(join_lines([](std::string bytes) { return bytes; }), 0);
  EXPECT_TRUE(is_said("30000 bytes were sent in "));
  expect_received(text_of(folder_.path() / "snapshot.jpg"));
}

TEST_P(RealReceiver, HasItOverADamagedLineToo) {
  camera_.camera.jpeg.resize(4'000, 0x18);
  start();
  log_in();
  ask_for_it();
  start_receiver(GetParam());
  std::mt19937 random(11);
  int harmed = 0;
  EXPECT_EQ(join_lines([&](std::string bytes) {
              if (bytes.size() < 100 || random() % 8 != 0) return bytes;
              ++harmed;
              bytes[50] = static_cast<char>(bytes[50] ^ 0x10);
              return bytes;
            }),
            0);
  EXPECT_GT(harmed, 0);
  EXPECT_TRUE(is_said("4000 bytes were sent in "));
  expect_received(text_of(folder_.path() / "snapshot.jpg"));
}
INSTANTIATE_TEST_SUITE_P(Checks, RealReceiver, testing::Values("-qc", "-q"),
                         [](const auto& one) { return std::string(one.param) == "-q" ? "Sums" : "Crc"; });

}  // namespace
}  // namespace wayside::console
