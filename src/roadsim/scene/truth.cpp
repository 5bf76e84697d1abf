#include "wayside/roadsim/scene/truth.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wayside::roadsim {

namespace {

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

nlohmann::ordered_json points_json(const std::vector<cv::Point2d>& points, double steps) {
  auto list = nlohmann::ordered_json::array();
  for (const cv::Point2d& p : points)
    list.push_back({rounded(p.x, steps), rounded(p.y, steps)});
  return list;
}

nlohmann::ordered_json vehicle_json(const VehicleTruth& vehicle) {
  auto views = nlohmann::ordered_json::array();
  for (const PlateView& view : vehicle.views) {
    views.push_back({{"frame", view.frame},
                     {"quad", points_json({view.quad.begin(), view.quad.end()}, 1000)},
                     {"width_px", rounded(view.width_px, 100)},
                     {"visible", rounded(view.visible, 1000)}});
  }
  return {{"id", vehicle.id},
          {"vrm", vehicle.vrm},
          {"format", vehicle.format},
          {"lines", vehicle.lines},
          {"kind", to_string(vehicle.kind)},
          {"lane", vehicle.lane},
          {"direction", to_string(vehicle.direction)},
          {"plate_colour", vehicle.plate_colour},
          {"frames", views}};
}

}  // namespace

bool legible(const VehicleTruth& vehicle) {
  return std::count_if(vehicle.views.begin(), vehicle.views.end(), [](const PlateView& view) {
           return view.width_px >= 80 && view.visible >= 0.98;
         }) >= 3;
}

std::string truth_json(const SceneTruth& truth) {
  nlohmann::ordered_json json = {{"version", 1},
                                 {"video", truth.video},
                                 {"preset", truth.preset},
                                 {"seed", truth.seed},
                                 {"width", truth.width},
                                 {"height", truth.height},
                                 {"fps", truth.fps},
                                 {"frames", truth.frames},
                                 {"lanes", nlohmann::ordered_json::array()},
                                 {"vehicles", nlohmann::ordered_json::array()}};
  for (const LaneTruth& lane : truth.lanes) {
    json["lanes"].push_back({{"number", lane.number},
                             {"direction", to_string(lane.direction)},
                             {"polygon", points_json(lane.polygon, 1e5)}});
  }
  for (const VehicleTruth& vehicle : truth.vehicles)
    json["vehicles"].push_back(vehicle_json(vehicle));
  return json.dump() + "\n";
}

std::string site_toml(const std::vector<LaneTruth>& lanes) {
  std::string text;
  for (const LaneTruth& lane : lanes) {
    std::string points;
    for (const cv::Point2d& p : lane.polygon)
      points += fmt::format("{}[{:.5f}, {:.5f}]", points.empty() ? "" : ", ", p.x, p.y);
    text += fmt::format("{}[[lane]]\nnumber = {}\npolygon = [{}]\n", text.empty() ? "" : "\n", lane.number,
                        points);
  }
  return text;
}

}  // namespace wayside::roadsim
