// One vehicle, one pass: broken tracks, parked and waiting vehicles, and neighbours that only look alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/anpr/track/recorded_road.hpp"

namespace wayside::testing {
namespace {

using ::testing::ElementsAre;

constexpr int second = static_cast<int>(frames_per_s);

TEST(Repeats, ATrackThatBreaksIsReportedOnce) {
  RecordedRoad road;  // hidden for 0.8 s, longer than a pass stays open
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 50, .start = {600, 50}, .step = {0, 10}},
             [](int frame) { return frame >= 15 && frame < 35 ? "" : "AB12CDE"; });
  const auto tracker = make_pass_tracker({});
  EXPECT_THAT(vrms_of(road.play(*tracker)), ElementsAre("AB12CDE"));
  EXPECT_EQ(tracker->counts().repeats_suppressed, 1U);
}

TEST(Repeats, AMisreadLeftoverOfABrokenTrackIsNotASecondVehicle) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE",
              .from = 0,
              .to = 45,
              .start = {600, 50},
              .step = {0, 10},
              .width = 110,
              .growth = 1,
              .confidence = 0.8F},
             [](int frame) { return frame < 20   ? "AB12CDE"
                                    : frame < 40 ? ""
                                                 : "A812CDE"; });
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE"));
}

TEST(Repeats, ASecondVehicleWithNearlyTheSameVrmIsReported) {
  // Two new vehicles of one fleet, one close behind the other, both read well.
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 20, .start = {600, 300}, .step = {0, 15}, .width = 100});
  road.drive({.vrm = "AB12CDF", .from = 4, .to = 40, .start = {600, 50}, .step = {0, 15}, .width = 100});
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE", "AB12CDF"));
}

TEST(Repeats, AVehicleThatComesBackElsewhereIsANewPass) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 15, .start = {300, 100}, .step = {0, 20}});
  road.drive(
      {.vrm = "AB12CDE", .from = 10 * second, .to = 10 * second + 15, .start = {900, 500}, .step = {0, -20}});
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE", "AB12CDE"));
}

TEST(Repeats, AParkedVehicleSeenNowAndThenIsReportedOnceUntilItWasGoneForLong) {
  RecordedRoad road;
  const auto show = [&](int from) {
    road.drive({.vrm = "AB12CDE", .from = from, .to = from + 5, .start = {300, 400}});
  };
  for (int i = 0; i < 6; ++i)
    show(i * 25 * second);  // gaps shorter than suppress_repeat_s, together far longer
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE"));
  show((5 * 25 + 35) * second);
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE", "AB12CDE"));
}

TEST(Repeats, AVehicleThatNeverLeavesIsReportedAfterTheLongestPassAndNotAgain) {
  TrackerOptions options;
  options.longest_pass_s = 60;
  RecordedRoad road;
  const int parked = 200 * second;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = parked, .start = {300, 400}});
  road.drive({.vrm = "AB12CDE", .from = parked + 1, .to = parked + 12, .start = {300, 410}, .step = {0, 20}});
  const auto tracker = make_pass_tracker(options);
  for (int frame = 0; frame < 60 * second; ++frame)
    ASSERT_TRUE(tracker->update(road.frame(frame)).empty()) << frame;
  EXPECT_EQ(tracker->update(road.frame(60 * second)).size(), 1U);
  for (int frame = 60 * second + 1; frame <= parked + 100; ++frame) {
    ASSERT_TRUE(tracker->update(road.frame(frame)).empty()) << frame;
  }
  EXPECT_TRUE(tracker->finish().empty());
  EXPECT_EQ(tracker->counts().passes, 1U);
  EXPECT_EQ(tracker->counts().open_tracks, 0U);
}

TEST(Repeats, AVehicleThatIsWaitedForIsReportedWhenItsVoteIsSettledAndNotAgain) {
  constexpr int frames_in_view = 40;
  const auto reported_at = [&](const std::string& waited_for) {
    RecordedRoad road;
    road.drive({.vrm = "AB12CDE",
                .from = 0,
                .to = frames_in_view - 1,
                .start = {600, 60},
                .step = {0, 12},
                .width = 100});
    TrackerOptions options;
    if (!waited_for.empty())
      options.is_waited_for = [&](const std::string& vrm) { return vrm == waited_for; };
    const auto passes = road.play(*make_pass_tracker(options));
    EXPECT_THAT(vrms_of(passes), ElementsAre("AB12CDE"));
    return static_cast<int>(passes.front().last_frame.number.value());
  };
  EXPECT_LT(reported_at("AB12CDE"), 10);  // a few agreeing looks
  EXPECT_EQ(reported_at("FG61HJK"), frames_in_view - 1);
  EXPECT_EQ(reported_at(""), frames_in_view - 1);
}

TEST(Repeats, ASignThatCannotBeReadSurelyIsCountedOnceNotEverySecond) {
  TrackerOptions options;
  options.longest_pass_s = 10;
  RecordedRoad road;
  road.drive({.vrm = "ST0P",
              .from = 0,
              .to = 60 * second,
              .start = {300, 400},
              .width = 110,
              .growth = 1,
              .confidence = 0.4F});
  const auto tracker = make_pass_tracker(options);
  EXPECT_TRUE(road.play(*tracker).empty());
  EXPECT_EQ(tracker->counts().too_unsure, 1U);
}

TEST(Repeats, QueueingVehiclesThatStopAtTheSameLineAreAllReported) {
  RecordedRoad road;
  const std::vector<std::string> queue{"AB12CDE", "FG61HJK", "LM05NOP", "QR18STU"};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const int from = static_cast<int>(i) * 8 * second;
    road.drive({.vrm = queue[i], .from = from, .to = from + 14, .start = {600, 190}, .step = {0, 15}});
    road.drive({.vrm = queue[i], .from = from + 15, .to = from + 6 * second, .start = {600, 400}});
    road.drive({.vrm = queue[i],
                .from = from + 6 * second + 1,
                .to = from + 6 * second + 12,
                .start = {600, 415},
                .step = {0, 20}});
  }
  EXPECT_EQ(vrms_of(road.play()), queue);
}

}  // namespace
}  // namespace wayside::testing
