#include "wayside/anpr/capture/privacy_mask.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace wayside {
namespace {

cv::Mat noise(int type) {
  cv::Mat picture(90, 160, type);
  cv::RNG random(7);
  random.fill(picture, cv::RNG::UNIFORM, 60, 256);
  return picture;
}

const PrivacyMask::Polygon left_third = {{0, 0}, {0.3, 0}, {0.3, 1}, {0, 1}};
const PrivacyMask::Polygon corner = {{0.8, 0.5}, {1, 0.4}, {1, 1}};

TEST(PrivacyMask, BlackensThePolygonsInLumaAndColourAndNothingElse) {
  const cv::Mat picture = noise(CV_8UC3);
  const FramePtr frame = make_frame({}, picture).value();
  const FramePtr masked = PrivacyMask({left_third, corner}).apply(frame);
  for (const cv::Mat& seen : {masked->luma(), masked->bgr()}) {
    EXPECT_EQ(cv::norm(seen(cv::Rect(0, 0, 48, 90)), cv::NORM_INF), 0);
    EXPECT_EQ(cv::norm(seen(cv::Rect(150, 60, 10, 20)), cv::NORM_INF), 0);
  }
  EXPECT_EQ(
      cv::norm(masked->luma()(cv::Rect(52, 0, 70, 90)), frame->luma()(cv::Rect(52, 0, 70, 90)), cv::NORM_INF),
      0);
  EXPECT_EQ(cv::norm(masked->bgr()(cv::Rect(52, 0, 70, 90)), picture(cv::Rect(52, 0, 70, 90)), cv::NORM_INF),
            0);
}

// Of a colour made from half as many values, and of one that others hold: what was lent stays as it was.
TEST(PrivacyMask, LeavesWhatItWasGivenAsItWas) {
  const cv::Mat picture = noise(CV_8UC3);
  const cv::Mat before = picture.clone();
  const FramePtr frame = make_frame({}, picture).value();
  const cv::Mat luma = frame->luma().clone();
  static_cast<void>(PrivacyMask({left_third}).apply(frame)->bgr());
  EXPECT_EQ(cv::norm(picture, before, cv::NORM_INF), 0);
  EXPECT_EQ(cv::norm(frame->luma(), luma, cv::NORM_INF), 0);
}

TEST(PrivacyMask, WithoutPolygonsAFrameIsHandedOnAsItIs) {
  const FramePtr frame = make_frame({}, noise(CV_8UC1)).value();
  const FramePtr same = PrivacyMask().apply(frame);
  EXPECT_EQ(same.get(), frame.get());
  EXPECT_EQ(same->luma().data, frame->luma().data);
}

TEST(PrivacyMask, ReachesThePicturesEdges) {
  const FramePtr frame = make_frame({}, noise(CV_8UC1)).value();
  const FramePtr all = PrivacyMask({{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}).apply(frame);
  EXPECT_EQ(cv::countNonZero(all->luma()), 0);
}

}  // namespace
}  // namespace wayside
