// What an installer is told: the figures of plates whose place is known, and the words that follow from them.
#include "wayside/anpr/aim/aim_gauge.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace wayside {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int width = 1280;
constexpr int height = 720;

FrameInfo info_at(double seconds) {
  FrameInfo info;
  info.monotonic = MonotonicTime{static_cast<std::int64_t>(seconds * 1e9)};
  info.exposure_us = 600;
  info.gain_db = 3.5;
  return info;
}

// Steep edges, so that nothing is said of the focus.
FramePtr frame_at(double seconds) {
  cv::Mat luma(height, width, CV_8UC1, cv::Scalar(40));
  for (int x = 8; x + 32 < width; x += 64)
    luma(cv::Rect(x, 0, 32, height)) = cv::Scalar(200);
  return std::make_shared<const Frame>(info_at(seconds), luma, Frame::BgrMaker{});
}

PlateQuad plate(float x, float y, float wide, double tilt_deg = 0, double skew_deg = 0) {
  const float high = wide * 111 / 520;
  const auto c = static_cast<float>(std::cos(tilt_deg * std::numbers::pi / 180));
  const auto s = static_cast<float>(std::sin(tilt_deg * std::numbers::pi / 180));
  const auto lean = static_cast<float>(std::tan(skew_deg * std::numbers::pi / 180)) * high;
  const auto at = [&](float u, float v) { return cv::Point2f(x + c * u - s * v, y + s * u + c * v); };
  // Clockwise: what is above lies further to the right.
  return {at(lean, 0), at(lean + wide, 0), at(wide, high), at(0, high)};
}

FrameReads reads_of(double seconds, const std::string& vrm, const PlateQuad& quad, int lines = 1) {
  FrameReads reads;
  reads.frame = info_at(seconds);
  reads.frame_width = width;
  reads.frame_height = height;
  EvidencedRead one;
  one.read.vrm = vrm;
  one.read.quad = quad;
  one.read.lines = lines;
  reads.reads.push_back(one);
  return reads;
}

class AimGaugeTest : public testing::Test {
 protected:
  void see(double seconds, const std::string& vrm, const PlateQuad& quad) {
    gauge_.saw_frame(*frame_at(seconds));
    gauge_.saw_reads(reads_of(seconds, vrm, quad));
  }
  AimGauge gauge_{AimOptions{}};
};

TEST_F(AimGaugeTest, EachVehicleCountsOnceAtItsWidest) {
  for (int i = 0; i < 10; ++i)
    see(0.04 * i, "AB12CDE", plate(100, 300, static_cast<float>(60 + 2 * i)));
  see(1.5, "FG34HIJ", plate(100, 300, 90));
  see(2.5, "KL56MNP", plate(100, 300, 84));
  const AimReport report = gauge_.report(true);
  EXPECT_EQ(report.plates, 3U);
  ASSERT_TRUE(report.plate_width_px);
  EXPECT_NEAR(*report.plate_width_px, 84, 0.5);
  EXPECT_NEAR(*report.character_height_px, 84.0 * 79 / 520, 0.5);
  EXPECT_EQ(report.verdicts.at(0), "plates 84 px wide: move closer or lengthen the lens; 130 wanted");
}

// Far away a plate is read as this and that.
TEST_F(AimGaugeTest, AVehicleThatIsReadDifferentlyIsStillOne) {
  for (int i = 0; i < 20; ++i) {
    const char* const vrm = i < 5 ? "AB12CDF" : i < 10 ? "A812CDE" : "AB12CDE";
    see(0.04 * i, vrm, plate(100, static_cast<float>(300 + 8 * i), static_cast<float>(62 + 4 * i)));
  }
  const AimReport report = gauge_.report(true);
  EXPECT_EQ(report.plates, 1U);
  EXPECT_NEAR(report.plate_width_px.value(), 62 + 4 * 19, 0.5);
}

TEST_F(AimGaugeTest, TheVerdictFollowsThePlatesWidth) {
  const struct {
    float wide;
    const char* says;
  } cases[] = {{99, "plates 99 px wide: move closer or lengthen the lens; 130 wanted"},
               {101, "plates 101 px wide: enough to read; 130 wanted"},
               {131, "good: plates 131 px wide"},
               {259, "good: plates 259 px wide"},
               {262, "plates 262 px wide: a shorter lens covers more road; 130 wanted"}};
  for (const auto& [wide, says] : cases) {
    gauge_.forget();
    see(1, "AB12CDE", plate(100, 300, wide));
    EXPECT_EQ(gauge_.report(true).verdicts.at(0), says);
  }
}

