// Who drives where and when. Closed forms in time, so that any frame can be asked for on its own.
#pragma once

#include <vector>

#include "wayside/roadsim/plates/random.hpp"
#include "wayside/roadsim/scene/scenario.hpp"

namespace wayside::roadsim {

struct Vehicle {
  int id = 0;
  std::size_t lane = 0;  // index into the scenario's lanes
  VehicleKind kind = VehicleKind::hatchback;
  double length_m = 4;
  double speed_mps = 10;
  double enters_s = 0;  // when its leading end passes the stretch's beginning, by the lane's own time
  std::uint64_t seed = 1;
};

class Traffic {
 public:
  explicit Traffic(const Scenario& scenario);

  [[nodiscard]] const std::vector<Vehicle>& vehicles() const { return vehicles_; }
  // y of the end in the direction of travel, and how fast it moves along y (negative towards the camera).
  [[nodiscard]] double front_y(const Vehicle& vehicle, double time_s) const;
  [[nodiscard]] double velocity_y(const Vehicle& vehicle, double time_s) const;
  // Whether any of it is on the drawn stretch.
  [[nodiscard]] bool on_stretch(const Vehicle& vehicle, double time_s) const;
  // When the last vehicle has left the stretch.
  [[nodiscard]] double over_s() const { return over_s_; }

 private:
  [[nodiscard]] double lane_time(std::size_t lane, double time_s) const;
  void fill_lane(const Scenario& scenario, std::size_t lane, double until_s, Random& random);

  std::vector<Vehicle> vehicles_;
  std::vector<LaneSpec> lanes_;
  std::vector<double> phase_;
  double stop_and_go_ = 0;
  double over_s_ = 0;
};

[[nodiscard]] double length_of(VehicleKind kind);

}  // namespace wayside::roadsim
