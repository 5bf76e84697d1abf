#include "wayside/anpr/track/pass_tracker.hpp"

#include <limits>

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

// As many reads of one text and form as told, on a vehicle that moves.
std::vector<std::string> reported_after(int reads, const std::string& vrm, const std::string& form) {
  RecordedRoad road;
  for (int frame = 0; frame < reads; ++frame) {
    EvidencedRead read = plate_read(vrm, 0.95F, {600, 200 + 40.0F * static_cast<float>(frame)}, 120, frame);
    read.read.format = form;
    road.read(frame, std::move(read));
  }
  return vrms_of(road.play());
}

TEST(PassTracker, AFormThatLetteringFitsNeedsAReadMoreHoweverSure) {
  for (const char* form : {"unknown", "trade", "dateless", "ni"}) {
    EXPECT_THAT(reported_after(1, "60828", form), IsEmpty()) << form;
    EXPECT_THAT(reported_after(2, "60828", form), IsEmpty()) << form;
    EXPECT_THAT(reported_after(3, "60828", form), ElementsAre("60828")) << form;
  }
  EXPECT_THAT(reported_after(1, "AB12CDE", "current"), ElementsAre("AB12CDE"));
  EXPECT_THAT(reported_after(2, "A123BCD", "prefix"), ElementsAre("A123BCD"));
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

TEST(PassTracker, AnotherVehicleWhereTheHiddenOneIsExpectedIsTakenForItself) {
  // The second plate comes out just where the first, now hidden behind it, would have been: only the text
  // tells.
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 12, .start = {600, 100}, .step = {0, 15}});
  road.drive({.vrm = "FG61HJK", .from = 13, .to = 25, .start = {600, 295}, .step = {0, 15}});
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE", "FG61HJK"));
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

TEST(PassTracker, LostFramesDoNotBreakAPass) {
  // Two frames in three are missing altogether, and once 0.8 s of them: nobody saw the vehicle not being
  // there.
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 60, .start = {600, 60}, .step = {0, 8}, .confidence = 0.8F});
  const auto tracker = make_pass_tracker({});
  std::size_t passes = 0;
  for (int frame = 0; frame <= 100; ++frame) {
    if (frame % 3 != 0 || (frame > 12 && frame < 33)) continue;
    passes += tracker->update(road.frame(frame)).size();
  }
  EXPECT_EQ(passes, 1U);
  EXPECT_EQ(tracker->counts().repeats_suppressed, 0U);
}

TEST(PassTracker, GhostsThatFlickerAreNotReported) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 30, .start = {600, 60}, .step = {0, 15}});
  const std::vector<std::string> ghosts{"11I1", "L0L", "8B8", "H11H", "A1", "IIII1"};
  for (std::size_t i = 0; i < ghosts.size(); ++i) {
    const int frame = 2 + 5 * static_cast<int>(i);
    road.read(frame, plate_read(ghosts[i], 0.8F, {900, 300}, 80));
    road.read(frame + 1, plate_read(ghosts[ghosts.size() - 1 - i], 0.6F, {905, 302}, 90));
  }
  EXPECT_THAT(vrms_of(road.play()), ElementsAre("AB12CDE"));
}

TEST(PassTracker, ReadsThatCannotBeUsedAreCountedAndLeftOut) {
  constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 5, .start = {600, 100}, .step = {0, 20}});
  road.read(2, plate_read("", 0.9F, {600, 140}, 100));
  road.read(2, plate_read("AB12CDE", nan_value, {600, 140}, 100));
  road.read(2, plate_read("AB12CDE", 0.9F, {600, nan_value}, 100));
  road.read(2, plate_read("AB12CDE", 0.9F, {600, 140}, 0));
  const auto tracker = make_pass_tracker({});
  const auto passes = road.play(*tracker);
  ASSERT_EQ(passes.size(), 1U);
  EXPECT_EQ(passes[0].reads_used, 6U);
  EXPECT_EQ(tracker->counts().reads_unusable, 4U);
}

TEST(PassTracker, PassesThatCloseTogetherComeInTheOrderOfFirstSight) {
  RecordedRoad road;
  road.drive({.vrm = "ZZ12CDE", .from = 0, .to = 20, .start = {300, 100}, .step = {0, 20}});
  road.drive({.vrm = "MM12CDE", .from = 3, .to = 20, .start = {600, 100}, .step = {0, 20}});
  road.drive({.vrm = "AA12CDE", .from = 6, .to = 20, .start = {900, 100}, .step = {0, 20}});
  const auto passes = road.play();
  EXPECT_THAT(vrms_of(passes), ElementsAre("ZZ12CDE", "MM12CDE", "AA12CDE"));
  EXPECT_EQ(passes.back().number, PassNumber(3));
}

TEST(PassTracker, AVehicleAtAHundredMilesAnHourIsOnePass) {
  // Four reads, each three plate widths on: no drift is known at the second.
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE",
              .from = 0,
              .to = 3,
              .start = {600, 60},
              .step = {20, 200},
              .width = 75,
              .growth = 1.25F,
              .confidence = 0.8F});
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  EXPECT_EQ(passes[0].reads_used, 4U);
  EXPECT_EQ(passes[0].direction, Direction::towards);
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
