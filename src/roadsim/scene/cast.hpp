// The vehicles of a scene as they appear: body, plate, place in the world; made when first seen, let go when
// gone.
//
// Threads: const functions from any number at once; who asks first for an actor makes it, the others wait.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "wayside/roadsim/plates/plate_press.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "plate_painter.hpp"
#include "raster.hpp"
#include "traffic.hpp"

namespace wayside::roadsim {

struct Actor {
  const Vehicle* vehicle = nullptr;
  PlateSpec spec;
  cv::Size2d plate_m;
  SeenFrom seen;
  VehicleBody body;
  PlatePainter painter;
};

class Cast {
 public:
  // press must outlive the cast.
  [[nodiscard]] static Result<Cast> make(const Scenario& scenario, const SceneCamera& camera,
                                         const PlatePress& press);

  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] const PlateSpec& plate(const Vehicle& vehicle) const { return specs_[index(vehicle)]; }

  // Those whose outline touches the picture at that time, the farthest first: each may hide parts of those
  // before it.
  [[nodiscard]] std::vector<std::shared_ptr<const Actor>> on_stage(double time_s) const;
  [[nodiscard]] std::shared_ptr<const Actor> actor(const Vehicle& vehicle) const;
  [[nodiscard]] Pose pose(const Vehicle& vehicle, double time_s) const;
  [[nodiscard]] PlateCorners plate_corners(const Actor& actor, double time_s) const;

 private:
  Cast(const Scenario& scenario, const SceneCamera& camera, const PlatePress& press);
  [[nodiscard]] static std::size_t index(const Vehicle& vehicle) {
    return static_cast<std::size_t>(vehicle.id - 1);
  }
  [[nodiscard]] bool in_picture(const Vehicle& vehicle, double time_s) const;

  Scenario scenario_;
  SceneCamera camera_;
  RollingShutter shutter_;
  const PlatePress* press_;
  Traffic traffic_;
  std::vector<PlateSpec> specs_;
  std::vector<cv::Size2d> plate_sizes_;
  struct Place {  // of an actor that is made or being made
    std::once_flag once;
    std::shared_ptr<const Actor> actor;
  };
  struct Wings {
    std::mutex mutex;
    std::map<int, std::shared_ptr<Place>> places;
  };
  [[nodiscard]] std::shared_ptr<const Actor> dress(const Vehicle& vehicle) const;
  std::unique_ptr<Wings> wings_ = std::make_unique<Wings>();
};

}  // namespace wayside::roadsim
