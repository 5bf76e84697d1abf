#include "wayside/anpr/sight/view.hpp"

#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace wayside {

namespace {

cv::Mat stripes(double blur) {
  cv::Mat luma(360, 640, CV_8U, cv::Scalar(60));
  for (int x = 20; x < 640; x += 40)
    luma(cv::Rect(x, 0, 20, 360)).setTo(180);
  if (blur > 0) cv::GaussianBlur(luma, luma, {}, blur);
  return luma;
}

View view_of(const cv::Mat& luma) {
  ViewMean mean;
  mean.add(luma);
  return mean.view().value();
}

TEST(Sharpness, IsTheShareOfAnEdgeThatOnePixelCovers) {
  EXPECT_DOUBLE_EQ(sharpness(stripes(0)).value(), 1);
  // The steepest pixel of an edge blurred by a Gaussian covers about 1 / (sigma sqrt(2 pi)) of it.
  EXPECT_NEAR(sharpness(stripes(2)).value(), 0.2, 0.03);
  EXPECT_NEAR(sharpness(stripes(4)).value(), 0.1, 0.03);
}

TEST(Sharpness, IsNotToldWithoutContrast) {
  EXPECT_FALSE(sharpness(cv::Mat(360, 640, CV_8U, cv::Scalar(60))));
  EXPECT_FALSE(sharpness(cv::Mat()));
}

TEST(View, ComesBackFromItsBytes) {
  View view = view_of(stripes(1));
  view.plates = 500;
  view.plates_unread = 7;
  const Result<View> again = decode_view(encode(view));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_NEAR(*again->sharpness, *view.sharpness, 1e-5);
  EXPECT_EQ(again->plates, 500U);
  EXPECT_EQ(again->plates_unread, 7U);
  EXPECT_GT(compare(view, *again).alike, 0.999);
  View dark = view_of(cv::Mat(100, 100, CV_8U, cv::Scalar(0)));
  EXPECT_FALSE(decode_view(encode(dark)).value().sharpness);
}

TEST(View, RefusesWhatIsNone) {
  const Bytes good = encode(view_of(stripes(1)));
  EXPECT_EQ(decode_view({}).error().code, ErrorCode::corrupt);
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_view(longer));
  for (std::size_t at = 0; at < good.size(); at += at < 20 ? 1 : 997) {
    Bytes flipped = good;
    flipped[at] ^= 1U;
    EXPECT_FALSE(decode_view(flipped)) << at;
  }
}

TEST(View, PicturesWithoutStructureCompareAsNothing) {
  const View grey = view_of(cv::Mat(90, 160, CV_8U, cv::Scalar(80)));
  const ViewComparison compared = compare(grey, view_of(stripes(1)));
  EXPECT_EQ(compared.covered, 0);
  EXPECT_EQ(compared.alike, 0);
  EXPECT_FALSE(ViewMean().view());
}

}  // namespace

}  // namespace wayside
