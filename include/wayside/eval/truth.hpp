// What really passed in a recorded scene, read from NAME.truth.json (wayside/roadsim/truth_format.md).
//
// Threads: pure but for reading the file. Units: pixels of the frame.
// Failure: invalid_input; the message names the file and the member that is missing or wrong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/anpr/locate/plate_candidate.hpp"
#include "wayside/base/result.hpp"

namespace wayside::eval {

struct PlateView {
  std::uint64_t frame = 0;
  PlateQuad quad{};
  double width_px = 0;
  double visible = 0;
};

struct TrueVehicle {
  std::string vrm;
  std::string direction;         // "towards" or "away"
  std::vector<PlateView> views;  // frames rise
  // The plate at least 80 px wide and wholly visible (>= 0.98) in at least 3 frames.
  [[nodiscard]] bool legible() const;
};

struct SceneTruth {
  std::uint64_t frames = 0;
  std::vector<TrueVehicle> vehicles;
};

[[nodiscard]] Result<SceneTruth> parse_truth(std::string_view json, std::string_view name);
[[nodiscard]] Result<SceneTruth> load_truth(const std::filesystem::path& path);
// NAME.truth.json beside NAME.mp4; nothing where there is none.
[[nodiscard]] Result<std::optional<SceneTruth>> truth_beside(const std::filesystem::path& clip);

}  // namespace wayside::eval
