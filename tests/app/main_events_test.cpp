#include "src/app/main_events.hpp"

#include <csignal>
#include <thread>

#include <gtest/gtest.h>

namespace wayside::app {
namespace {

using namespace std::chrono_literals;

TEST(MainEvents, ASignalTakenByAnyThreadIsSeenByTheMainOne) {
  MainEvents events;
  std::jthread other([] { ::raise(SIGTERM); });  // to that thread, as the kernel may choose
  other.join();
  events.wait(10s);
  EXPECT_TRUE(events.told_to_end());
  EXPECT_FALSE(events.finished());
}

// As when a daemon is stopped while it tries to begin, and fails.
TEST(MainEvents, ASignalThatNobodyWaitedForIsNotLost) {
  {
    const MainEvents events;
    ::raise(SIGTERM);
  }
  EXPECT_TRUE(MainEvents().told_to_end());
  EXPECT_FALSE(MainEvents().told_to_end()) << "and is told once";
}

TEST(MainEvents, TheEndOfTheFlowEndsTheWait) {
  MainEvents events;
  std::jthread flow([&] { events.flow_finished(); });
  events.wait(10s);
  EXPECT_TRUE(events.finished());
  EXPECT_FALSE(events.told_to_end());
}

TEST(MainEvents, WhoeverWantsSomethingEndsTheWaitOnce) {
  MainEvents events;
  std::jthread other([&] { events.wake(); });
  const auto begin = std::chrono::steady_clock::now();
  events.wait(10s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_FALSE(events.finished() || events.told_to_end());
  events.wait(1ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1ms);
}

TEST(MainEvents, WithoutEitherTheLimitEndsTheWait) {
  MainEvents events;
  events.wait(1ms);
  EXPECT_FALSE(events.finished() || events.told_to_end());
}

}  // namespace
}  // namespace wayside::app
