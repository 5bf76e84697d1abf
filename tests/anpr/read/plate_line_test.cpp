#include "src/anpr/read/plate_line.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "tests/doubles/drawn_plate.hpp"

namespace wayside::read {
namespace {

using doubles::draw_frame;
using doubles::DrawnFrame;
using doubles::plate_of;

cv::Mat grey(const cv::Mat& bgr) {
  cv::Mat luma;
  cv::cvtColor(bgr, luma, cv::COLOR_BGR2GRAY);
  return luma;
}

double likeness(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat score;
  cv::matchTemplate(a, b, score, cv::TM_CCOEFF_NORMED);
  return static_cast<double>(score.at<float>(0, 0));
}

TEST(PlateLine, HasTheSameSizeWhateverThePlate) {
  for (const double width : {60.0, 120.0, 500.0}) {
    const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), width, 9);
    const cv::Mat line = plate_line(grey(drawn.picture), {drawn.plate, 1.0F}, false);
    EXPECT_EQ(line.size(), cv::Size(line_width_px, line_height_px));
    EXPECT_EQ(line.type(), CV_8UC1);
  }
}

TEST(PlateLine, ATurnedPlateLooksLikeAStraightOne) {
  const DrawnFrame straight = draw_frame(plate_of("AB52CDE"), 300);
  const DrawnFrame turned = draw_frame(plate_of("AB52CDE"), 300, 14);
  EXPECT_GT(likeness(plate_line(grey(straight.picture), {straight.plate, 1.0F}, false),
                     plate_line(grey(turned.picture), {turned.plate, 1.0F}, false)),
            0.97);
}

TEST(PlateLine, LightOnDarkBecomesDarkOnLight) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 300);
  const cv::Mat luma = grey(drawn.picture);
  const cv::Mat inverted = 255 - luma;
  EXPECT_GT(
      likeness(plate_line(luma, {drawn.plate, 1.0F}, false), plate_line(inverted, {drawn.plate, 1.0F}, true)),
      0.99);
}

TEST(PlateLine, TwoLinesStandSideBySide) {
  roadsim::PlateSpec spec = plate_of("AB52CDE");
  spec.lines = 2;
  const DrawnFrame drawn = draw_frame(spec, 240);
  const cv::Mat luma = grey(drawn.picture);
  const cv::Mat line = plate_line(luma, {drawn.plate, 1.0F, 2}, false);
  ASSERT_EQ(line.size(), cv::Size(line_width_px, line_height_px));
  // Each half by itself, cut by hand.
  const PlateQuad& q = drawn.plate;
  const PlateQuad upper = {q[0], q[1], (q[1] + q[2]) / 2, (q[0] + q[3]) / 2};
  const PlateQuad lower = {upper[3], upper[2], q[2], q[3]};
  int half = 0;
  for (const PlateQuad& quad : {upper, lower}) {
    cv::Mat alone;
    cv::resize(plate_line(luma, {quad, 1.0F}, false), alone, {line_width_px / 2, line_height_px}, 0, 0,
               cv::INTER_AREA);
    EXPECT_GT(likeness(line.colRange(half, half + line_width_px / 2), alone), 0.7);
    half += line_width_px / 2;
  }
}

TEST(PlateLine, AShadowAcrossThePlateGoes) {
  const DrawnFrame drawn = draw_frame(plate_of("AB52CDE"), 300);
  cv::Mat luma = grey(drawn.picture);
  const cv::Mat clear = plate_line(luma, {drawn.plate, 1.0F}, false);
  luma.colRange(0, luma.cols / 2) *= 0.35;
  const cv::Mat shaded = plate_line(luma, {drawn.plate, 1.0F}, false);
  EXPECT_GT(likeness(clear, shaded), 0.93);
  const double left = cv::mean(shaded.colRange(20, 100))[0];
  const double right = cv::mean(shaded.colRange(140, 220))[0];
  EXPECT_NEAR(left, right, 25);
}

TEST(PlateLine, EvenOutLeavesAnEmptyFieldGrey) {
  const cv::Mat even = even_out(cv::Mat(line_height_px, line_width_px, CV_8UC1, cv::Scalar(200)));
  EXPECT_EQ(cv::norm(even, cv::Mat(even.size(), CV_8UC1, cv::Scalar(128)), cv::NORM_INF), 0);
}

TEST(PlateLine, WhatCannotBeCutIsEmpty) {
  const cv::Mat luma(100, 100, CV_8UC1, cv::Scalar(100));
  EXPECT_TRUE(plate_line(luma, {}, false).empty());
}

}  // namespace
}  // namespace wayside::read
