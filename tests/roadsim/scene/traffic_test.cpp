#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "small_scene.hpp"

namespace wayside::roadsim {
namespace {

TEST(Traffic, VehiclesOfOneLaneNeverOverlap) {
  for (const char* preset : {"day", "dense", "fast"}) {
    Scenario scenario = test::small(preset, 7, 40);
    scenario.width = 160;
    scenario.height = 120;
    const Scene scene = test::scene_of(scenario);
    for (int frame = 0; frame < scene.frame_count(); frame += 5) {
      std::map<int, std::vector<std::pair<double, double>>> lanes;  // from, to along y
      for (const auto& vehicle : scene.vehicles_at(frame)) {
        const bool towards = vehicle.direction == Direction::towards;
        lanes[vehicle.lane].emplace_back(towards ? vehicle.front_y_m : vehicle.front_y_m - vehicle.length_m,
                                         towards ? vehicle.front_y_m + vehicle.length_m : vehicle.front_y_m);
      }
      for (auto& [lane, spans] : lanes) {
        std::sort(spans.begin(), spans.end());
        for (std::size_t i = 0; i + 1 < spans.size(); ++i) {
          ASSERT_GT(spans[i + 1].first - spans[i].second, 0.5)
              << preset << " lane " << lane << " frame " << frame;
        }
      }
    }
  }
}

TEST(Traffic, SpeedsAreAsSetAndAgreeWithThePositions) {
  Scenario scenario = test::small("fast", 3, 8);
  scenario.width = 160;
  scenario.height = 120;
  const Scene scene = test::scene_of(scenario);
  const double wanted = scenario.traffic.speed_mph * 0.44704;
  int seen = 0;
  for (int frame = 20; frame < 180; ++frame) {
    const auto now = scene.vehicles_at(frame);
    const auto next = scene.vehicles_at(frame + 1);
    for (const auto& vehicle : now) {
      EXPECT_NEAR(vehicle.speed_mps, wanted, 2.01 * scenario.traffic.speed_spread_mph * 0.44704);
      const auto later =
          std::find_if(next.begin(), next.end(), [&](const auto& other) { return other.id == vehicle.id; });
      if (later == next.end()) continue;
      EXPECT_NEAR(std::abs(later->front_y_m - vehicle.front_y_m) * scenario.fps, vehicle.speed_mps, 1e-6);
      ++seen;
    }
  }
  EXPECT_GT(seen, 100);
}

TEST(Traffic, AWantedNumberOfVehiclesPassesAndEveryPlateIsSeen) {
  for (const char* preset : {"day", "fast"}) {
    Scenario scenario = test::small(preset, 5);
    scenario.width = 1280;  // the widths of plates are those of the full picture; nothing is drawn
    scenario.height = 720;
    scenario.vehicles = 9;
    scenario.tree_shadow = 0;
    const Scene scene = test::scene_of(scenario);
    const SceneTruth truth = scene.truth();
    ASSERT_EQ(truth.vehicles.size(), 9U) << preset;
    std::set<std::string> vrms;
    for (const VehicleTruth& vehicle : truth.vehicles) {
      EXPECT_TRUE(std::any_of(vehicle.views.begin(), vehicle.views.end(),
                              [](const PlateView& view) { return view.visible > 0.98; }))
          << preset << " vehicle " << vehicle.id;
      vrms.insert(vehicle.vrm);
      EXPECT_EQ(vehicle.views.back().frame < truth.frames, true);
    }
    EXPECT_EQ(vrms.size(), 9U);
    EXPECT_TRUE(scene.vehicles_at(truth.frames + 1).empty() ||
                truth.vehicles.back().views.back().frame < truth.frames - 1);
  }
}

TEST(Traffic, AnEmptyRoadHasNoVehicle) {
  const Scene scene = test::scene_of(test::small("empty"));
  for (int frame = 0; frame < scene.frame_count(); ++frame)
    EXPECT_TRUE(scene.vehicles_at(frame).empty());
  EXPECT_TRUE(scene.truth().vehicles.empty());
}

TEST(Traffic, MotorcyclesAreSeenFromBehindOnly) {
  Scenario scenario = test::small("two-line", 2, 120);
  scenario.width = 160;
  scenario.height = 120;
  const Scene scene = test::scene_of(scenario);
  std::set<int> motorcycles;
  for (int frame = 0; frame < scene.frame_count(); frame += 10) {
    for (const auto& vehicle : scene.vehicles_at(frame)) {
      if (vehicle.kind != VehicleKind::motorcycle) continue;
      EXPECT_EQ(vehicle.direction, Direction::away);
      motorcycles.insert(vehicle.id);
    }
  }
  EXPECT_GT(motorcycles.size(), 1U);
}

}  // namespace
}  // namespace wayside::roadsim
