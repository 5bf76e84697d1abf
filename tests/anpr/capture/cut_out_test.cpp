#include "wayside/anpr/capture/cut_out.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace wayside {
namespace {

using Quad = std::array<cv::Point2f, 4>;

Quad rectangle(float x, float y, float width, float height) {
  return {cv::Point2f(x, y), {x + width, y}, {x + width, y + height}, {x, y + height}};
}

TEST(CutOut, CopiesARectangleAsItStands) {
  cv::Mat picture(60, 80, CV_8UC1);
  cv::RNG(1).fill(picture, cv::RNG::UNIFORM, 0, 256);
  const cv::Mat cut = cut_out(picture, rectangle(10, 20, 30, 15), rectangle(0, 0, 30, 15), {30, 15});
  EXPECT_EQ(cv::norm(cut, picture(cv::Rect(10, 20, 30, 15)), cv::NORM_INF), 0);
}

TEST(CutOut, StraightensWhatIsSeenFromTheSide) {
  // White left half, black right half, seen in perspective: the edge comes to lie in the middle.
  cv::Mat plate(40, 80, CV_8UC1, cv::Scalar(255));
  plate.colRange(40, 80).setTo(0);
  const Quad seen = {cv::Point2f(50, 40), {150, 60}, {148, 100}, {52, 110}};
  const Quad whole = rectangle(0, 0, 80, 40);
  cv::Mat picture;
  cv::warpPerspective(plate, picture, cv::getPerspectiveTransform(whole.data(), seen.data()), {200, 150});
  const cv::Mat cut = cut_out(picture, seen, whole, {80, 40});
  EXPECT_GT(cv::mean(cut.colRange(4, 37))[0], 240);
  EXPECT_LT(cv::mean(cut.colRange(43, 76))[0], 15);
}

TEST(CutOut, AReductionSkipsNoPixel) {
  // Columns of black and white, a pixel each: reduced eight times they are grey, not black or white by
  // chance.
  cv::Mat picture(160, 800, CV_8UC1, cv::Scalar(0));
  for (int x = 0; x < picture.cols; x += 2)
    picture.col(x).setTo(255);
  const cv::Mat cut = cut_out(picture, rectangle(3, 3, 790, 150), rectangle(0, 0, 98, 18), {98, 18});
  double least = 0;
  double most = 0;
  cv::minMaxLoc(cut, &least, &most);
  EXPECT_GT(least, 110);
  EXPECT_LT(most, 145);
}

TEST(CutOut, WhatHasNoExtentOrLiesOutsideIsEmpty) {
  const cv::Mat picture(100, 100, CV_8UC1, cv::Scalar(9));
  const Quad to = rectangle(0, 0, 20, 10);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  for (const Quad& from :
       {Quad{}, rectangle(10, 10, 0, 5), rectangle(10, 10, 50, 0.5F), rectangle(300, 10, 40, 10),
        rectangle(-5000, 10, 10000, 20), Quad{cv::Point2f(nan, 0), {9, 0}, {9, 9}, {0, 9}},
        Quad{cv::Point2f(infinite, 0), {9, 0}, {9, 9}, {0, 9}},
        Quad{cv::Point2f(10, 10), {60, 60}, {60, 10}, {10, 60}},     // folded over
        Quad{cv::Point2f(60, 10), {10, 10}, {10, 40}, {60, 40}}}) {  // mirrored
    EXPECT_TRUE(cut_out(picture, from, to, {20, 10}).empty());
  }
}

TEST(CutOut, BeyondThePictureItsLastPixelsRepeat) {
  const cv::Mat picture(100, 100, CV_8UC1, cv::Scalar(77));
  const cv::Mat cut = cut_out(picture, rectangle(80, 40, 40, 20), rectangle(0, 0, 40, 20), {40, 20});
  ASSERT_FALSE(cut.empty());
  EXPECT_EQ(cv::norm(cut, cv::Mat(20, 40, CV_8UC1, cv::Scalar(77)), cv::NORM_INF), 0);
}

}  // namespace
}  // namespace wayside
