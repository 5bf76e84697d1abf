#include "wayside/anpr/track/pass_tracker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/anpr/track/recorded_road.hpp"

namespace wayside::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Towards the camera: down the picture and growing.
const Drive approaching{.vrm = "AB12CDE",
                        .from = 0,
                        .to = 19,
                        .start = {600, 200},
                        .step = {2, 20},
                        .width = 90,
                        .growth = 1.03F};

TEST(PassTracker, OneVehicleWithNoisyReadsWinsByVote) {
  RecordedRoad road;
  road.drive(approaching, [](int frame) {
    return frame % 4 == 1 ? "AB12CDF" : frame % 7 == 3 ? "A812CDE" : frame == 10 ? "B12CDE" : "AB12CDE";
  });
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  const VehiclePass& pass = passes[0];
  EXPECT_EQ(pass.number, PassNumber(1));
  EXPECT_EQ(pass.vrm, "AB12CDE");
  EXPECT_EQ(pass.format, "current");
  EXPECT_EQ(pass.lines, 1);
  EXPECT_GE(pass.confidence, 0.9F);
  EXPECT_EQ(pass.character_confidences.size(), 7U);
  EXPECT_EQ(pass.reads_used, 20U);
  EXPECT_EQ(pass.reads_rejected, 0U);
  EXPECT_EQ(pass.first_frame.number, FrameNumber(0));
  EXPECT_EQ(pass.last_frame.number, FrameNumber(19));
  EXPECT_EQ(pass.frame_width, frame_width);
  EXPECT_EQ(pass.frame_height, frame_height);
}

TEST(PassTracker, TwoVehiclesBumperToBumperStayTwo) {
  // The follower runs through the very places the leader has just left, three plate widths behind.
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 20, .start = {600, 350}, .step = {0, 15}, .width = 100});
  road.drive({.vrm = "FG61HJK", .from = 0, .to = 40, .start = {600, 50}, .step = {0, 15}, .width = 100});
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE", "FG61HJK"));
}

TEST(PassTracker, OvertakingInParallelLanesDoesNotMix) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 30, .start = {400, 200}, .step = {0, 8}, .width = 100});
  road.drive({.vrm = "FG61HJK", .from = 5, .to = 25, .start = {560, 60}, .step = {0, 28}, .width = 100});
  const auto passes = road.play();
  EXPECT_THAT(vrms_of(passes), UnorderedElementsAre("AB12CDE", "FG61HJK"));
  for (const VehiclePass& pass : passes)
    EXPECT_GT(pass.confidence, 0.95F);
}

TEST(PassTracker, CrossingDirectionsDoNotMix) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 25, .start = {200, 300}, .step = {25, 3}, .width = 100});
  road.drive({.vrm = "FG61HJK", .from = 0, .to = 25, .start = {900, 340}, .step = {-25, -3}, .width = 100});
  const auto passes = road.play();
  EXPECT_THAT(vrms_of(passes), ElementsAre("AB12CDE", "FG61HJK"));
  for (const VehiclePass& pass : passes)
    EXPECT_EQ(pass.reads_used + pass.reads_rejected, 26U);
}

TEST(PassTracker, ShortOcclusionDoesNotBreakAPass) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 30, .start = {600, 60}, .step = {0, 20}, .width = 100},
             [](int frame) { return frame >= 10 && frame < 18 ? "" : "AB12CDE"; });  // 0.32 s
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  EXPECT_EQ(passes[0].reads_used, 23U);
}

TEST(PassTracker, AVehicleStoppedForFiveMinutesIsOnePass) {
  RecordedRoad road;
  const int stop_frames = static_cast<int>(300 * frames_per_s);
  road.drive({.vrm = "AB12CDE",
              .from = 0,
              .to = 9,
              .start = {600, 200},
              .step = {0, 20},
              .width = 90,
              .growth = 1.02F});
  road.drive({.vrm = "AB12CDE", .from = 10, .to = stop_frames, .start = {600, 400}, .width = 110});
  road.drive({.vrm = "AB12CDE",
              .from = stop_frames + 1,
              .to = stop_frames + 12,
              .start = {600, 410},
              .step = {0, 20},
              .width = 112,
              .growth = 1.02F});
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  EXPECT_EQ(passes[0].direction, Direction::towards);
  EXPECT_EQ(passes[0].last_frame.number.value(), static_cast<std::uint64_t>(stop_frames + 12));
}

TEST(PassTracker, AParkedVehicleThatTrafficHidesIsReportedOnce) {
  RecordedRoad road;
  // Parked for two minutes; every 20 s another vehicle hides it for a second.
  road.drive({.vrm = "PK09PRK", .from = 0, .to = 2974, .start = {300, 400}, .width = 110},
             [](int frame) { return frame % 500 >= 475 ? "" : "PK09PRK"; });
  const std::vector<std::string> others{"AB12CDE", "FG61HJK", "LM05NOP", "QR18STU", "VW70XYZ"};
  for (std::size_t i = 0; i < others.size(); ++i) {
    const int from = static_cast<int>(500 * i) + 470;
    road.drive({.vrm = others[i],
                .from = from,
                .to = from + 20,
                .start = {300, 80},
                .step = {0, 25},
                .width = 100,
                .growth = 1.02F});
  }
  const auto tracker = make_pass_tracker({});
  const auto passes = road.play(*tracker);
  EXPECT_EQ(passes.size(), others.size() + 1);
  EXPECT_EQ(
      std::count_if(passes.begin(), passes.end(), [](const VehiclePass& p) { return p.vrm == "PK09PRK"; }),
      1);
  EXPECT_EQ(tracker->counts().repeats_suppressed, 5U);
}

TEST(PassTracker, ASingleStrongReadIsAPassAndASingleWeakOneIsNot) {
  for (const auto& [confidence, passes] : {std::pair{0.95F, 1U}, std::pair{0.85F, 0U}}) {
    RecordedRoad road;
    road.read(3, plate_read("AB12CDE", confidence, {600, 300}, 100));
    const auto tracker = make_pass_tracker({});
    EXPECT_EQ(road.play(*tracker).size(), passes);
    EXPECT_EQ(tracker->counts().passes, passes);
    EXPECT_EQ(tracker->counts().too_unsure, 1 - passes);
  }
}

TEST(PassTracker, PassesCloseOnTimeAndNotBefore) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 10, .start = {600, 100}, .step = {0, 20}});
  const auto tracker = make_pass_tracker({});
  for (int frame = 0; frame <= 22; ++frame)
    EXPECT_THAT(tracker->update(road.frame(frame)), IsEmpty()) << frame;
  EXPECT_EQ(tracker->update(road.frame(23)).size(), 1U);  // 0.52 s after frame 10
}

TEST(PassTracker, FinishClosesWhatIsOpen) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 10, .start = {600, 100}, .step = {0, 20}});
  const auto tracker = make_pass_tracker({});
  for (int frame = 0; frame <= 10; ++frame)
    EXPECT_THAT(tracker->update(road.frame(frame)), IsEmpty());
  EXPECT_EQ(tracker->finish().size(), 1U);
  EXPECT_THAT(tracker->finish(), IsEmpty());
}

}  // namespace
}  // namespace wayside::testing
