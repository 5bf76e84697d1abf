#include "src/app/blind_ladder.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using namespace std::chrono_literals;

class BlindLadderTest : public testing::Test {
 protected:
  static MonotonicTime at(std::chrono::seconds time) { return MonotonicTime{} + time; }
  BlindLadder restarted() { return {memory_, 600s, health_}; }
  // Seconds until something is due, looked at every ten.
  static std::pair<BlindHelp, std::chrono::seconds> until_due(BlindLadder& ladder,
                                                              const BlindLadder::Sight& sight) {
    for (auto time = 0s; time <= 3 * 24h; time += 10s) {
      if (const BlindHelp help = ladder.look(at(time), sight); help != BlindHelp::none) return {help, time};
    }
    return {BlindHelp::none, 0s};
  }
  doubles::TemporaryFolder folder_;
  std::filesystem::path memory_ = folder_.path() / "camera-restarts";
  Health health_;
};

TEST_F(BlindLadderTest, FirstTheDaemonThenTheMachineAfterWaitsThatDoubleUpToADay) {
  std::chrono::seconds wait = 600s;
  for (int i = 0; i < 12; ++i) {
    BlindLadder ladder = restarted();
    const auto [help, time] = until_due(ladder, {});
    EXPECT_EQ(help, i == 0 ? BlindHelp::restart_daemon : BlindHelp::restart_machine) << i;
    EXPECT_EQ(time, wait) << i;
    wait = std::min<std::chrono::seconds>(2 * wait, 24h);
  }
  EXPECT_EQ(wait, 24h);
}

TEST_F(BlindLadderTest, FrameEndsItAndIsRemembered) {
  {
    BlindLadder ladder = restarted();
    ASSERT_EQ(until_due(ladder, {}).first, BlindHelp::restart_daemon);
  }
  BlindLadder ladder = restarted();
  EXPECT_EQ(ladder.look(at(0s), {1}), BlindHelp::none);
  EXPECT_FALSE(std::filesystem::exists(memory_));
  EXPECT_EQ(ladder.look(at(599s), {1}), BlindHelp::none);
  EXPECT_EQ(ladder.look(at(600s), {1}), BlindHelp::restart_daemon);
}

TEST_F(BlindLadderTest, FramesThatMayNotBeTakenAreNotMissed) {
  BlindLadder ladder = restarted();
  EXPECT_EQ(until_due(ladder, {.expected = false}).first, BlindHelp::none);
  EXPECT_EQ(ladder.look(at(4 * 24h), {}), BlindHelp::restart_daemon);
}

TEST_F(BlindLadderTest, WithoutAWatchdogOnlyTheDaemonIsRestarted) {
  for (int i = 0; i < 3; ++i) {
    BlindLadder ladder = restarted();
    EXPECT_EQ(until_due(ladder, {.machine_has_watchdog = false}).first, BlindHelp::restart_daemon);
  }
}

TEST_F(BlindLadderTest, NothingIsRestartedWhereItCannotBeRemembered) {
  BlindLadder ladder(folder_.path() / "missing" / "camera-restarts", 600s, health_);
  EXPECT_EQ(until_due(ladder, {}).first, BlindHelp::none);
  ASSERT_EQ(health_.problems().count("camera_restarts"), 1U);
  std::filesystem::create_directory(folder_.path() / "missing");
  EXPECT_EQ(ladder.look(at(10 * 24h), {}), BlindHelp::restart_daemon);
  EXPECT_TRUE(health_.problems().empty());
}

TEST_F(BlindLadderTest, FileThatSaysNothingCountsAsNone) {
  for (const std::string_view text : {"", "x", "-1", "99999999999999999999"}) {
    std::ofstream(memory_) << text;
    EXPECT_EQ(restarted().wait(), 600s) << text;
  }
  std::ofstream(memory_) << "3000000";
  EXPECT_EQ(restarted().wait(), 24h);
}

TEST_F(BlindLadderTest, LimitOfZeroTurnsItOff) {
  BlindLadder ladder(memory_, 0s, health_);
  EXPECT_EQ(until_due(ladder, {}).first, BlindHelp::none);
}

}  // namespace
}  // namespace wayside::app
