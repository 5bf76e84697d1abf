#include "tests/vm/road/road_pictures.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include <turbojpeg.h>

#include "wayside/roadsim/scene/scenario.hpp"
#include "wayside/roadsim/scene/scene.hpp"

namespace wayside::vm {

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

Bytes jpeg_of(const cv::Mat& bgr) {
  constexpr int quality = 90;
  const std::unique_ptr<void, int (*)(tjhandle)> compressor(tjInitCompress(), tjDestroy);
  unsigned char* out = nullptr;
  unsigned long bytes = 0;
  // 4:2:2, as cameras send it.
  const int failed = tjCompress2(compressor.get(), bgr.data, bgr.cols, static_cast<int>(bgr.step), bgr.rows,
                                 TJPF_BGR, &out, &bytes, TJSAMP_422, quality, 0);
  Bytes jpeg(out, out + bytes);
  tjFree(out);
  if (failed != 0) throw std::runtime_error("a picture could not be compressed");
  return jpeg;
}

roadsim::PlatePress press() {
  const char* source = std::getenv("WAYSIDE_SOURCE_DIR");
  if (source == nullptr)
    throw std::runtime_error("WAYSIDE_SOURCE_DIR is not set: run the tests through ctest");
  return must(roadsim::PlatePress::load(std::filesystem::path(source) / "models" / "plates"));
}

RoadPictures draw(int vehicles, int width, int height, bool with_vehicles, int empty_at_end) {
  auto scenario = must(roadsim::preset_scenario("day"));
  scenario.seed = 5;
  scenario.width = width;
  scenario.height = height;
  scenario.fps = 10;
  scenario.vehicles = vehicles;
  const roadsim::PlatePress plates = press();
  const auto scene = must(roadsim::Scene::make(scenario, plates));
  RoadPictures road;
  road.width = static_cast<std::uint16_t>(width);
  road.height = static_cast<std::uint16_t>(height);
  const int last = scene.frame_count() + empty_at_end;
  for (int frame = with_vehicles ? 0 : scene.frame_count(); frame < last; ++frame)
    road.pictures.push_back(jpeg_of(scene.render(frame, scene.planned_exposure())));
  if (!with_vehicles) return road;
  for (const roadsim::VehicleTruth& vehicle : scene.truth().vehicles)
    road.vrms.insert(vehicle.vrm);
  return road;
}

}  // namespace

RoadPictures draw_road(int vehicles, int empty_at_end) {
  return draw(vehicles, 960, 540, true, empty_at_end);
}

RoadPictures draw_empty_road(int pictures) {
  return draw(1, 640, 360, false, pictures);
}

}  // namespace wayside::vm