TEST_F(AimGaugeTest, TiltAndSkewAreTheirAnglesAndTheirSigns) {
  for (const double tilt : {-12.0, -3.0, 0.0, 5.0, 15.0}) {
    for (const double skew : {-30.0, 0.0, 10.0}) {
      gauge_.forget();
      see(1, "AB12CDE", plate(400, 300, 150, tilt, skew));
      const AimReport report = gauge_.report(true);
      EXPECT_NEAR(report.tilt_deg.value(), tilt, 0.1);
      EXPECT_NEAR(report.skew_deg.value(), skew, 0.1) << tilt;
      EXPECT_NEAR(report.character_height_px.value(), 150.0 * 79 / 520, 0.2);
    }
  }
  gauge_.forget();
  see(1, "AB12CDE", plate(400, 300, 150, 15, 0));
  EXPECT_EQ(gauge_.report(true).verdicts.at(0),
            "plates lie 15 degrees clockwise: turn the camera about its lens clockwise");
  gauge_.forget();
  see(1, "AB12CDE", plate(400, 300, 150, 0, -30));
  EXPECT_THAT(gauge_.report(true).verdicts.at(0), HasSubstr("skewed 30 degrees"));
}

TEST_F(AimGaugeTest, WhatIsTooBrightOrTooDarkIsSaid) {
  see(1, "AB12CDE", plate(400, 300, 150));
  const PlateBrightness white{250, 60, 0.4};
  gauge_.saw_light(90, std::vector{white});
  EXPECT_THAT(gauge_.report(true).verdicts.at(0), HasSubstr("washed out, 40 % of them white"));
  gauge_.forget();
  see(1, "AB12CDE", plate(400, 300, 150));
  const PlateBrightness dark{50, 20, 0};
  gauge_.saw_light(10, std::vector{dark});
  EXPECT_THAT(gauge_.report(true).verdicts.at(0), HasSubstr("plates dark, 50 of 255"));
}

TEST_F(AimGaugeTest, FocusThatWasBetterBeforeIsSaid) {
  see(1, "AB12CDE", plate(400, 300, 150));
  EXPECT_THAT(gauge_.report(true).verdicts.at(0), HasSubstr("good"));
  const double sharp = gauge_.report(true).sharpness.value();
  cv::Mat blurred;
  cv::GaussianBlur(frame_at(2.5)->luma(), blurred, {}, 0.8);
  gauge_.saw_frame(Frame(info_at(2.5), blurred, {}));
  EXPECT_LT(gauge_.report(true).sharpness.value(), 0.85 * sharp);
  EXPECT_THAT(gauge_.report(true).verdicts.at(0), HasSubstr("turn the focus back"));
  cv::GaussianBlur(frame_at(4)->luma(), blurred, {}, 4);
  gauge_.saw_frame(Frame(info_at(4), blurred, {}));
  EXPECT_THAT(gauge_.report(true).verdicts.at(0), HasSubstr("the picture is soft"));
}

