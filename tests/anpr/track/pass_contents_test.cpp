// What a reported pass says about the vehicle: pictures, direction, lane, counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/anpr/track/recorded_road.hpp"

namespace wayside::testing {
namespace {

TEST(PassContents, PicturesComeFromTheBestFrameThatAgreesWithTheWinner) {
  // The misread is the surest and the largest of all; it must not illustrate the right text.
  RecordedRoad road;
  for (int frame = 0; frame < 8; ++frame) {
    const float width = 100 + static_cast<float>(frame);
    road.read(frame, plate_read("AB12CDE", frame == 5 ? 0.95F : 0.7F,
                                {600, 200.0F + 30 * static_cast<float>(frame)}, width, frame));
  }
  road.read(8, plate_read("AB12CDF", 0.97F, {600, 440}, 130, 8));
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  const VehiclePass& pass = passes[0];
  EXPECT_EQ(pass.vrm, "AB12CDE");
  EXPECT_EQ(pass.best_frame.number, FrameNumber(5));
  EXPECT_EQ(mark_of(pass), 5);
  EXPECT_NE(pass.evidence.overview_bgr, nullptr);
  EXPECT_FLOAT_EQ(width_px(pass.quad), 105);
  EXPECT_FLOAT_EQ(centre(pass.quad).y, 350);
}

TEST(PassContents, FormatAndLinesAreThoseOfTheWinner) {
  RecordedRoad road;
  for (int frame = 0; frame < 5; ++frame) {
    EvidencedRead read = plate_read(frame == 1 ? "A812CDE" : "AB12CDE", 0.8F,
                                    {600, 200.0F + 30 * static_cast<float>(frame)}, 100);
    read.read.format = frame == 1 ? "prefix" : "current";
    read.read.lines = frame == 1 ? 1 : 2;
    road.read(frame, read);
  }
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  EXPECT_EQ(passes[0].format, "current");
  EXPECT_EQ(passes[0].lines, 2);
}

TEST(PassContents, DirectionIsToldForComingAndGoingAndNotForReversingBack) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE",
              .from = 0,
              .to = 15,
              .start = {300, 200},
              .step = {0, 20},
              .width = 80,
              .growth = 1.03F});
  road.drive({.vrm = "FG61HJK",
              .from = 0,
              .to = 15,
              .start = {900, 500},
              .step = {0, -20},
              .width = 130,
              .growth = 0.97F});
  road.drive({.vrm = "LM05NOP",
              .from = 40,
              .to = 55,
              .start = {600, 200},
              .step = {0, 12},
              .width = 80,
              .growth = 1.02F});
  road.drive({.vrm = "LM05NOP",
              .from = 56,
              .to = 72,
              .start = {600, 392},
              .step = {0, -12},
              .width = 110,
              .growth = 1 / 1.02F});
  const auto passes = road.play();
  ASSERT_THAT(vrms_of(passes), ::testing::ElementsAre("AB12CDE", "FG61HJK", "LM05NOP"));
  EXPECT_EQ(passes[0].direction, Direction::towards);
  EXPECT_EQ(passes[1].direction, Direction::away);
  EXPECT_EQ(passes[2].direction, Direction::unknown);
  EXPECT_EQ(to_string(passes[0].direction), "towards");
  EXPECT_EQ(to_string(passes[1].direction), "away");
  EXPECT_EQ(to_string(passes[2].direction), "unknown");
}

TEST(PassContents, LaneIsTheOneThatHoldsMostReads) {
  TrackerOptions options;
  options.lanes = {{.number = 3, .polygon = {{0, 0}, {0.5F, 0}, {0.5F, 1}, {0, 1}}},
                   {.number = 7, .polygon = {{0.5F, 0}, {0.8F, 0}, {0.8F, 1}, {0.5F, 1}}}};
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 15, .start = {300, 200}, .step = {0, 20}});
  road.drive({.vrm = "FG61HJK",
              .from = 0,
              .to = 15,
              .start = {600, 200},
              .step = {10, 20}});  // changes over at the fifth
  road.drive({.vrm = "LM05NOP", .from = 0, .to = 15, .start = {1100, 200}, .step = {0, 20}});
  const auto passes = road.play(*make_pass_tracker(options));
  ASSERT_THAT(vrms_of(passes), ::testing::UnorderedElementsAre("AB12CDE", "FG61HJK", "LM05NOP"));
  for (const VehiclePass& pass : passes) {
    const std::optional<int> expected = pass.vrm == "AB12CDE"   ? std::optional(3)
                                        : pass.vrm == "FG61HJK" ? std::optional(7)
                                                                : std::nullopt;
    EXPECT_EQ(pass.lane, expected) << pass.vrm;
  }
}

TEST(PassContents, WithoutLanesThereIsNoLane) {
  RecordedRoad road;
  road.drive({.vrm = "AB12CDE", .from = 0, .to = 5, .start = {300, 200}, .step = {0, 20}});
  EXPECT_EQ(road.play().at(0).lane, std::nullopt);
}

TEST(PassContents, PlatesCutOffByTheEdgeDoNotVote) {
  // Leaves to the left; the last reads lack the cut-off letters and make a valid shorter VRM.
  RecordedRoad road;
  road.drive(
      {.vrm = "AB12CDE", .from = 0, .to = 5, .start = {260, 300}, .step = {-40, 0}, .confidence = 0.7F});
  for (int frame = 6; frame < 9; ++frame) {
    road.read(frame, plate_read("B12CDE", 0.99F, {40.0F - 10 * static_cast<float>(frame - 6), 300}, 80));
  }
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  EXPECT_EQ(passes[0].vrm, "AB12CDE");
  EXPECT_EQ(passes[0].reads_used, 5U);
  EXPECT_EQ(passes[0].reads_rejected, 4U);
  EXPECT_EQ(passes[0].last_frame.number, FrameNumber(8));
}

TEST(PassContents, SeveralReadsOfOnePlateInOneFrameVoteOnce) {
  RecordedRoad road;
  for (int frame = 0; frame < 6; ++frame) {
    const cv::Point2f at(600, 200.0F + 30 * static_cast<float>(frame));
    road.read(frame, plate_read("AB12CDE", 0.8F, at, 100));
    road.read(frame, plate_read("AB12CD", 0.6F, at + cv::Point2f(-8, 0), 84));
    road.read(frame, plate_read("12CDE", 0.85F, at + cv::Point2f(14, 0), 72));
  }
  const auto passes = road.play();
  ASSERT_EQ(passes.size(), 1U);
  EXPECT_EQ(passes[0].vrm, "AB12CDE");
  EXPECT_EQ(passes[0].reads_used, 6U);
  EXPECT_EQ(passes[0].reads_rejected, 12U);
}

}  // namespace
}  // namespace wayside::testing
