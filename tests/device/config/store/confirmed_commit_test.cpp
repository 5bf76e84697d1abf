// A commit that takes itself back.
#include "tests/device/config/store/store_fixture.hpp"

namespace wayside::testing_store {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ConfirmedCommit : public StoreTest {
 protected:
  // Version 1 "old" runs, and version 2 "new" until it is confirmed within five minutes.
  ConfigurationStore waiting_store() {
    ConfigurationStore store = editing();
    set_the_least(store, "old");
    commit(store);
    EXPECT_EQ(commit_name(store, "new", 5min), 2U);
    return store;
  }
};

TEST_F(ConfirmedCommit, RunsAtOnceAndIsTakenBackByItselfWhenItsTimeHasRunOut) {
  ConfigurationStore store = waiting_store();
  EXPECT_EQ(running_name(store), "\"new\"");
  ConfigurationStore daemon = open();
  clock_.wait_s(299);
  EXPECT_EQ(*daemon.tick(), std::nullopt);
  const auto waiting = *daemon.waiting();
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->version, 2U);
  EXPECT_EQ(waiting->goes_back_to, 1U);
  EXPECT_EQ(waiting->left, 1000ms);
  clock_.wait_s(1);
  const auto reversion = *daemon.tick();
  ASSERT_TRUE(reversion);
  EXPECT_EQ(reversion->from, 2U);
  EXPECT_EQ(reversion->to, 1U);
  ASSERT_THAT(reversion->changes, SizeIs(1));
  EXPECT_EQ(reversion->changes[0].after, "\"old\"");
  EXPECT_EQ(running_name(store), "\"old\"") << "the console that committed sees it too";
  EXPECT_EQ(*store.tick(), std::nullopt) << "once";
  ASSERT_TRUE(store.rollback(1));
  EXPECT_EQ(candidate_name(store), "\"new\"") << "what was taken back is kept, to be mended";
  EXPECT_EQ(commit(store), 3U);
}

TEST_F(ConfirmedCommit, WallTimeThatIsSetDoesNotChangeWhenItIsTakenBack) {
  ConfigurationStore store = waiting_store();
  clock_.step_to("2030-01-01T00:00:00Z");
  EXPECT_EQ(*store.tick(), std::nullopt);
  clock_.step_to("2001-01-01T00:00:00Z");
  clock_.monotonic = clock_.monotonic + 301s;
  EXPECT_TRUE(*store.tick());
}

TEST_F(ConfirmedCommit, IsKeptWhereItIsConfirmedInTime) {
  ConfigurationStore store = waiting_store();
  clock_.wait_s(200);
  EXPECT_EQ(*store.confirm(), 2U);
  clock_.wait_s(1000);
  EXPECT_EQ(*store.tick(), std::nullopt);
  EXPECT_EQ(running_name(open(second_boot)), "\"new\"");
  EXPECT_FALSE(store.confirm());
}

TEST_F(ConfirmedCommit, IsTakenBackWhereTheMachineStartsBeforeItIsConfirmed) {
  { ConfigurationStore store = waiting_store(); }
  EXPECT_EQ(running_name(open(second_boot)), "\"old\"");
}

TEST_F(ConfirmedCommit, WhoeverTookItBackHearsOfItOnceWhereverThatWas) {
  const auto expect_told_once = [](ConfigurationStore& store, std::uint32_t from) {
    const auto reversion = store.tick().value();
    ASSERT_TRUE(reversion);
    EXPECT_EQ(reversion->from, from);
    EXPECT_EQ(reversion->to, 1U);
    EXPECT_EQ(store.tick().value(), std::nullopt);
  };
  ConfigurationStore console = waiting_store();
  {
    ConfigurationStore next_start = open(second_boot);
    expect_told_once(next_start, 2);
  }
  EXPECT_EQ(console.tick().value(), std::nullopt) << "it was the other one";
  commit_name(console, "newer", 5min);
  clock_.wait_s(300);
  EXPECT_FALSE(console.confirm());
  expect_told_once(console, 3);
  commit_name(console, "newest", 5min);
  clock_.wait_s(300);
  set(console, {"site.name", "more"});
  EXPECT_FALSE(console.commit(by_alice()));
  expect_told_once(console, 4);
}