TEST_F(AimGaugeTest, LanesWithoutAPlateAreNamed) {
  AimOptions options;
  options.lanes = {{1, {{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}}, {2, {{0.5, 0}, {1, 0}, {1, 1}, {0.5, 1}}}};
  AimGauge gauge(options);
  gauge.saw_frame(*frame_at(1));
  gauge.saw_reads(reads_of(1, "AB12CDE", plate(100, 300, 150)));
  EXPECT_THAT(gauge.report(true).lanes_seen, ElementsAre(1));
  EXPECT_THAT(gauge.report(true).verdicts.at(0), HasSubstr("no plate yet in lane 2"));
  gauge.saw_reads(reads_of(1.2, "AB12CDE", plate(900, 300, 150)));
  EXPECT_THAT(gauge.report(true).verdicts.at(0), HasSubstr("good"));
}

TEST_F(AimGaugeTest, PlatesNobodyCouldReadAreSaidToBeSuch) {
  gauge_.saw_frame(*frame_at(1));
  FrameReads reads = reads_of(1, "X", plate(100, 300, 70));
  reads.rejected.push_back(reads.reads.at(0).read.quad);
  reads.reads.clear();
  gauge_.saw_reads(reads);
  const AimReport report = gauge_.report(true);
  EXPECT_TRUE(report.unread);
  EXPECT_EQ(report.plates, 0U);
  EXPECT_THAT(report.verdicts.at(0), HasSubstr("plates 70 px wide: move closer"));
  EXPECT_THAT(report.verdicts.at(1), HasSubstr("none of them read"));
}

TEST_F(AimGaugeTest, WithoutPictureOrPlateItSaysSo) {
  EXPECT_THAT(gauge_.report(false).verdicts, ElementsAre("no picture comes from the camera"));
  gauge_.saw_frame(*frame_at(1));
  EXPECT_THAT(gauge_.report(true).verdicts.at(0), HasSubstr("no plate in the last 10 s"));
  EXPECT_THAT(gauge_.report(false).verdicts, ElementsAre("no picture comes from the camera"));
}

TEST_F(AimGaugeTest, MarksGoAfterTenSeconds) {
  see(1, "AB12CDE", plate(100, 300, 150));
  EXPECT_THAT(gauge_.report(true).reads, ElementsAre("AB12CDE"));
  see(10.5, "FG34HIJ", plate(100, 300, 150));
  EXPECT_THAT(gauge_.report(true).reads, ElementsAre("FG34HIJ", "AB12CDE"));
  see(11.5, "FG34HIJ", plate(100, 300, 150));
  EXPECT_THAT(gauge_.report(true).reads, ElementsAre("FG34HIJ"));
  gauge_.forget();
  EXPECT_THAT(gauge_.report(true).reads, IsEmpty());
}

TEST_F(AimGaugeTest, ThePictureShowsWhereThePlateIs) {
  see(1, "AB12CDE", plate(320, 340, 160));
  const std::vector<std::string> picture = gauge_.report(true).picture;
  ASSERT_EQ(picture.size(), static_cast<std::size_t>(AimReport::picture_height));
  const std::string& line = picture.at(static_cast<std::size_t>(357 * AimReport::picture_height / height));
  ASSERT_EQ(line.size(), static_cast<std::size_t>(AimReport::picture_width));
  EXPECT_EQ(line.find('['), static_cast<std::size_t>(320 * AimReport::picture_width / width));
  EXPECT_THAT(line, HasSubstr("[====]"));
}

TEST_F(AimGaugeTest, AReportFitsTheLineWhateverIsInIt) {
  AimReport worst;
  worst.picture.assign(AimReport::picture_height, std::string(AimReport::picture_width, '#'));
  worst.plates = 99'999;
  for (auto* figure : {&worst.plate_width_px, &worst.character_height_px, &worst.sharpness,
                       &worst.best_sharpness, &worst.scene, &worst.plate_bright, &worst.plate_saturated,
                       &worst.gain_db, &worst.tilt_deg, &worst.skew_deg})
    *figure = -123'456.789;
  worst.exposure_us = -2'000'000'000;
  worst.frames_per_s = 1e12;
  for (int lane = 1; lane < 100; ++lane)
    worst.lanes.push_back(lane);
  worst.lanes_seen = worst.lanes;
  worst.verdicts.assign(6, std::string(200, 'x'));
  worst.reads.assign(40, "AB12CDE");
  for (const bool with_reads : {false, true}) {
    for (const std::size_t verdicts : {0U, 1U, 6U}) {
      worst.verdicts.resize(verdicts, std::string(200, 'x'));
      const std::string text = text_of(worst, with_reads);
      EXPECT_LE(text.size(), 960U);
      EXPECT_EQ(text.back(), '\n');
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 19);
      EXPECT_TRUE(
          std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
      std::size_t longest = 0;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        longest = std::max(longest, end - at);
        at = end + 1;
      }
      EXPECT_LE(longest, 69U);
    }
  }
}

TEST_F(AimGaugeTest, MarksAreInTheTextOnRequestOnly) {
  see(1, "AB12CDE", plate(100, 300, 150));
  EXPECT_THAT(text_of(gauge_.report(true), true), HasSubstr("reads AB12CDE\n"));
  EXPECT_THAT(text_of(gauge_.report(true), false), testing::Not(HasSubstr("AB12CDE")));
}

}  // namespace
}  // namespace wayside
