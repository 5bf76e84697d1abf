#include "cast.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace wayside::roadsim {

namespace {

constexpr double px_per_mm = 1.0;  // artwork: finer than any picture shows it
constexpr double check_px_per_mm = 0.25;
constexpr std::size_t actors_kept = 48;  // a skin set is some megabytes

PlateSpec plate_for(const Scenario& scenario, const Vehicle& vehicle) {
  Random random(vehicle.seed ^ 0x706c617465ULL);
  const bool rear = scenario.lanes[vehicle.lane].direction == Direction::away;
  PlateSpec spec = random_plate(random, rear, scenario.plate_year);
  spec.dirt = std::min(spec.dirt, scenario.traffic.dirt);
  const bool motorcycle = vehicle.kind == VehicleKind::motorcycle;
  const bool can = motorcycle || vehicle.kind == VehicleKind::suv || vehicle.kind == VehicleKind::van ||
                   scenario.traffic.two_line_share >= 1;
  spec.motorcycle = motorcycle;
  spec.lines = motorcycle || (can && random.chance(scenario.traffic.two_line_share)) ? 2 : 1;
  if (groups_of(spec.vrm, spec.format).size() < 2) spec.lines = 1;
  if (spec.lines == 2) spec.band = SideBand::none;
  return spec;
}

}  // namespace

Cast::Cast(const Scenario& scenario, const SceneCamera& camera, const PlatePress& press)
    : scenario_(scenario),
      camera_(camera),
      shutter_(camera, scenario.sensor),
      press_(&press),
      traffic_(scenario) {}

Result<Cast> Cast::make(const Scenario& scenario, const SceneCamera& camera, const PlatePress& press) {
  Cast cast(scenario, camera, press);
  for (const Vehicle& vehicle : cast.traffic_.vehicles()) {
    cast.specs_.push_back(plate_for(scenario, vehicle));
    auto tried = press.draw(cast.specs_.back(), check_px_per_mm);
    if (!tried) return fail(tried.error().context(fmt::format("the plate of vehicle {}", vehicle.id)));
    cast.plate_sizes_.emplace_back(tried->size_mm.width / 1000.0, tried->size_mm.height / 1000.0);
  }
  return cast;
}

Pose Cast::pose(const Vehicle& vehicle, double time_s) const {
  const LaneSpec& lane = scenario_.lanes[vehicle.lane];
  // Drivers keep their own line, up to a hand's breadth off the middle.
  const double own_line = (static_cast<double>(vehicle.seed % 1000) / 1000.0 - 0.5) * 0.3;
  return {lane.centre_x_m + own_line, traffic_.front_y(vehicle, time_s), lane.direction == Direction::towards,
          traffic_.velocity_y(vehicle, time_s)};
}

std::shared_ptr<const Actor> Cast::actor(const Vehicle& vehicle) const {
  std::shared_ptr<Place> place;
  {
    const std::lock_guard lock(wings_->mutex);
    auto& places = wings_->places;
    std::shared_ptr<Place>& kept = places[vehicle.id];
    if (!kept) kept = std::make_shared<Place>();
    place = kept;
    while (places.size() > actors_kept) {
      // Vehicles are numbered as they come by: the lowest has left, or is the first to.
      places.erase(places.begin()->first < vehicle.id ? places.begin() : std::prev(places.end()));
    }
  }
  std::call_once(place->once, [&] { place->actor = dress(vehicle); });
  return place->actor;
}

std::shared_ptr<const Actor> Cast::dress(const Vehicle& vehicle) const {
  const PlateSpec& spec = specs_[index(vehicle)];
  const cv::Size2d size = plate_sizes_[index(vehicle)];
  const LaneSpec& lane = scenario_.lanes[vehicle.lane];
  SeenFrom seen;
  seen.rear = lane.direction == Direction::away;
  const bool camera_right = scenario_.camera.x_m > lane.centre_x_m;
  seen.right_side = seen.rear ? camera_right : !camera_right;
  seen.lights_on = scenario_.light != Light::day || scenario_.rain > 0.3;
  auto artwork = press_->draw(spec, px_per_mm);
  // The same plate was drawn when the cast was made; only memory could fail now.
  PlatePainter painter(artwork ? *artwork : *press_->draw(spec, check_px_per_mm));
  return std::make_shared<const Actor>(Actor{
      &vehicle, spec, size, seen, make_body(vehicle.kind, seen, size, vehicle.seed), std::move(painter)});
}

bool Cast::in_picture(const Vehicle& vehicle, double time_s) const {
  if (!traffic_.on_stretch(vehicle, time_s)) return false;
  const Pose at = pose(vehicle, time_s);
  const float reach = 0.1F + static_cast<float>(shutter_.reach(at.velocity_y));
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
  for (int i = 0; i < 8; ++i) {
    const cv::Vec3f local((i & 1) != 0 ? 1.5F : -1.5F,
                          (i & 2) != 0 ? reach : static_cast<float>(-vehicle.length_m) - reach,
                          (i & 4) != 0 ? 4.0F : 0.0F);
    const cv::Point3d world = at.world(local);
    if (camera_.to_camera(world)[2] <= 0.5) continue;
    const cv::Point2d px = camera_.project(world);
    left = std::min(left, px.x), right = std::max(right, px.x);
    top = std::min(top, px.y), bottom = std::max(bottom, px.y);
  }
  return right >= 0 && bottom >= 0 && left <= camera_.size().width && top <= camera_.size().height &&
         left <= right;
}

std::vector<std::shared_ptr<const Actor>> Cast::on_stage(double time_s) const {
  std::vector<const Vehicle*> seen;
  for (const Vehicle& vehicle : traffic_.vehicles()) {
    if (in_picture(vehicle, time_s)) seen.push_back(&vehicle);
  }
  // An upright plane between two lanes has the camera on one side: the lane there can only hide the other.
  const auto from_camera = [&](const Vehicle* v) {
    return std::abs(scenario_.lanes[v->lane].centre_x_m - scenario_.camera.x_m);
  };
  std::sort(seen.begin(), seen.end(), [&](const Vehicle* a, const Vehicle* b) {
    if (a->lane != b->lane && from_camera(a) != from_camera(b)) return from_camera(a) > from_camera(b);
    const double ya = traffic_.front_y(*a, time_s);
    const double yb = traffic_.front_y(*b, time_s);
    return ya != yb ? ya > yb : a->id < b->id;
  });
  std::vector<std::shared_ptr<const Actor>> actors;
  for (const Vehicle* vehicle : seen)
    actors.push_back(actor(*vehicle));
  return actors;
}

PlateCorners Cast::plate_corners(const Actor& actor, double time_s) const {
  const PlatePlace& place = actor.body.plate;
  const Pose at = pose(*actor.vehicle, time_s);
  const double pitch = place.pitch_deg * CV_PI / 180;
  const double facing = actor.seen.rear ? 1 : -1;  // which way leaning back is, along y
  PlateCorners corners;
  constexpr std::array<std::array<double, 2>, 4> signs = {{{-1, 1}, {1, 1}, {1, -1}, {-1, -1}}};
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const double right = signs[i][0] * actor.plate_m.width / 2;  // as the reader sees it
    const double up = signs[i][1] * actor.plate_m.height / 2;
    const cv::Vec3f local(
        static_cast<float>(place.x + (actor.seen.rear ? right : -right)),
        static_cast<float>(actor.body.plate_y + facing * (up + actor.plate_m.height / 2) * std::sin(pitch)),
        static_cast<float>(place.z + up * std::cos(pitch)));
    corners[i] = at.world(local);
  }
  return corners;
}

}  // namespace wayside::roadsim
