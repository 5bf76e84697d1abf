#include "traffic.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace wayside::roadsim {

namespace {

constexpr double stretch_near_y = -2;
constexpr double stretch_far_y = 150;
constexpr double stretch_m = stretch_far_y - stretch_near_y;
constexpr double mps_per_mph = 0.44704;
constexpr double swing_s = 9;  // period of stop-and-go
constexpr double longest_m = 12;

VehicleKind pick_kind(const std::vector<double>& mix, bool rear_seen, Random& random) {
  const std::size_t kinds = rear_seen ? mix.size() : mix.size() - 1;  // motorcycles carry no front plate
  double all = 0;
  for (std::size_t i = 0; i < kinds; ++i)
    all += mix[i];
  double left = random.uniform() * all;
  std::size_t last = 0;
  for (std::size_t i = 0; i < kinds; ++i) {
    if (mix[i] <= 0) continue;
    last = i;
    left -= mix[i];
    if (left < 0) break;
  }
  return static_cast<VehicleKind>(last);
}

}  // namespace

double length_of(VehicleKind kind) {
  switch (kind) {
    case VehicleKind::hatchback:
      return 4.1;
    case VehicleKind::saloon:
      return 4.7;
    case VehicleKind::suv:
      return 4.5;
    case VehicleKind::van:
      return 5.5;
    case VehicleKind::lorry:
      return 9.5;
    case VehicleKind::bus:
      return 11.5;
    case VehicleKind::motorcycle:
      break;
  }
  return 2.15;
}

Traffic::Traffic(const Scenario& scenario)
    : lanes_(scenario.lanes), stop_and_go_(scenario.traffic.stop_and_go) {
  Random random(scenario.seed ^ 0x7261666669637331ULL);
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    phase_.push_back(random.uniform(0, 2 * std::numbers::pi));
  double cars = 0;
  for (std::size_t i = 0; i + 1 < scenario.traffic.mix.size(); ++i)
    cars += scenario.traffic.mix[i];
  if (cars <= 0) return;

  // With a number given, each lane alone could have to deliver it.
  const double slowest =
      std::max(0.5, (scenario.traffic.speed_mph - 3 * scenario.traffic.speed_spread_mph) * mps_per_mph);
  const double each_s = scenario.traffic.mean_gap_s + scenario.traffic.least_gap_s +
                        (longest_m + scenario.traffic.least_gap_m) / slowest;
  const double until_s = scenario.vehicles ? (*scenario.vehicles + 2) * each_s : scenario.seconds;
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    Random own = random.split(lane + 1);
    fill_lane(scenario, lane, until_s, own);
  }
  // Numbered by when their plates come by, about 16 m ahead of the camera.
  const auto comes_by = [&](const Vehicle& vehicle) {
    const bool towards = lanes_[vehicle.lane].direction == Direction::towards;
    return vehicle.enters_s +
           (towards ? stretch_far_y - 16 : 16 + vehicle.length_m - stretch_near_y) / vehicle.speed_mps;
  };
  std::stable_sort(vehicles_.begin(), vehicles_.end(),
                   [&](const Vehicle& a, const Vehicle& b) { return comes_by(a) < comes_by(b); });
  if (scenario.vehicles && vehicles_.size() > static_cast<std::size_t>(*scenario.vehicles)) {
    vehicles_.resize(static_cast<std::size_t>(*scenario.vehicles));
  }
  int id = 0;
  for (Vehicle& vehicle : vehicles_) {
    vehicle.id = ++id;
    const bool towards = lanes_[vehicle.lane].direction == Direction::towards;
    // Going away, a plate is long too small to be seen before the stretch ends.
    const double way = towards ? stretch_m + vehicle.length_m : 60 + vehicle.length_m;
    over_s_ = std::max(over_s_, vehicle.enters_s + way / vehicle.speed_mps);
  }
  if (stop_and_go_ > 0) over_s_ += swing_s * stop_and_go_ / std::numbers::pi;  // the swing may be behind
}

void Traffic::fill_lane(const Scenario& scenario, std::size_t lane, double until_s, Random& random) {
  const TrafficSpec& traffic = scenario.traffic;
  const bool towards = lanes_[lane].direction == Direction::towards;
  const Vehicle* ahead = nullptr;
  for (;;) {
    Vehicle vehicle;
    vehicle.lane = lane;
    vehicle.kind = pick_kind(traffic.mix, !towards, random);
    vehicle.length_m = length_of(vehicle.kind);
    const double spread = std::clamp(random.normal(), -2.0, 2.0) * traffic.speed_spread_mph;
    vehicle.speed_mps = std::max(0.5, (traffic.speed_mph + spread) * mps_per_mph);
    vehicle.seed = random.bits();
    // The gap behind the one in front, at the mean least_gap_s .. 2 x mean - least.
    const double gap_s = random.uniform(traffic.least_gap_s, 2 * traffic.mean_gap_s - traffic.least_gap_s);
    if (ahead == nullptr) {
      // The first is already on its way, so that a scene need not begin with an empty road.
      const double driven = towards ? stretch_far_y - random.uniform(34, 60) : random.uniform(-10, 3);
      vehicle.enters_s = -driven / vehicle.speed_mps;
    } else {
      // Both drive evenly, so the gap is least at the beginning or at the end of the stretch: keep it at
      // both.
      const double clear_m = ahead->length_m + traffic.least_gap_m;
      const double at_entry = ahead->enters_s + clear_m / ahead->speed_mps;
      const double at_exit =
          ahead->enters_s + (stretch_m + clear_m) / ahead->speed_mps - stretch_m / vehicle.speed_mps;
      vehicle.enters_s = std::max(at_entry, at_exit) + gap_s;
    }
    if (vehicle.enters_s > until_s) return;
    vehicles_.push_back(vehicle);
    ahead = &vehicles_.back();
    if (vehicles_.size() > 200000) return;
  }
}

double Traffic::lane_time(std::size_t lane, double time_s) const {
  const double w = 2 * std::numbers::pi / swing_s;
  return time_s + stop_and_go_ / w * (std::sin(w * time_s + phase_[lane]) - std::sin(phase_[lane]));
}

double Traffic::front_y(const Vehicle& vehicle, double time_s) const {
  const double driven = (lane_time(vehicle.lane, time_s) - vehicle.enters_s) * vehicle.speed_mps;
  return lanes_[vehicle.lane].direction == Direction::towards ? stretch_far_y - driven
                                                              : stretch_near_y + driven;
}

double Traffic::velocity_y(const Vehicle& vehicle, double time_s) const {
  const double w = 2 * std::numbers::pi / swing_s;
  const double speed = vehicle.speed_mps * (1 + stop_and_go_ * std::cos(w * time_s + phase_[vehicle.lane]));
  return lanes_[vehicle.lane].direction == Direction::towards ? -speed : speed;
}

bool Traffic::on_stretch(const Vehicle& vehicle, double time_s) const {
  const double front = front_y(vehicle, time_s);
  if (lanes_[vehicle.lane].direction == Direction::towards) {
    return front <= stretch_far_y && front + vehicle.length_m >= stretch_near_y;
  }
  return front >= stretch_near_y && front - vehicle.length_m <= stretch_far_y;
}

}  // namespace wayside::roadsim
