// A drawn road: any frame of it, at any exposure, with its ground truth.
//
// Threads: const functions from any number of threads at once; each thread that renders keeps one scratch
// picture until it ends. press must not be let go before the scene. Ownership: render() gives a picture of
// its own. The same scenario and frame number give the same picture in whatever order frames are asked for.
// Failure: make() reports an impossible scenario or a plate that the press refuses.
#pragma once

#include <memory>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/base/result.hpp"
#include "wayside/roadsim/plates/plate_press.hpp"
#include "wayside/roadsim/scene/camera.hpp"
#include "wayside/roadsim/scene/scenario.hpp"
#include "wayside/roadsim/scene/truth.hpp"

namespace wayside::roadsim {

struct Exposure {
  std::int32_t exposure_us = 500;
  double gain_db = 0;
  double strobe = 0;  // 0 to 1
};

struct SeenPlate {
  int vehicle_id = 0;
  PlateView view;
};

class Scene {
 public:
  [[nodiscard]] static Result<Scene> make(const Scenario& scenario, const PlatePress& press);
  Scene(Scene&&) noexcept;
  Scene& operator=(Scene&&) noexcept;
  ~Scene();

  [[nodiscard]] const Scenario& scenario() const;
  [[nodiscard]] const SceneCamera& camera() const;
  // By the scenario's seconds, or until the last vehicle has passed.
  [[nodiscard]] int frame_count() const;
  [[nodiscard]] Exposure planned_exposure() const;

  // CV_8UC3 of the scenario's size; three equal channels under infrared light. frame may lie beyond
  // frame_count().
  [[nodiscard]] cv::Mat render(int frame, const Exposure& exposure) const;

  // What stands where in one frame: for tests and for a camera that is driven in closed loop.
  struct VehicleState {
    int id = 0;
    VehicleKind kind = VehicleKind::hatchback;
    int lane = 1;
    Direction direction = Direction::towards;
    double front_y_m = 0;  // of the bumper nearest in its direction of travel
    double length_m = 0;
    double speed_mps = 0;
  };
  [[nodiscard]] std::vector<VehicleState> vehicles_at(int frame) const;
  // The corners of a vehicle's plate in the world at the frame's instant, as it is read; fails for an id that
  // is not there. A rolling shutter sees them a little earlier or later (SensorSpec::row_us_at_720).
  [[nodiscard]] Result<std::array<cv::Point3d, 4>> plate_corners(int vehicle_id, int frame) const;
  // The plates that are seen in one frame, at least in part and wide enough for truth, where its rows see
  // them.
  [[nodiscard]] std::vector<SeenPlate> plates_at(int frame) const;
  // All vehicles that are seen with some of their plate, all frames.
  [[nodiscard]] SceneTruth truth() const;
  // The same from what plates_at() has given for each frame, from the first on; those left out are found.
  [[nodiscard]] SceneTruth truth_of(const std::vector<std::vector<SeenPlate>>& plates) const;

 private:
  struct Parts;
  explicit Scene(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace wayside::roadsim
