// Scenes small enough to draw in a test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "wayside/roadsim/scene/scene.hpp"

namespace wayside::roadsim::test {

inline const PlatePress& press() {
  static const PlatePress loaded = [] {
    const char* root = std::getenv("WAYSIDE_SOURCE_DIR");
    if (root == nullptr) throw std::runtime_error("WAYSIDE_SOURCE_DIR is not set");
    auto made = PlatePress::load(std::filesystem::path(root) / "models" / "plates");
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }();
  return loaded;
}

inline Scenario small(std::string_view preset, std::uint64_t seed = 1, double seconds = 4) {
  Scenario scenario = preset_scenario(preset).value();
  scenario.seed = seed;
  scenario.seconds = seconds;
  scenario.width = 480;
  scenario.height = 270;
  scenario.codec = Codec::mjpeg;
  return scenario;
}

// Without noise, shadows and weather: for measuring.
inline Scenario clean(std::string_view preset, int width = 960, int height = 540) {
  Scenario scenario = small(preset);
  scenario.width = width;
  scenario.height = height;
  scenario.tree_shadow = 0;
  scenario.traffic.dirt = 0;
  scenario.sensor.noise = false;
  return scenario;
}

inline Scene scene_of(const Scenario& scenario) {
  auto made = Scene::make(scenario, press());
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

// The first frame in which a plate is wholly seen and at least so wide; throws where there is none.
struct Sight {
  const VehicleTruth* vehicle;
  PlateView view;
};
inline Sight first_sight(const SceneTruth& truth, double least_width) {
  for (const VehicleTruth& vehicle : truth.vehicles) {
    for (const PlateView& view : vehicle.views) {
      if (view.visible >= 0.999 && view.width_px >= least_width) return {&vehicle, view};
    }
  }
  throw std::runtime_error("no plate is seen so wide");
}

}  // namespace wayside::roadsim::test
