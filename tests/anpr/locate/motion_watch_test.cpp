#include "src/anpr/locate/motion_watch.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace wayside::locate {
namespace {

constexpr int width = 640;
constexpr int height = 360;

// An empty road with the noise of one frame.
cv::Mat road(std::uint64_t seed, double noise) {
  cv::Mat picture(height, width, CV_16SC1, cv::Scalar(90));
  cv::Mat grain(height, width, CV_16SC1);
  cv::RNG(seed).fill(grain, cv::RNG::NORMAL, 0, noise);
  cv::Mat frame;
  cv::Mat(picture + grain).convertTo(frame, CV_8U);
  return frame;
}

TEST(MotionWatch, TheFirstFrameHasMovedEverywhere) {
  MotionWatch watch;
  watch.look(road(1, 3));
  EXPECT_EQ(watch.box(), cv::Rect(0, 0, width, height));
}

TEST(MotionWatch, NoiseIsNoMovement) {
  for (const double noise : {0.0, 3.0, 12.0, 25.0}) {
    MotionWatch watch;
    watch.look(road(1, noise));
    watch.set_reference();
    for (std::uint64_t seed = 2; seed < 12; ++seed) {
      watch.look(road(seed, noise));
      EXPECT_TRUE(watch.box().empty()) << "noise " << noise << ", seed " << seed;
    }
  }
}

TEST(MotionWatch, AVehicleIsFoundWhereItIs) {
  for (const double noise : {0.0, 6.0, 12.0}) {
    MotionWatch watch;
    watch.look(road(1, noise));
    watch.set_reference();
    cv::Mat frame = road(2, noise);
    const cv::Rect vehicle(200, 120, 160, 110);
    frame(vehicle) += cv::Scalar(60);
    watch.look(frame);
    EXPECT_EQ(watch.box() & vehicle, vehicle) << "noise " << noise;
    EXPECT_LT(watch.box().area(), 2 * vehicle.area());
    EXPECT_TRUE(watch.moved_within({250, 150, 60, 20}));
    EXPECT_FALSE(watch.moved_within({500, 10, 60, 20}));
  }
}

TEST(MotionWatch, DropsAllOverTheFrameDoNotWidenWhereAVehicleIs) {
  MotionWatch watch;
  watch.look(road(1, 3));
  watch.set_reference();
  cv::Mat frame = road(2, 3);
  const cv::Rect vehicle(200, 120, 160, 110);
  frame(vehicle) += cv::Scalar(60);
  for (const cv::Point drop : {cv::Point(24, 16), {600, 40}, {40, 320}, {560, 312}, {480, 200}})
    frame(cv::Rect(drop, cv::Size(16, 16))) += cv::Scalar(80);
  watch.look(frame);
  EXPECT_EQ(watch.box() & vehicle, vehicle);
  EXPECT_LT(watch.box().area(), 2 * vehicle.area());
}

TEST(MotionWatch, ADropOfRainIsNoVehicle) {
  MotionWatch watch;
  watch.look(road(1, 3));
  watch.set_reference();
  cv::Mat frame = road(2, 3);
  cv::rectangle(frame, {300, 100, 3, 14}, cv::Scalar(255), cv::FILLED);
  watch.look(frame);
  EXPECT_TRUE(watch.box().empty());
}

TEST(MotionWatch, WhatMovesTooSlowlyForOneFrameAddsUp) {
  // Half a grey level a frame, as dusk or a creeping queue gives: not to be seen from frame to frame.
  MotionWatch watch;
  cv::Mat frame(height, width, CV_8UC1, cv::Scalar(90));
  watch.look(frame);
  watch.set_reference();
  bool seen = false;
  for (int i = 1; i <= 20 && !seen; ++i) {
    cv::Mat next = frame.clone();
    next(cv::Rect(100, 100, 120, 80)) += cv::Scalar(i / 2);
    watch.look(next);
    seen = !watch.box().empty();
  }
  EXPECT_TRUE(seen);
}

TEST(MotionWatch, AnotherSizeStartsAnew) {
  MotionWatch watch;
  watch.look(road(1, 3));
  watch.set_reference();
  watch.look(cv::Mat(240, 320, CV_8UC1, cv::Scalar(90)));
  EXPECT_EQ(watch.box(), cv::Rect(0, 0, 320, 240));
}

TEST(MotionWatch, TinyAndOddFramesAreTaken) {
  for (const cv::Size size : {cv::Size(16, 16), cv::Size(17, 1000), cv::Size(5, 3)}) {
    MotionWatch watch;
    const cv::Mat frame(size, CV_8UC1, cv::Scalar(90));
    watch.look(frame);
    watch.set_reference();
    watch.look(frame);
    EXPECT_TRUE(watch.box().empty());
    EXPECT_FALSE(watch.moved_within({-10, -10, 2000, 2000}));
  }
}

}  // namespace
}  // namespace wayside::locate
