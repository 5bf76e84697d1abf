// Ground truth of a scene as values, and the texts of its files (truth_format.md).
//
// Threads: values and pure functions. Units: pixels with the centre of the top left pixel at (0, 0); lanes in
// fractions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core/types.hpp>

#include "wayside/roadsim/scene/scenario.hpp"

namespace wayside::roadsim {

using Quad =
    std::array<cv::Point2d, 4>;  // top left, top right, bottom right, bottom left, as the plate is read

struct PlateView {
  int frame = 0;
  Quad quad;
  double width_px = 0;  // mean of the upper and the lower edge
  double visible = 0;   // share inside the picture and not covered by another vehicle
};

struct VehicleTruth {
  int id = 0;
  std::string vrm;
  std::string format;
  int lines = 1;
  VehicleKind kind = VehicleKind::hatchback;
  int lane = 1;
  Direction direction = Direction::towards;
  std::string plate_colour;  // "white", "yellow", "black"
  std::vector<PlateView> views;
};

struct LaneTruth {
  int number = 1;
  Direction direction = Direction::towards;
  std::vector<cv::Point2d> polygon;  // fractions of width and height
};

struct SceneTruth {
  std::string video;
  std::string preset;
  std::uint64_t seed = 0;
  int width = 0;
  int height = 0;
  double fps = 0;
  int frames = 0;
  std::vector<LaneTruth> lanes;
  std::vector<VehicleTruth> vehicles;
};

// The legibility rule of truth_format.md.
[[nodiscard]] bool legible(const VehicleTruth& vehicle);

[[nodiscard]] std::string truth_json(const SceneTruth& truth);
// The [[lane]] tables of a camera's configuration.
[[nodiscard]] std::string site_toml(const std::vector<LaneTruth>& lanes);

}  // namespace wayside::roadsim
