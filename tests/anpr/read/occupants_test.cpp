#include "wayside/anpr/read/occupants.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "wayside/anpr/read/plate_reader.hpp"

#include "tests/doubles/installed_models.hpp"

namespace wayside {
namespace {

// Faces of a few pixels: a checkerboard of the size of a head's features.
cv::Mat detailed(cv::Size size, int cell) {
  cv::Mat picture(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x)
      picture.at<cv::Vec3b>(y, x) =
          (x / cell + y / cell) % 2 == 0 ? cv::Vec3b(40, 40, 40) : cv::Vec3b(210, 210, 210);
  }
  return picture;
}

double deviation(const cv::Mat& picture) {
  cv::Mat grey;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  cv::Scalar mean;
  cv::Scalar spread;
  cv::meanStdDev(grey, mean, spread);
  return spread[0];
}

PlateQuad plate_at(float x, float y, float wide) {
  const float high = wide / 5;
  return {cv::Point2f{x, y}, {x + wide, y}, {x + wide, y + high}, {x, y + high}};
}

TEST(Occupants, WhatIsAboveAPlateLosesItsDetailAndTheRestKeepsIt) {
  const PlateQuad plate = plate_at(560, 600, 80);
  cv::Mat picture = detailed({1200, 700}, 3);
  const cv::Mat before = picture.clone();
  blur_occupants(picture, std::vector{plate}, 1);
  const cv::Rect area = occupants_above(plate);
  EXPECT_EQ(area, cv::Rect(400, 40, 400, 520));
  EXPECT_GT(deviation(before(area)), 80);
  EXPECT_LT(deviation(picture(area)), 8);
  cv::Mat outside = picture.clone();
  before(area).copyTo(outside(area));
  EXPECT_EQ(cv::norm(outside, before, cv::NORM_INF), 0) << "the plate, and all around";
}

TEST(Occupants, AtTheSmallPicturesScaleAndAtItsEdges) {
  const PlateQuad plate = plate_at(1100, 100, 160);
  cv::Mat picture = detailed({600, 350}, 2);
  blur_occupants(picture, std::vector{plate}, 0.5);
  EXPECT_LT(deviation(picture(cv::Rect(400, 0, 200, 5))), 12);
  blur_occupants(picture, std::vector{plate_at(-900, -900, 100)}, 0.5);  // nowhere in it
}

TEST(Occupants, TheReadersOverviewIsBlurredUnlessItIsToldNotTo) {
  doubles::DrawnFrame drawn = doubles::draw_frame(doubles::plate_of("LK52XPD"), 200);
  const cv::Rect window(380, 20, 200, 120);
  detailed(window.size(), 4).copyTo(drawn.picture(window));
  const auto overview = [&](bool blurs) {
    ReaderOptions options;
    options.min_confidence = 0.3F;
    options.leaves_occupants_clear = [blurs] { return !blurs; };
    auto reader =
        make_tesseract_reader(options, doubles::installed_models(), doubles::installed_syntax()).value();
    const FrameReads reads = reader->read({doubles::frame_of(drawn.picture), {{drawn.plate, 1.0F}}}, true);
    EXPECT_EQ(reads.reads.at(0).read.vrm, "LK52XPD");
    return *reads.reads.at(0).evidence.overview_bgr;
  };
  const double scale = 800.0 / drawn.picture.cols;
  const cv::Rect small(static_cast<int>(window.x * scale) + 2, static_cast<int>(window.y * scale) + 2,
                       static_cast<int>(window.width * scale) - 4,
                       static_cast<int>(window.height * scale) - 4);
  EXPECT_GT(deviation(overview(false)(small)), 50);
  EXPECT_LT(deviation(overview(true)(small)), 8);
}

}  // namespace
}  // namespace wayside
