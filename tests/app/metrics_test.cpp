#include "src/app/metrics.hpp"

#include <array>
#include <chrono>
#include <ctime>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text() {
  CounterSet counters;
  counters.counter("frames_dropped", "Frames that came too fast").add(7);
  Health health;
  static_cast<void>(health.ill("camera", "a sentence that stays here"));
  QueueDepth depth;
  depth.unacknowledged = 12;
  depth.segments = 64;
  depth.segments_free = 60;
  TimeQuality time;
  time.source = TimeSource::ntp;
  time.max_error_ms = 27;
  const std::vector<LabelledGauge> board = {{"temperature_celsius", "Of sensors", "sensor", "cpu", 51.5},
                                            {"temperature_celsius", "Of sensors", "sensor", "lm75 temp1", -4},
                                            {"voltage_low", "1 where it is", "", "", 0}};
  return metrics_text(counters, health, depth, {}, time, 1000, board);
}

TEST(Metrics, AreInPrometheusTextForm) {
  const std::string said = text();
  EXPECT_THAT(said, HasSubstr("# HELP wayside_frames_dropped_total Frames that came too fast\n"
                              "# TYPE wayside_frames_dropped_total counter\n"
                              "wayside_frames_dropped_total 7"));
  EXPECT_THAT(said, HasSubstr("wayside_problem{part=\"camera\"} 1"));
  EXPECT_THAT(said, HasSubstr("wayside_healthy 0"));
  EXPECT_THAT(said, HasSubstr("wayside_queue_records_waiting 12"));
  EXPECT_THAT(said, HasSubstr("wayside_clock_synchronised 1"));
  EXPECT_THAT(said, HasSubstr("wayside_clock_max_error_seconds 0.027"));
  EXPECT_THAT(said, HasSubstr("# TYPE wayside_temperature_celsius gauge\n"
                              "wayside_temperature_celsius{sensor=\"cpu\"} 51.5\n"
                              "wayside_temperature_celsius{sensor=\"lm75 temp1\"} -4\n"));
  EXPECT_THAT(said, HasSubstr("wayside_voltage_low 0\n"));
  EXPECT_THAT(said, Not(HasSubstr("a sentence"))) << "sentences are not labels";
}

class MetricsSocketTest : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "metrics"; }
  // Everything that comes after `request`, until it is hung up.
  std::string asked(const std::string& request, bool says_no_more = false) {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    if (says_no_more) ::shutdown(client, SHUT_WR);
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::recv(client, part.data(), part.size(), 0)) > 0;)
      all.append(part.data(), static_cast<std::size_t>(got));
    ::close(client);
    return all;
  }
  doubles::TemporaryFolder folder_;
};

TEST_F(MetricsSocketTest, AnswersARequestAndSilenceAlike) {
  const auto socket = MetricsSocket::open(path(), text);
  ASSERT_TRUE(socket) << socket.error().message;
  for (int i = 0; i < 2; ++i) {
    const std::string answer = asked("GET /metrics HTTP/1.1\r\nHost: camera\r\n\r\n");
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.0 200 OK\r\n"));
    EXPECT_THAT(answer, testing::EndsWith(text()));
  }
  EXPECT_THAT(asked("", true), testing::EndsWith(text()));
  EXPECT_THAT(asked(std::string(4096, 'x')), testing::EndsWith(text()))
      << "a request is not read without end";
}

// The next one is answered all the same.
TEST_F(MetricsSocketTest, WhoSaysNothingIsHungUpOn) {
  const auto socket = MetricsSocket::open(path(), text);
  ASSERT_TRUE(socket);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(asked("GET /met"), HasSubstr("wayside_healthy"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

// One who waits and cannot be let in keeps the socket readable.
TEST_F(MetricsSocketTest, WithoutADescriptorLeftItRestsInsteadOfSpinning) {
  const auto socket = MetricsSocket::open(path(), text);
  ASSERT_TRUE(socket);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int lowest_free = ::dup(client);
  ::close(lowest_free);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const std::clock_t begin = std::clock();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double busy_s = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LT(busy_s, 0.3);
  ::shutdown(client, SHUT_WR);
  std::array<char, 64> said{};
  EXPECT_GT(::recv(client, said.data(), said.size(), 0), 0) << "answered once there is a descriptor again";
  ::close(client);
}

TEST_F(MetricsSocketTest, ASecondDoesNotTakeALiveSocket) {
  const auto socket = MetricsSocket::open(path(), text);
  ASSERT_TRUE(socket);
  const auto second = MetricsSocket::open(path(), text);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another process listens"));
  EXPECT_THAT(asked("", true), HasSubstr("wayside_healthy"));
}

TEST_F(MetricsSocketTest, WhoTricklesIsHungUpOnAndHoldsNobodyUp) {
  auto socket = MetricsSocket::open(path(), text);
  ASSERT_TRUE(socket);
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  std::jthread trickle([client](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      ::send(client, "x", 1, MSG_NOSIGNAL);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto begin = std::chrono::steady_clock::now();
  socket->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  trickle = {};
  ::close(client);
}

TEST_F(MetricsSocketTest, IsForOwnerAndGroupAndGoesAtTheEnd) {
  {
    const auto socket = MetricsSocket::open(path(), text);
    ASSERT_TRUE(socket);
    EXPECT_EQ(std::filesystem::status(path()).permissions(), std::filesystem::perms(0660));
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(MetricsSocketTest, ASocketLeftBehindIsTakenOverAndAnythingElseIsNot) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(left);
  EXPECT_TRUE(MetricsSocket::open(path(), text));
  std::ofstream(path()) << "mine";
  const auto refused = MetricsSocket::open(path(), text);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is no socket"));
  EXPECT_FALSE(MetricsSocket::open(folder_.path() / "not/there", text));
  EXPECT_FALSE(MetricsSocket::open(folder_.path() / std::string(200, 'x'), text));
}

}  // namespace
}  // namespace wayside::app
