// Masks and blurred occupants in the very pictures that leave the camera, of drawn roads.
#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "wayside/anpr/capture/privacy_mask.hpp"
#include "wayside/anpr/locate/plate_locator.hpp"
#include "wayside/anpr/read/occupants.hpp"
#include "wayside/anpr/read/plate_reader.hpp"
#include "wayside/delivery/event/capture_record.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "src/anpr/read/read_evidence.hpp"
#include "tests/doubles/installed_models.hpp"

namespace wayside {
namespace {

class PrivacyOfPictures : public testing::Test {
 protected:
  static roadsim::Scene make_scene() {
    auto scenario = roadsim::preset_scenario("day").value();
    scenario.seed = 11;
    scenario.seconds = 30;
    static const auto press =
        roadsim::PlatePress::load(doubles::source_folder() / "models" / "plates").value();
    return roadsim::Scene::make(scenario, press).value();
  }
  // The first frame in which a plate is read, with where that is.
  void SetUp() override {
    const roadsim::Scene scene = make_scene();
    for (int number = 25; number < 700 && !frame_; number += 10) {
      for (const roadsim::SeenPlate& plate : scene.plates_at(number)) {
        if (plate.view.visible < 0.99 || plate.view.width_px < 110 || frame_) continue;
        FramePtr frame = make_frame({}, scene.render(number, scene.planned_exposure())).value();
        for (const EvidencedRead& one : read(frame, true).reads) {
          frame_ = frame;
          quad_ = one.read.quad;
        }
      }
    }
    ASSERT_TRUE(frame_) << "no plate was read: the test shows nothing";
  }
  [[nodiscard]] FrameReads read(const FramePtr& frame, bool blurs) const {
    ReaderOptions options;
    options.min_confidence = 0.2F;
    options.leaves_occupants_clear = [blurs] { return !blurs; };
    const auto locator = make_network_locator({}, doubles::installed_models()).value();
    const auto reader =
        make_tesseract_reader(options, doubles::installed_models(), doubles::installed_syntax()).value();
    return reader->read({frame, locator->locate(*frame)}, true);
  }
  // Through the JPEG of a capture record.
  [[nodiscard]] cv::Mat overview_of(const FrameReads& reads) const {
    VehiclePass pass;
    pass.vrm = "AB12CDE";
    pass.confidence = 0.9F;
    pass.character_confidences.assign(7, 0.9F);
    pass.format = "current";
    pass.frame_width = reads.frame_width;
    pass.frame_height = reads.frame_height;
    pass.reads_used = 1;
    pass.quad = reads.reads.at(0).read.quad;
    pass.evidence = reads.reads.at(0).evidence;
    RecordOrigin origin;
    origin.device_id = "0123456789abcdef";
    origin.site_name = "Test road";
    origin.firmware_version = "0.1.0";
    origin.model_version = "eng";
    origin.configuration_version = "0123456789abcdef";
    const auto record = encode_record(pass, origin, TimeQuality{TimeSource::recording, {}, {}});
    if (!record) throw std::runtime_error(record.error().message);
    return cv::imdecode(record->overview_jpeg, cv::IMREAD_COLOR);
  }
  [[nodiscard]] PrivacyMask::Polygon box(const cv::Rect2f& part) const {
    const auto width = static_cast<double>(frame_->luma().cols);
    const auto height = static_cast<double>(frame_->luma().rows);
    const auto x = [&](float at) { return std::clamp(at / width, 0.0, 1.0); };
    const auto y = [&](float at) { return std::clamp(at / height, 0.0, 1.0); };
    const cv::Point2f end = part.br();
    return {{x(part.x), y(part.y)}, {x(end.x), y(part.y)}, {x(end.x), y(end.y)}, {x(part.x), y(end.y)}};
  }
  static double deviation(const cv::Mat& picture) {
    cv::Mat grey;
    cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
    cv::Scalar mean;
    cv::Scalar spread;
    cv::meanStdDev(grey, mean, spread);
    return spread[0];
  }

  FramePtr frame_;
  PlateQuad quad_{};
};

TEST_F(PrivacyOfPictures, APlateBehindAMaskIsNotRead) {
  const cv::Rect2f plate = bounding_box(quad_);
  const cv::Rect2f around(plate.x - 10, plate.y - 10, plate.width + 20, plate.height + 20);
  const FramePtr masked = PrivacyMask({box(around)}).apply(frame_);
  for (const EvidencedRead& one : read(masked, true).reads)
    EXPECT_FALSE(around.contains(centre(one.read.quad)));
  cv::Mat patch = read::cut_patch(masked->bgr(), quad_);
  EXPECT_EQ(cv::norm(patch, cv::NORM_INF), 0) << "nothing of it is in a plate patch either";
}

TEST_F(PrivacyOfPictures, WhatIsMaskedIsBlackInTheEncodedOverview) {
  // The half of the view that the plate is not in.
  const auto width = static_cast<float>(frame_->luma().cols);
  const auto height = static_cast<float>(frame_->luma().rows);
  const bool left = centre(quad_).x > width / 2;
  const cv::Rect2f half(left ? 0 : width * 0.7F, 0, width * 0.3F, height);
  const FrameReads reads = read(PrivacyMask({box(half)}).apply(frame_), false);
  ASSERT_FALSE(reads.reads.empty()) << "the rest of the view is read as before";
  const cv::Mat masked = overview_of(reads);
  const cv::Mat open = overview_of(read(frame_, false));
  const float scale = static_cast<float>(masked.cols) / width;
  // A JPEG's blocks reach 16 pixels far.
  const cv::Rect inside(static_cast<int>(half.x * scale) + 20, 20, static_cast<int>(half.width * scale) - 40,
                        masked.rows - 40);
  EXPECT_GT(deviation(open(inside)), 8) << "there is something to mask";
  EXPECT_LT(deviation(masked(inside)), 1);
  EXPECT_LT(cv::mean(masked(inside))[0], 3);
}

TEST_F(PrivacyOfPictures, WindscreensInTheEncodedOverviewHaveLostTheirDetail) {
  const cv::Mat clear = overview_of(read(frame_, false));
  const cv::Mat blurred = overview_of(read(frame_, true));
  const double scale = static_cast<double>(clear.cols) / frame_->luma().cols;
  const cv::Rect2f seen = occupants_above(quad_);
  const cv::Rect area =
      cv::Rect(static_cast<int>(seen.x * scale), static_cast<int>(seen.y * scale),
               static_cast<int>(seen.width * scale), static_cast<int>(seen.height * scale)) &
      cv::Rect(0, 0, clear.cols, clear.rows);
  // What is finer than a square, in each.
  const auto detail = [&](const cv::Mat& overview) {
    cv::Mat part;
    cv::cvtColor(overview(area), part, cv::COLOR_BGR2GRAY);
    cv::Mat edges;
    cv::Laplacian(part, edges, CV_32F);
    cv::Scalar mean;
    cv::Scalar spread;
    cv::meanStdDev(edges, mean, spread);
    return spread[0] * spread[0];
  };
  std::printf("variance of the Laplacian: %.1f clear, %.2f blurred\n", detail(clear), detail(blurred));
  EXPECT_GT(detail(clear), 50);
  EXPECT_LT(detail(blurred), detail(clear) / 10);
}

}  // namespace
}  // namespace wayside
