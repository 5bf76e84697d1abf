// Everything that decides what a drawn scene looks like: road, camera, light, weather, traffic, sensor. One
// seed and one scenario are one scene, on every machine.
//
// Threads: plain values. Units in the names; world axes: x to the right, y along the road away from the
// camera, z up, metres, origin on the road below the camera. Failure: check() names the field, its limits and
// what was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::roadsim {

enum class Direction {
  towards,
  away
};  // as the camera sees it: front plates come towards, rear plates go away
enum class Light { day, dusk, night_ir };
enum class Codec { h264, mjpeg };
enum class VehicleKind { hatchback, saloon, suv, van, lorry, bus, motorcycle };
inline constexpr int vehicle_kind_count = 7;

std::string_view to_string(Direction direction);
std::string_view to_string(Light light);
std::string_view to_string(VehicleKind kind);

struct LaneSpec {
  int number = 1;
  Direction direction = Direction::towards;
  double centre_x_m = 0;
  double width_m = 3.4;
};

struct CameraPose {
  double x_m = 0;
  double height_m = 5;
  double tilt_deg = 12;            // down from the horizontal
  double pan_deg = 0;              // to the right of the road's direction
  double focal_px_at_1280 = 3000;  // scaled with the picture's width, so that the view stays the same
};

struct TrafficSpec {
  double speed_mph = 40;
  double speed_spread_mph = 4;  // standard deviation between vehicles
  double least_gap_s = 1.2;     // behind the vehicle in front, bumper to bumper
  double mean_gap_s = 3.0;
  double least_gap_m = 2.0;
  double stop_and_go = 0;       // 0 steady to 1: the whole lane swings between standstill and twice its speed
  double two_line_share = 0.1;  // of the vehicles that can carry such a plate
  double dirt = 0.15;           // greatest dirt on a plate, 0 clean to 1 barely legible
  // Weights of hatchback, saloon, suv, van, lorry, bus, motorcycle (motorcycles only where rear plates are
  // seen).
  std::vector<double> mix = {32, 20, 24, 12, 5, 2, 3};
};

struct SensorSpec {
  std::int32_t exposure_us = 600;
  double gain_db = 3.5;
  double strobe = 0;           // 0 dark to 1, infrared from the camera's own place
  double lens_blur_px = 0.55;  // standard deviation, at 1280 px width
  bool noise = true;
  // Rolling shutter: how much later each row is exposed than the one above it, in a picture of 720 rows; of
  // others so that the whole takes as long. 0: all rows at once. The middle row has the frame's instant. Only
  // vehicles show it; with a strobe it must be 0.
  double row_us_at_720 = 10;
};

struct Scenario {
  std::string preset = "day";
  std::uint64_t seed = 1;
  int width = 1280;
  int height = 720;
  double fps = 25;
  double seconds = 20;
  std::optional<int> vehicles;  // where set: exactly so many pass, and the scene lasts until the last one has
  UtcTime start{1780315200000};  // 2026-06-01T12:00:00Z
  Codec codec = Codec::h264;
  int plate_year = 2026;  // calendar year of the youngest plate

  Light light = Light::day;
  double sun_azimuth_deg =
      140;  // where the sun stands: 0 ahead of the camera, 90 to the right, 180 behind it
  double sun_elevation_deg = 38;
  double cloud = 0.3;           // 0 hard sun to 1 overcast
  double rain = 0;              // 0 dry to 1 heavy
  double tree_shadow = 0.3;     // share of the road under moving leaves' shadow
  bool swaying_branch = false;  // leaves hanging into the picture
  CameraPose camera;
  std::vector<LaneSpec> lanes;
  TrafficSpec traffic;
  SensorSpec sensor;
};

struct PresetLine {
  std::string_view name;
  std::string_view what;
};
[[nodiscard]] const std::vector<PresetLine>& presets();

// Unknown names fail with invalid_input; the message lists the known ones.
[[nodiscard]] Result<Scenario> preset_scenario(std::string_view name);

// Fails with invalid_input where a value is outside what can be drawn.
[[nodiscard]] Status check(const Scenario& scenario);

}  // namespace wayside::roadsim
