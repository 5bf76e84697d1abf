#include "wayside/roadsim/scene/scenario.hpp"

#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/nearest.hpp"

namespace wayside::roadsim {

namespace {

Scenario two_way(std::string_view name) {
  Scenario scenario;
  scenario.preset = name;
  scenario.camera = {-4.0, 5.0, 14.4, 14, 3900};
  scenario.lanes = {{1, Direction::away, -1.75, 3.4}, {2, Direction::towards, 1.75, 3.4}};
  return scenario;
}

Scenario carriageway(std::string_view name) {
  Scenario scenario;
  scenario.preset = name;
  scenario.camera = {-3.4, 5.4, 14.6, 10.5, 3600};
  scenario.lanes = {{1, Direction::towards, -1.8, 3.6}, {2, Direction::towards, 1.8, 3.6}};
  return scenario;
}

Scenario day() {
  return two_way("day");
}

Scenario dusk() {
  Scenario scenario = carriageway("dusk");
  scenario.light = Light::dusk;
  scenario.sun_azimuth_deg = 60;
  scenario.sun_elevation_deg = 4;
  scenario.cloud = 0.8;
  scenario.tree_shadow = 0;
  scenario.sensor = {2000, 15, 0.5, 0.6, true, 0};
  scenario.traffic.speed_mph = 30;
  return scenario;
}

Scenario night_ir() {
  Scenario scenario = two_way("night-ir");
  scenario.light = Light::night_ir;
  scenario.cloud = 1;
  scenario.tree_shadow = 0;
  scenario.sensor = {250, 12, 1.0, 0.65, true, 0};
  return scenario;
}

Scenario rain() {
  Scenario scenario = carriageway("rain");
  scenario.rain = 0.7;
  scenario.cloud = 1;
  scenario.tree_shadow = 0;
  scenario.sensor = {1000, 2, 0, 0.65, true};
  scenario.traffic.dirt = 0.3;
  return scenario;
}

Scenario dense() {
  Scenario scenario;
  scenario.preset = "dense";
  scenario.camera = {-6.0, 7.0, 15.5, 13, 3000};
  scenario.lanes = {
      {1, Direction::towards, -3.5, 3.5}, {2, Direction::towards, 0, 3.5}, {3, Direction::towards, 3.5, 3.5}};
  scenario.traffic.speed_mph = 9;
  scenario.traffic.speed_spread_mph = 0;
  scenario.traffic.least_gap_s = 0.2;
  scenario.traffic.mean_gap_s = 0.5;
  scenario.traffic.least_gap_m = 1.6;
  scenario.traffic.stop_and_go = 0.6;
  scenario.cloud = 0.6;
  return scenario;
}

Scenario fast() {
  Scenario scenario = carriageway("fast");
  scenario.traffic.speed_mph = 100;
  scenario.traffic.speed_spread_mph = 3;
  scenario.traffic.mix = {25, 35, 25, 5, 0, 0, 0};
  scenario.traffic.least_gap_s = 0.8;
  scenario.traffic.mean_gap_s = 1.6;
  scenario.camera.focal_px_at_1280 = 3300;
  scenario.sensor = {250, 11, 0, 0.55, true};
  return scenario;
}

Scenario two_line() {
  Scenario scenario = two_way("two-line");
  scenario.traffic.two_line_share = 1;
  scenario.traffic.mix = {15, 10, 40, 15, 0, 0, 20};
  scenario.cloud = 0.6;
  return scenario;
}

Scenario empty() {
  Scenario scenario = two_way("empty");
  scenario.traffic.mix = {0, 0, 0, 0, 0, 0, 0};
  scenario.tree_shadow = 0.6;
  scenario.swaying_branch = true;
  return scenario;
}

struct Preset {
  PresetLine line;
  std::function<Scenario()> make;
};

const std::vector<Preset>& known() {
  static const std::vector<Preset> all = {
      {{"day", "two-way road in sun, 40 mph, shadows of leaves"}, day},
      {{"dusk", "two lanes towards the camera, low light, headlamps, longer exposures"}, dusk},
      {{"night-ir", "two-way road at night under the camera's infrared flash, grey picture"}, night_ir},
      {{"rain", "two lanes towards the camera, heavy rain, wet road, drops on the lens"}, rain},
      {{"dense", "three lanes of stop-and-go traffic, bumper to bumper"}, dense},
      {{"fast", "two lanes at 100 mph: few frames a vehicle"}, fast},
      {{"two-line", "two-way road where every plate has two lines, many motorcycles"}, two_line},
      {{"empty", "no vehicle at all: signs, swaying leaves and their shadows"}, empty},
  };
  return all;
}

Status within(std::string_view field, double value, double least, double most, std::string_view unit) {
  if (std::isfinite(value) && value >= least && value <= most) return {};
  return fail(ErrorCode::invalid_input, fmt::format("{} is {}; it must be {} to {}{}{}", field, value, least,
                                                    most, unit.empty() ? "" : " ", unit));
}

Status check_lanes(const Scenario& scenario) {
  if (scenario.lanes.empty() || scenario.lanes.size() > 8) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the scene has {} lanes; give it 1 to 8", scenario.lanes.size()));
  }
  for (std::size_t i = 0; i < scenario.lanes.size(); ++i) {
    const LaneSpec& lane = scenario.lanes[i];
    const auto name = [&](std::string_view field) { return fmt::format("lane {}: {}", lane.number, field); };
    if (auto ok = within(name("centre"), lane.centre_x_m, -30, 30, "m"); !ok) return ok;
    if (auto ok = within(name("width"), lane.width_m, 2.6, 6, "m"); !ok) return ok;
    for (std::size_t j = 0; j < i; ++j) {
      const LaneSpec& other = scenario.lanes[j];
      if (other.number == lane.number) {
        return fail(ErrorCode::invalid_input,
                    fmt::format("two lanes have the number {}; number each once", lane.number));
      }
      if (std::abs(other.centre_x_m - lane.centre_x_m) < (other.width_m + lane.width_m) / 2 - 0.11) {
        return fail(ErrorCode::invalid_input, fmt::format("lanes {} and {} overlap; move their centres apart",
                                                          other.number, lane.number));
      }
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(Direction direction) {
  return direction == Direction::towards ? "towards" : "away";
}

std::string_view to_string(Light light) {
  switch (light) {
    case Light::day:
      return "day";
    case Light::dusk:
      return "dusk";
    case Light::night_ir:
      break;
  }
  return "night-ir";
}

std::string_view to_string(VehicleKind kind) {
  switch (kind) {
    case VehicleKind::hatchback:
      return "hatchback";
    case VehicleKind::saloon:
      return "saloon";
    case VehicleKind::suv:
      return "suv";
    case VehicleKind::van:
      return "van";
    case VehicleKind::lorry:
      return "lorry";
    case VehicleKind::bus:
      return "bus";
    case VehicleKind::motorcycle:
      break;
  }
  return "motorcycle";
}

const std::vector<PresetLine>& presets() {
  static const std::vector<PresetLine> lines = [] {
    std::vector<PresetLine> all;
    for (const Preset& preset : known())
      all.push_back(preset.line);
    return all;
  }();
  return lines;
}

Result<Scenario> preset_scenario(std::string_view name) {
  std::vector<std::string> names;
  for (const Preset& preset : known()) {
    if (preset.line.name == name) return preset.make();
    names.emplace_back(preset.line.name);
  }
  const std::string near = nearest(name, names);
  return fail(
      ErrorCode::invalid_input,
      fmt::format("there is no preset \"{}\"; {}the presets are {}", json_escape(name),
                  near.empty() ? "" : fmt::format("did you mean {}? ", near), fmt::join(names, ", ")));
}

Status check(const Scenario& scenario) {
  struct Limit {
    std::string_view field;
    double value, least, most;
    std::string_view unit;
  };
  const TrafficSpec& traffic = scenario.traffic;
  const SensorSpec& sensor = scenario.sensor;
  const CameraPose& camera = scenario.camera;
  const Limit limits[] = {
      {"the width", static_cast<double>(scenario.width), 160, 3840, "px"},
      {"the height", static_cast<double>(scenario.height), 120, 2160, "px"},
      {"the frame rate", scenario.fps, 1, 120, "fps"},
      {"the duration", scenario.seconds, 0.04, 3600, "s"},
      {"the number of vehicles", static_cast<double>(scenario.vehicles.value_or(1)), 1, 10000, ""},
      {"the plate year", static_cast<double>(scenario.plate_year), 2002, 2049, ""},
      {"the start, in ms since 1970,", static_cast<double>(scenario.start.ms), 0, 4102444800000.0, ""},
      {"the sun's elevation", scenario.sun_elevation_deg, 2, 90, "degrees"},
      {"the cloud", scenario.cloud, 0, 1, ""},
      {"the rain", scenario.rain, 0, 1, ""},
      {"the trees' shadow", scenario.tree_shadow, 0, 1, ""},
      {"the camera's height", camera.height_m, 1.5, 15, "m"},
      {"the camera's tilt", camera.tilt_deg, 2, 45, "degrees"},
      {"the camera's pan", camera.pan_deg, -45, 45, "degrees"},
      {"the focal length", camera.focal_px_at_1280, 500, 12000, "px"},
      {"the speed", traffic.speed_mph, 2, 200, "mph"},
      {"the spread of speeds", traffic.speed_spread_mph, 0, traffic.speed_mph / 4, "mph"},
      {"the least gap", traffic.least_gap_s, 0.1, 60, "s"},
      {"the mean gap", traffic.mean_gap_s, traffic.least_gap_s, 600, "s"},
      {"the least gap", traffic.least_gap_m, 0.5, 100, "m"},
      {"stop-and-go", traffic.stop_and_go, 0, 1, ""},
      {"the share of two-line plates", traffic.two_line_share, 0, 1, ""},
      {"the dirt", traffic.dirt, 0, 1, ""},
      {"the exposure", static_cast<double>(sensor.exposure_us), 1, 40000, "us"},
      {"the gain", sensor.gain_db, 0, 48, "dB"},
      {"the strobe", sensor.strobe, 0, 1, ""},
      {"the lens blur", sensor.lens_blur_px, 0, 10, "px"},
      {"the row time", sensor.row_us_at_720, 0, 100, "us"},
  };
  for (const Limit& limit : limits) {
    if (auto ok = within(limit.field, limit.value, limit.least, limit.most, limit.unit); !ok) return ok;
  }
  if (scenario.width % 2 != 0 || scenario.height % 2 != 0) {
    return fail(ErrorCode::invalid_input, fmt::format("the size is {} x {}; video needs even numbers",
                                                      scenario.width, scenario.height));
  }
  if (const double readout_ms = sensor.row_us_at_720 * 720 / 1e3; readout_ms > 1e3 / scenario.fps) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("720 rows of {} us take {:.1f} ms, longer than a frame at {} fps; shorten the row "
                    "or slow the frames",
                    sensor.row_us_at_720, readout_ms, scenario.fps));
  }
  if (sensor.strobe > 0 && sensor.row_us_at_720 > 0) {
    return fail(ErrorCode::invalid_input,
                "a flash lights all rows at once; with a strobe the row time must be 0");
  }
  if (traffic.mix.size() != vehicle_kind_count) {
    return fail(ErrorCode::invalid_input, fmt::format("the vehicle mix has {} weights; it needs {}",
                                                      traffic.mix.size(), vehicle_kind_count));
  }
  double cars = 0;
  for (std::size_t kind = 0; kind < traffic.mix.size(); ++kind) {
    if (auto ok = within("a weight of the vehicle mix", traffic.mix[kind], 0, 1e6, ""); !ok) return ok;
    if (kind + 1 < traffic.mix.size()) cars += traffic.mix[kind];
  }
  if (cars == 0 && traffic.mix.back() > 0) {
    return fail(ErrorCode::invalid_input,
                "the vehicle mix has motorcycles only; add a kind that also has a front plate");
  }
  if (cars == 0 && scenario.vehicles) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "preset {} has no vehicles, so it cannot run until {} have passed; give --seconds instead",
            scenario.preset, *scenario.vehicles));
  }
  return check_lanes(scenario);
}

}  // namespace wayside::roadsim
