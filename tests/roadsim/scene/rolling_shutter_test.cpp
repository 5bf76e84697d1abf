// Rows that are read one after the other: what is drawn and what is said about it.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "small_scene.hpp"

namespace wayside::roadsim {
namespace {

// The picture's middle row is seen at the frame's instant, each other as much later as it is lower.
double seconds_of_row(const Scenario& scenario, double row) {
  return (row - (scenario.height - 1) / 2.0) * scenario.sensor.row_us_at_720 * 1e-6 * 720 / scenario.height;
}

// Where a point that moves along the road is when its own row is read, by halving.
cv::Point2d seen_at(const Scene& scene, const cv::Point3d& at, double velocity_y) {
  const auto place = [&](double s) { return scene.camera().project(at + cv::Point3d(0, velocity_y * s, 0)); };
  double early = -0.02, late = 0.02;
  while (late - early > 1e-9) {
    const double s = (early + late) / 2;
    (seconds_of_row(scene.scenario(), place(s).y) > s ? early : late) = s;
  }
  return place(early);
}

double velocity_y(const Scene& scene, int vehicle_id, int frame) {
  for (const Scene::VehicleState& state : scene.vehicles_at(frame)) {
    if (state.id == vehicle_id)
      return state.direction == Direction::towards ? -state.speed_mps : state.speed_mps;
  }
  throw std::runtime_error("the vehicle is not there");
}

TEST(RollingShutter, TruthLiesWhereTheRowOfEachCornerSeesIt) {
  for (const char* preset : {"day", "fast"}) {
    Scenario scenario = test::clean(preset);
    scenario.sensor.row_us_at_720 = 25;
    const Scene scene = test::scene_of(scenario);
    const SceneTruth truth = scene.truth();
    double farthest = 0, most_sheared = 0;
    int checked = 0;
    for (const VehicleTruth& vehicle : truth.vehicles) {
      for (const PlateView& view : vehicle.views) {
        const auto corners = scene.plate_corners(vehicle.id, view.frame);
        ASSERT_TRUE(corners);
        std::array<cv::Point2d, 4> moved;
        for (std::size_t i = 0; i < 4; ++i) {
          const cv::Point2d seen = seen_at(scene, (*corners)[i], velocity_y(scene, vehicle.id, view.frame));
          EXPECT_LT(cv::norm(seen - view.quad[i]), 0.02) << preset << ", row " << seen.y;
          moved[i] = seen - scene.camera().project((*corners)[i]);
          farthest = std::max(farthest, cv::norm(moved[i]));
          ++checked;
        }
        most_sheared = std::max(most_sheared, cv::norm(moved[2] - moved[1]));
      }
    }
    EXPECT_GT(checked, 40) << preset;
    EXPECT_GT(farthest, 2) << preset;
    EXPECT_GT(most_sheared, 0.2) << preset;
  }
}

TEST(RollingShutter, ARowShowsWhatAllRowsAtOnceShowAtItsMoment) {
  Scenario rolling = test::clean("day");
  rolling.seconds = 14;
  rolling.fps = 20;
  rolling.sensor.row_us_at_720 = 62.5;  // 100 rows of 540 take 1/120 s
  Scenario global = rolling;
  global.fps = 120;
  global.sensor.row_us_at_720 = 0;
  const Scene scene = test::scene_of(rolling);
  const Scene at_once = test::scene_of(global);
  int compared = 0;
  for (const VehicleTruth& vehicle : scene.truth().vehicles) {
    for (const PlateView& view : vehicle.views) {
      const double middle = (view.quad[0].y + view.quad[2].y) / 2;
      const int later = static_cast<int>(std::lround((middle - 269.5) / 100));
      const int row = 269 + 100 * later;  // and the one below: what frame 6 f + later shows there
      if (later == 0 || view.visible < 1 || view.quad[0].y > row - 3 || view.quad[2].y < row + 4) continue;
      const std::vector<cv::Point2f> quad(view.quad.begin(), view.quad.end());
      const cv::Rect plate = cv::boundingRect(quad);
      // The plate, the vehicle on both sides of it, and often the road.
      const cv::Rect band =
          cv::Rect(plate.x - plate.width, row, 3 * plate.width, 2) & cv::Rect(0, 0, 960, 540);
      const auto grey = [&](const Scene& from, int frame) {
        cv::Mat picture;
        cv::cvtColor(from.render(frame, from.planned_exposure())(band), picture, cv::COLOR_BGR2GRAY);
        return picture;
      };
      const auto apart = [](const cv::Mat& a, const cv::Mat& b) {
        return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total());
      };
      const cv::Mat seen = grey(scene, view.frame);
      EXPECT_LT(apart(seen, grey(at_once, 6 * view.frame + later)), 3);
      EXPECT_GT(apart(seen, grey(at_once, 6 * view.frame)), 12);
      ++compared;
    }
  }
  EXPECT_GE(compared, 4);
}

TEST(RollingShutter, PresetsWithAFlashHaveNone) {
  for (const PresetLine& preset : presets()) {
    const Scenario scenario = preset_scenario(preset.name).value();
    EXPECT_EQ(scenario.sensor.row_us_at_720, scenario.sensor.strobe > 0 ? 0 : 10) << preset.name;
  }
}

TEST(RollingShutter, RowsThatCannotBeReadInTimeAreRefused) {
  Scenario scenario = test::small("day");
  scenario.fps = 120;
  EXPECT_TRUE(check(scenario));
  scenario.sensor.row_us_at_720 = 12;
  EXPECT_EQ(
      check(scenario).error().message,
      "720 rows of 12 us take 8.6 ms, longer than a frame at 120 fps; shorten the row or slow the frames");
  scenario.sensor.row_us_at_720 = -1;
  EXPECT_THAT(check(scenario).error().message,
              testing::HasSubstr("the row time is -1; it must be 0 to 100 us"));
  scenario = test::small("night-ir");
  scenario.sensor.row_us_at_720 = 5;
  EXPECT_EQ(check(scenario).error().message,
            "a flash lights all rows at once; with a strobe the row time must be 0");
}

}  // namespace
}  // namespace wayside::roadsim
