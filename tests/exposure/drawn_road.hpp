// The drawn road as a camera's sensor: exposure in, picture out, and the truth about its plates.
#pragma once

#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "wayside/anpr/capture/plate_brightness.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "src/app/recogniser.hpp"
#include "tests/doubles/drawn_plate.hpp"

namespace wayside::exposure {

inline const roadsim::PlatePress& press() {
  static const auto loaded = roadsim::PlatePress::load(doubles::source_folder() / "models" / "plates");
  if (!loaded) throw std::runtime_error(loaded.error().message);
  return *loaded;
}

inline roadsim::Scene road(const std::string& preset, std::uint64_t seed, int width = 1280) {
  roadsim::Scenario scenario = roadsim::preset_scenario(preset).value();
  scenario.seed = seed;
  scenario.height = scenario.height * width / scenario.width;
  scenario.width = width;
  scenario.sensor.row_us_at_720 = 0;  // a flash needs all rows at once
  auto made = roadsim::Scene::make(scenario, press());
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

inline std::array<cv::Point2f, 4> corners_of(const roadsim::Quad& quad) {
  return {cv::Point2f(quad[0]), cv::Point2f(quad[1]), cv::Point2f(quad[2]), cv::Point2f(quad[3])};
}

// Wholly in view and large enough to be read, which a plate of two lines is at a smaller width: the plates
// that the figures are about.
inline std::vector<roadsim::SeenPlate> plates_that_count(const roadsim::Scene& scene, int frame) {
  std::vector<roadsim::SeenPlate> plates = scene.plates_at(frame);
  std::erase_if(plates, [&](const roadsim::SeenPlate& plate) {
    const double aspect = cv::norm(plate.view.quad[3] - plate.view.quad[0]) / plate.view.width_px;
    const double least_width = (aspect > 0.4 ? 44 : 80) * scene.scenario().width / 1280.0;
    return plate.view.visible < 0.98 || plate.view.width_px < least_width;
  });
  return plates;
}

inline std::map<int, std::string> vrms(const roadsim::Scene& scene) {
  std::map<int, std::string> by_id;
  for (const roadsim::VehicleTruth& vehicle : scene.truth().vehicles)
    by_id.emplace(vehicle.id, vehicle.vrm);
  return by_id;
}

inline eval::Recogniser recogniser() {
  auto made = app::make_recogniser(app::recogniser_options({}, doubles::source_folder() / "models"));
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

inline FramePtr frame_of(const cv::Mat& picture, const FrameInfo& info) {
  auto made = make_frame(info, picture);
  if (!made) throw std::runtime_error(made.error().message);
  return *made;
}

}  // namespace wayside::exposure