TEST_F(ConfirmedCommit, IsNotTakenBackByAProcessThatIsStartedAnew) {
  { ConfigurationStore store = waiting_store(); }
  EXPECT_EQ(running_name(open()), "\"new\"");
}

TEST_F(ConfirmedCommit, TheFirstOfAFreshCameraGoesBackToNone) {
  ConfigurationStore store = editing();
  set_the_least(store);
  commit(store, 1min);
  clock_.wait_s(60);
  ASSERT_TRUE(*store.tick());
  EXPECT_EQ(*store.running_version(), 0U);
  EXPECT_FALSE(store.running());
}

// Going one back must not take up what cut the camera off.
TEST_F(ConfirmedCommit, WhatWasTakenBackIsMarkedAndComesLastForRollback) {
  ConfigurationStore store = editing();
  set_the_least(store, "one");
  commit(store);
  commit_name(store, "bad", 60s);
  clock_.wait_s(61);
  ASSERT_TRUE(store.tick());
  commit_name(store, "three");
  const auto versions = store.versions();
  ASSERT_TRUE(versions);
  ASSERT_EQ(versions->size(), 3U);
  EXPECT_EQ((*versions)[0].number, 3U);
  EXPECT_EQ((*versions)[1].number, 1U);
  EXPECT_EQ((*versions)[2].number, 2U);
  EXPECT_TRUE((*versions)[2].taken_back);
  EXPECT_FALSE((*versions)[1].taken_back);
  ASSERT_TRUE(store.rollback(1));
  commit(store);
  EXPECT_EQ(running_name(store), "\"one\"");
}

TEST_F(ConfirmedCommit, APlainCommitConfirmsIt) {
  ConfigurationStore store = waiting_store();
  const auto alone = store.commit(by_alice());
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(alone->version, 2U);
  EXPECT_EQ(alone->confirmed, 2U);
  EXPECT_THAT(alone->changes, IsEmpty());
  EXPECT_EQ(*store.waiting(), std::nullopt);
}

TEST_F(ConfirmedCommit, AnotherOneGoesBackToWhatWasConfirmedLast) {
  ConfigurationStore store = waiting_store();
  EXPECT_EQ(commit_name(store, "newer", 10min), 3U);
  clock_.wait_s(599);
  EXPECT_EQ(running_name(store), "\"newer\"");
  EXPECT_EQ(*store.tick(), std::nullopt);
  clock_.wait_s(1);
  EXPECT_EQ((*store.tick())->to, 1U);
  EXPECT_EQ(running_name(store), "\"old\"");
}

// Its timer fires while somebody types "commit".
TEST_F(ConfirmedCommit, ACommitAfterItsTimeIsRefusedForItWasComparedWithWhatNoLongerRuns) {
  ConfigurationStore store = waiting_store();
  set(store, {"site", "name", "newest"});
  clock_.wait_s(300);
  const auto late = store.commit(by_alice());
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::refused);
  EXPECT_THAT(late.error().message,
              HasSubstr("version 2 has run out: it was taken back, and version 1 runs"));
  EXPECT_EQ(running_name(store), "\"old\"");
  EXPECT_EQ(candidate_name(store), "\"newest\"");
  const auto made_from = store.commit(by_alice());
  ASSERT_FALSE(made_from);
  EXPECT_THAT(made_from.error().message, HasSubstr("made from version 2, and version 1 runs now"));
  EXPECT_EQ(commit(store), 3U);
  EXPECT_EQ(running_name(store), "\"newest\"");
}

TEST_F(ConfirmedCommit, ConfirmingTooLateSaysThatItWasTakenBack) {
  ConfigurationStore store = waiting_store();
  clock_.wait_s(300);
  const auto late = store.confirm();
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("it was taken back, and version 1 runs"));
  EXPECT_EQ(running_name(store), "\"old\"");
}

}  // namespace
}  // namespace wayside::testing_store
