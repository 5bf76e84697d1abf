// What is drawn against what is said to be there.
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "small_scene.hpp"

namespace wayside::roadsim {
namespace {

// Pinhole projection written out again, from angles, without the camera class.
cv::Point2d project(const Scenario& scenario, const cv::Point3d& at) {
  const double tilt = scenario.camera.tilt_deg * std::numbers::pi / 180;
  const double pan = scenario.camera.pan_deg * std::numbers::pi / 180;
  const double dx = at.x - scenario.camera.x_m;
  const double dz = at.z - scenario.camera.height_m;
  const double right = dx * std::cos(pan) - at.y * std::sin(pan);
  const double level = dx * std::sin(pan) + at.y * std::cos(pan);
  const double ahead = level * std::cos(tilt) - dz * std::sin(tilt);
  const double down = -level * std::sin(tilt) - dz * std::cos(tilt);
  const double focal = scenario.camera.focal_px_at_1280 * scenario.width / 1280;
  return {(scenario.width - 1) / 2.0 + focal * right / ahead,
          (scenario.height - 1) / 2.0 + focal * down / ahead};
}

double grey_at(const cv::Mat& grey, cv::Point2d at) {
  cv::Mat patch;
  cv::getRectSubPix(grey, {1, 1}, cv::Point2f(at), patch);
  return patch.at<float>(0);
}

TEST(Picture, TruthQuadsAreTheProjectedPlateCorners) {
  Scenario scenario = test::clean("day");
  scenario.sensor.row_us_at_720 = 0;
  const Scene scene = test::scene_of(scenario);
  const SceneTruth truth = scene.truth();
  int checked = 0;
  for (const VehicleTruth& vehicle : truth.vehicles) {
    for (const PlateView& view : vehicle.views) {
      const auto corners = scene.plate_corners(vehicle.id, view.frame);
      ASSERT_TRUE(corners);
      for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_LT(cv::norm(project(scenario, (*corners)[i]) - view.quad[i]), 1e-6);
      }
      // As read: left before right, upper above lower.
      EXPECT_LT(view.quad[0].x, view.quad[1].x);
      EXPECT_LT(view.quad[1].y, view.quad[2].y);
      ++checked;
    }
  }
  EXPECT_GT(checked, 10);
  EXPECT_FALSE(scene.plate_corners(9999, 0));
}

// At night the plate shines before a dark vehicle: its drawn edges are measured along lines across them.
TEST(Picture, DrawnPlateEdgesLieWhereTheTruthSays) {
  Scenario scenario = test::clean("night-ir", 1280, 720);
  scenario.seconds = 6;
  scenario.sensor.lens_blur_px = 0.3;
  scenario.lanes = {{1, Direction::towards, 0, 3.4}};
  const Scene scene = test::scene_of(scenario);
  const SceneTruth truth = scene.truth();
  const PlateView view = test::first_sight(truth, 100).view;
  Exposure exposure = scene.planned_exposure();
  exposure.exposure_us = 200;  // far from saturation, so that half way up the edge is its place
  exposure.gain_db = 6;
  cv::Mat grey;
  cv::cvtColor(scene.render(view.frame, exposure), grey, cv::COLOR_BGR2GRAY);
  grey.convertTo(grey, CV_32F, 1 / 255.0);
  cv::pow(grey, 2.2, grey);  // back to light
  double worst = 0;
  int measured = 0;
  for (std::size_t side = 0; side < 4; ++side) {
    const cv::Point2d from = view.quad[side];
    const cv::Point2d to = view.quad[(side + 1) % 4];
    const cv::Point2d along = to - from;
    const cv::Point2d inward = cv::Point2d(-along.y, along.x) * (1 / cv::norm(along));
    double sum = 0;
    int count = 0;
    for (double share = 0.1; share < 0.95; share += 0.05) {
      const cv::Point2d middle = from + along * share;
      const double inside = grey_at(grey, middle + inward * 2);
      const double outside = grey_at(grey, middle - inward * 2);
      if (inside < outside + 0.05) continue;  // a character or a strip at the edge
      for (double d = -2; d < 2; d += 0.02) {
        if (grey_at(grey, middle + inward * d) >= (inside + outside) / 2) {
          sum += d;
          ++count;
          break;
        }
      }
    }
    if (count < 4) continue;
    worst = std::max(worst, std::abs(sum / count));
    ++measured;
  }
  EXPECT_GE(measured, 3);
  EXPECT_LT(worst, 0.5);
}

TEST(Picture, TheSameSeedDrawsTheSamePictureInAnyOrder) {
  for (const char* preset : {"day", "rain", "empty"}) {
    Scenario scenario = test::small(preset, 11);
    scenario.width = 320;
    scenario.height = 180;
    const Scene once = test::scene_of(scenario);
    const Scene again = test::scene_of(scenario);
    const cv::Mat early = once.render(30, once.planned_exposure());
    const cv::Mat late = once.render(60, once.planned_exposure());
    const cv::Mat late_first = again.render(60, again.planned_exposure());
    const cv::Mat early_second = again.render(30, again.planned_exposure());
    EXPECT_EQ(cv::norm(early, early_second, cv::NORM_INF), 0) << preset;
    EXPECT_EQ(cv::norm(late, late_first, cv::NORM_INF), 0) << preset;
    EXPECT_GT(cv::norm(early, late, cv::NORM_INF), 0) << preset;
    scenario.seed = 12;
    const Scene other = test::scene_of(scenario);
    EXPECT_GT(cv::norm(early, other.render(30, other.planned_exposure()), cv::NORM_INF), 0) << preset;
  }
}

TEST(Picture, MoreExposureIsBrighterUntilSaturation) {
  const Scene scene = test::scene_of(test::clean("empty", 320, 180));
  double before = -1;
  for (const int exposure_us : {60, 120, 240, 480, 960, 1920}) {
    const double mean = cv::mean(scene.render(0, {exposure_us, 0, 0}))[1];
    EXPECT_GT(mean, before) << exposure_us;
    before = mean;
  }
  const double dark = cv::mean(scene.render(0, {100, 0, 0}))[1];
  EXPECT_NEAR(cv::mean(scene.render(0, {200, 0, 0}))[1] / dark, std::pow(2.0, 1 / 2.2), 0.06);
  EXPECT_NEAR(cv::mean(scene.render(0, {200, 0, 0}))[1], cv::mean(scene.render(0, {100, 6.0206, 0}))[1], 0.5);
  EXPECT_GT(cv::mean(scene.render(0, {40000, 48, 0}))[1], 250);
}

TEST(Picture, LongerExposureBlursTheMovingPlate) {
  Scenario scenario = test::clean("fast");
  const Scene scene = test::scene_of(scenario);
  const PlateView view = test::first_sight(scene.truth(), 60).view;
  const auto sharpness = [&](int exposure_us) {
    // The same light: what the shutter gives, the gain takes.
    const Exposure exposure{exposure_us, 20 * std::log10(4000.0 / exposure_us), 0};
    std::vector<cv::Point2f> quad(view.quad.begin(), view.quad.end());
    cv::Mat grey, edges;
    cv::cvtColor(scene.render(view.frame, exposure)(cv::boundingRect(quad)), grey, cv::COLOR_BGR2GRAY);
    cv::Sobel(grey, edges, CV_32F, 0, 1);
    return cv::norm(edges, cv::NORM_L1);
  };
  const double still = sharpness(50);
  const double little = sharpness(500);
  const double much = sharpness(4000);
  EXPECT_LT(little, still);
  EXPECT_LT(much, 0.8 * little);
}

TEST(Picture, AtNightThePlateOutshinesItsVehicle) {
  Scenario scenario = test::clean("night-ir", 960, 540);
  scenario.lanes = {{1, Direction::towards, 0, 3.4}};
  const Scene scene = test::scene_of(scenario);
  const PlateView view = test::first_sight(scene.truth(), 50).view;
  const cv::Mat picture = scene.render(view.frame, scene.planned_exposure());
  std::vector<cv::Mat> channels;
  cv::split(picture, channels);
  EXPECT_EQ(cv::norm(channels[0], channels[2], cv::NORM_INF), 0);  // grey
  std::vector<cv::Point> quad, around;
  const cv::Point2d middle = (view.quad[0] + view.quad[2]) / 2;
  for (const cv::Point2d& p : view.quad)
    quad.emplace_back(p), around.emplace_back(middle + (p - middle) * 2.0);
  cv::Mat plate(picture.size(), CV_8UC1, cv::Scalar(0)), body = plate.clone();
  cv::fillConvexPoly(body, around, cv::Scalar(255));
  cv::fillConvexPoly(body, quad, cv::Scalar(0));
  cv::fillConvexPoly(plate, quad, cv::Scalar(255));
  EXPECT_GT(cv::mean(channels[0], plate)[0], 2.5 * cv::mean(channels[0], body)[0]);
  // Without the flash there is next to nothing.
  Exposure dark = scene.planned_exposure();
  dark.strobe = 0;
  EXPECT_LT(cv::mean(scene.render(view.frame, dark), plate)[0], 0.3 * cv::mean(channels[0], plate)[0]);
}

TEST(Picture, VisibleFallsAtTheBorderAndBehindOthers) {
  Scenario scenario = test::clean("dense", 640, 360);
  scenario.seconds = 12;
  const SceneTruth truth = test::scene_of(scenario).truth();
  int whole = 0, cut = 0, hidden = 0;
  for (const VehicleTruth& vehicle : truth.vehicles) {
    for (const PlateView& view : vehicle.views) {
      ASSERT_GT(view.visible, 0);
      ASSERT_LE(view.visible, 1);
      bool inside = true;
      for (const cv::Point2d& p : view.quad)
        inside = inside && p.x > 0 && p.y > 0 && p.x < scenario.width - 1 && p.y < scenario.height - 1;
      if (view.visible == 1) {
        ++whole;
        EXPECT_TRUE(inside || view.quad[0].x > -1);
      }
      if (view.visible < 0.9) ++(inside ? hidden : cut);
    }
  }
  EXPECT_GT(whole, 50);
  EXPECT_GT(cut, 0);
  EXPECT_GT(hidden, 0);
}

}  // namespace
}  // namespace wayside::roadsim
