#include "wayside/anpr/capture/plate_brightness.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace wayside {
namespace {

const std::array<cv::Point2f, 4> plate = {cv::Point2f(100, 100), {230, 100}, {230, 128}, {100, 128}};

// A plate of bars, a quarter of it, on a road of 50.
cv::Mat picture_of(int field, int characters) {
  cv::Mat luma(240, 320, CV_8UC1, cv::Scalar(50));
  cv::rectangle(luma, cv::Rect(100, 100, 131, 29), cv::Scalar(field), cv::FILLED);
  for (int x = 108; x < 224; x += 16)
    cv::rectangle(luma, cv::Rect(x, 104, 5, 21), cv::Scalar(characters), cv::FILLED);
  return luma;
}

TEST(PlateBrightness, GivesTheFieldOfAUsualPlateAndTheCharactersOfABlackOne) {
  const auto usual = plate_brightness(picture_of(160, 20), plate);
  ASSERT_TRUE(usual);
  EXPECT_NEAR(usual->bright, 160, 3);
  EXPECT_NEAR(usual->dark, 20, 3);
  EXPECT_EQ(usual->saturated, 0);
  const auto inverted = plate_brightness(picture_of(20, 160), plate);
  ASSERT_TRUE(inverted);
  EXPECT_NEAR(inverted->bright, 160, 6);
  EXPECT_NEAR(inverted->dark, 20, 3);
}

TEST(PlateBrightness, ASaturatedFieldIsAndALampBesideThePlateIsNot) {
  EXPECT_GE(plate_brightness(picture_of(255, 60), plate)->saturated, saturated_share);
  cv::Mat with_lamp = picture_of(120, 20);
  cv::circle(with_lamp, {104, 110}, 14, cv::Scalar(255), cv::FILLED);
  const auto level = plate_brightness(with_lamp, plate);
  EXPECT_LT(level->saturated, saturated_share);
  EXPECT_NEAR(level->bright, 120, 5);
}

TEST(PlateBrightness, CornersThatSpanNothingOrLieOutsideGiveNothing) {
  const cv::Mat luma = picture_of(160, 20);
  EXPECT_FALSE(plate_brightness(luma, {}));
  std::array<cv::Point2f, 4> outside = plate;
  for (cv::Point2f& corner : outside)
    corner.x += 1000;
  EXPECT_FALSE(plate_brightness(luma, outside));
  std::array<cv::Point2f, 4> nowhere = plate;
  nowhere[2].y = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(plate_brightness(luma, nowhere));
  EXPECT_FALSE(plate_brightness(cv::Mat(), plate));
}

TEST(SceneBrightness, IsTheMiddleOneWhateverTheLampsDo) {
  cv::Mat luma = picture_of(160, 20);
  EXPECT_EQ(scene_brightness(luma), 50);
  cv::circle(luma, {60, 60}, 50, cv::Scalar(255), cv::FILLED);
  EXPECT_EQ(scene_brightness(luma), 50);
  EXPECT_EQ(scene_brightness(cv::Mat()), 0);
}

}  // namespace
}  // namespace wayside
