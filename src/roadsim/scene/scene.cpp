#include "wayside/roadsim/scene/scene.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "backdrop.hpp"
#include "blur.hpp"
#include "cast.hpp"
#include "lighting.hpp"
#include "sensor.hpp"
#include "weather.hpp"

namespace wayside::roadsim {

namespace {

constexpr double least_width_px = 20;    // smaller plates are not worth a line of truth
constexpr double plate_height_m = 0.55;  // lanes are given where plates travel, not on the road below them

std::vector<cv::Point2d> clip(std::vector<cv::Point2d> polygon) {  // to the unit square
  for (int side = 0; side < 4; ++side) {
    const auto inside = [&](const cv::Point2d& p) {
      const double value = side < 2 ? p.x : p.y;
      return side % 2 == 0 ? value : 1 - value;
    };
    std::vector<cv::Point2d> kept;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const cv::Point2d& a = polygon[i];
      const cv::Point2d& b = polygon[(i + 1) % polygon.size()];
      const double da = inside(a);
      const double db = inside(b);
      if (da >= 0) kept.push_back(a);
      if ((da >= 0) != (db >= 0)) kept.push_back(a + (b - a) * (da / (da - db)));
    }
    polygon = std::move(kept);
  }
  return polygon;
}

LaneTruth lane_truth(const LaneSpec& lane, const SceneCamera& camera) {
  std::vector<cv::Point2d> left, right;
  for (double y = 4; y <= 90; y *= 1.25) {
    for (const double side : {-0.5, 0.5}) {
      const cv::Point3d at(lane.centre_x_m + side * lane.width_m, y, plate_height_m);
      if (camera.to_camera(at)[2] <= 0.5) continue;
      const cv::Point2d px = camera.project(at);
      (side < 0 ? left : right)
          .emplace_back((px.x + 0.5) / camera.size().width, (px.y + 0.5) / camera.size().height);
    }
  }
  left.insert(left.end(), right.rbegin(), right.rend());
  return {lane.number, lane.direction, clip(left)};
}

void lay_over(cv::Mat& picture, const Layer& layer) {
  for (int y = 0; y < layer.area.height; ++y) {
    const float* over = layer.light.ptr<float>(y);
    float* to = picture.ptr<float>(layer.area.y + y) + static_cast<std::ptrdiff_t>(3) * layer.area.x;
    for (int x = 0; x < layer.area.width; ++x, over += 4, to += 3) {
      if (over[3] <= 0) continue;
      const float rest = 1 - over[3];
      for (int c = 0; c < 3; ++c)
        to[c] = over[c] + to[c] * rest;
    }
  }
}

float strobe_of(const Exposure& exposure) {
  return static_cast<float>(exposure.strobe * flash_us(exposure) / std::max(1, exposure.exposure_us));
}

// A soft spot of any convex shape: where it lies in the picture, and how much of it is there, 0 to 1.
struct Spot {
  cv::Rect area;
  cv::Mat share;  // CV_32FC1

  Spot(const std::vector<cv::Point2f>& points, double sigma, cv::Size picture) {
    if (points.size() < 3) return;
    std::vector<cv::Point2f> hull;
    cv::convexHull(points, hull);
    const int room = static_cast<int>(3 * sigma) + 2;
    const cv::Rect box = cv::boundingRect(hull);
    area = cv::Rect(box.x - room, box.y - room, box.width + 2 * room, box.height + 2 * room) &
           cv::Rect({0, 0}, picture);
    if (area.width < 4 || area.height < 4) {
      area = {};
      return;
    }
    // The softer, the smaller it can be drawn.
    const int reduced = std::clamp(static_cast<int>(sigma / 1.5), 2, 16);
    cv::Mat drawn((area.height + reduced - 1) / reduced, (area.width + reduced - 1) / reduced, CV_8UC1,
                  cv::Scalar(0));
    std::vector<cv::Point> fixed;
    for (const cv::Point2f& p : hull) {
      fixed.emplace_back(cvRound((p.x - static_cast<float>(area.x)) * 16 / static_cast<float>(reduced)),
                         cvRound((p.y - static_cast<float>(area.y)) * 16 / static_cast<float>(reduced)));
    }
    cv::fillConvexPoly(drawn, fixed, cv::Scalar(255), cv::LINE_AA, 4);
    drawn.convertTo(share, CV_32F, 1 / 255.0);
    cv::GaussianBlur(share, share, {}, sigma / reduced);
    cv::resize(share, share, area.size(), 0, 0, cv::INTER_LINEAR);
  }
};

// By 1 + change where the spot is whole.
void scale_light(cv::Mat& picture, const Spot& spot, float change) {
  for (int y = 0; y < spot.area.height; ++y) {
    float* out = picture.ptr<float>(spot.area.y + y) + static_cast<std::ptrdiff_t>(3) * spot.area.x;
    const float* share = spot.share.ptr<float>(y);
    for (int x = 0; x < spot.area.width; ++x, out += 3) {
      const float factor = 1 + change * share[x];
      for (int c = 0; c < 3; ++c)
        out[c] *= factor;
    }
  }
}

}  // namespace

struct Scene::Parts {
  Parts(const Scenario& wanted, const SceneCamera& seen_by, Cast&& players)
      : scenario(wanted),
        camera(seen_by),
        shutter(seen_by, wanted.sensor),
        lighting(wanted),
        backdrop(draw_backdrop(wanted, seen_by, lighting)),
        sensor(wanted),
        weather(wanted, lighting),
        cast(std::move(players)),
        planned_strobe(strobe_of({wanted.sensor.exposure_us, wanted.sensor.gain_db, wanted.sensor.strobe})),
        leaves_move(wanted.swaying_branch && lighting.casts_shadows()) {
    if (!leaves_move) mix_road(road, 0, planned_strobe);
  }

  Scenario scenario;
  SceneCamera camera;
  RollingShutter shutter;
  Lighting lighting;
  Backdrop backdrop;
  Sensor sensor;
  Weather weather;
  Cast cast;
  float planned_strobe;
  bool leaves_move;
  cv::Mat road;  // the backdrop under the planned strobe; empty where the leaves move

  [[nodiscard]] double time_of(int frame) const { return frame / scenario.fps; }
  // Where the rows see the plate, corner by corner.
  [[nodiscard]] PlateCorners seen_corners(const Actor& actor, double time_s) const;
  void lit_road(cv::Mat& picture, double time_s, float strobe) const;
  void mix_road(cv::Mat& picture, double time_s, float strobe) const;
  void cast_shadows(cv::Mat& picture, const Actor& actor, double time_s, float strobe) const;
  void light_road_ahead(cv::Mat& picture, const Actor& actor, double time_s) const;
  void wet_reflection(cv::Mat& picture, const Layer& layer) const;
  void lamps(cv::Mat& picture, const Actor& actor, double time_s) const;
  [[nodiscard]] double visible_share(const PlateCorners& corners,
                                     const std::vector<std::vector<cv::Point2f>>& hiding) const;
};

void Scene::Parts::lit_road(cv::Mat& picture, double time_s, float strobe) const {
  if (!road.empty() && strobe == planned_strobe) {
    road.copyTo(picture);
  } else {
    mix_road(picture, time_s, strobe);
  }
}

void Scene::Parts::mix_road(cv::Mat& picture, double time_s, float strobe) const {
  cv::Mat map = backdrop.leaves;
  if (leaves_move) {
    const double tile_px_per_m = lighting.leaves().cols / static_cast<double>(Lighting::leaves_tile_m);
    cv::Mat swayed;  // the backdrop's own map stays as it is
    cv::add(backdrop.leaves, cv::Scalar(weather.sway(time_s) * tile_px_per_m, 0), swayed);
    map = swayed;
  }
  cv::Mat sun;
  cv::remap(lighting.leaves(), sun, map, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_WRAP);
  picture.create(camera.size(), CV_32FC3);
  for (int y = 0; y < picture.rows; ++y) {
    const float* sunny = backdrop.sunny.ptr<float>(y);
    const float* shady = backdrop.shady.ptr<float>(y);
    const float* flash = backdrop.flash.ptr<float>(y);
    const float* share = sun.ptr<float>(y);
    float* out = picture.ptr<float>(y);
    for (int x = 0; x < picture.cols; ++x) {
      const float back = flash[x] * strobe;
      for (int i = 3 * x; i < 3 * x + 3; ++i)
        out[i] = shady[i] + (sunny[i] - shady[i]) * share[x] + back;
    }
  }
}

void Scene::Parts::cast_shadows(cv::Mat& picture, const Actor& actor, double time_s, float strobe) const {
  const Pose pose = cast.pose(*actor.vehicle, time_s);
  std::vector<cv::Point2f> shadow, footprint;
  const cv::Vec3f sun = lighting.to_sun();
  for (const MeshVertex& vertex : actor.body.mesh.vertices) {
    cv::Point3d at = pose.world(vertex.at);
    if (lighting.casts_shadows()) {
      const double climb = at.z / sun[2];
      const cv::Point3d falls(at.x - sun[0] * climb, at.y - sun[1] * climb, 0);
      if (camera.to_camera(falls)[2] > 1)
        shadow.emplace_back(camera.project(shutter.when_seen(falls, pose.velocity_y)));
    }
    at.z = 0;
    if (vertex.at[2] < 0.6F && camera.to_camera(at)[2] > 1)
      footprint.emplace_back(camera.project(shutter.when_seen(at, pose.velocity_y)));
  }
  const double px_per_m = camera.focal_px() / std::max(3.0, pose.front_y);
  const Spot in_shade(shadow, std::max(0.6, 0.04 * px_per_m), picture.size());
  for (int y = 0; y < in_shade.area.height; ++y) {
    float* out = picture.ptr<float>(in_shade.area.y + y);
    const float* shade = backdrop.shady.ptr<float>(in_shade.area.y + y);
    const float* flash = backdrop.flash.ptr<float>(in_shade.area.y + y);
    const float* share = in_shade.share.ptr<float>(y);
    for (int x = 0; x < in_shade.area.width; ++x) {
      const int px = in_shade.area.x + x;
      for (int i = 3 * px; i < 3 * px + 3; ++i)
        out[i] += (std::min(out[i], shade[i] + flash[px] * strobe) - out[i]) * share[x];
    }
  }
  scale_light(picture, Spot(footprint, std::max(0.6, 0.16 * px_per_m), picture.size()), -0.72F);
}

void Scene::Parts::light_road_ahead(cv::Mat& picture, const Actor& actor, double time_s) const {
  if (!actor.seen.lights_on || lighting.casts_shadows() || scenario.rain > 0) return;
  const Pose pose = cast.pose(*actor.vehicle, time_s);
  // Dipped beams: from a step before the bumper to some ten metres on, wider than the vehicle.
  std::vector<cv::Point2f> pool;
  for (int i = 0; i < 16; ++i) {
    const double angle = i * CV_PI / 8;
    const cv::Point3d at = pose.world(cv::Vec3f(1.9F * static_cast<float>(std::cos(angle)),
                                                6.0F + 5.0F * static_cast<float>(std::sin(angle)), 0));
    if (camera.to_camera(at)[2] > 1)
      pool.emplace_back(camera.project(shutter.when_seen(at, pose.velocity_y)));
  }
  const double px_per_m = camera.focal_px() / std::max(6.0, pose.front_y);
  scale_light(picture, Spot(pool, 0.5 * px_per_m, picture.size()), lighting.infrared() ? 1.2F : 1.6F);
}

void Scene::Parts::wet_reflection(cv::Mat& picture, const Layer& layer) const {
  // The near end mirrored in the wet road: seen from above, about as long as it is high.
  cv::Mat flipped;
  cv::flip(layer.light, flipped, 0);
  cv::blur(flipped, flipped, {5, std::max(3, layer.area.height / 12)});
  const float strength = 0.16F * static_cast<float>(scenario.rain);
  const int from = layer.area.y + layer.area.height - layer.area.height / 9;
  for (int y = 0; y < layer.area.height && from + y < picture.rows; ++y) {
    if (from + y < 0) continue;
    const cv::Vec4f* in = flipped.ptr<cv::Vec4f>(y);
    cv::Vec3f* out = picture.ptr<cv::Vec3f>(from + y) + layer.area.x;
    const float fade = strength * (1 - static_cast<float>(y) / static_cast<float>(layer.area.height));
    for (int x = 0; x < layer.area.width; ++x) {
      const float share = fade * in[x][3];
      out[x] = out[x] * (1 - share) + cv::Vec3f(in[x][0], in[x][1], in[x][2]) * fade;
    }
  }
}

void Scene::Parts::lamps(cv::Mat& picture, const Actor& actor, double time_s) const {
  if (!actor.seen.lights_on) return;
  const Pose pose = cast.pose(*actor.vehicle, time_s);
  const bool rear = actor.seen.rear;
  // Under infrared a narrow filter before the lens keeps most of the lamps' light out.
  const float level = scenario.light == Light::night_ir ? (rear ? 0.25F : 8.0F)
                      : scenario.light == Light::dusk   ? (rear ? 0.12F : 2.5F)
                                                        : (rear ? 0.25F : 1.6F);
  const cv::Vec3f colour = scenario.light == Light::night_ir ? cv::Vec3f(1, 1, 1)
                           : rear                            ? cv::Vec3f(0.15F, 0.12F, 1.0F)
                                                             : cv::Vec3f(1.0F, 1.0F, 0.98F);
  for (const Lamp& lamp : actor.body.lamps) {
    const cv::Point3d at = shutter.when_seen(pose.world(lamp.at), pose.velocity_y);
    const cv::Vec3d view = camera.to_camera(at);
    if (view[2] <= 1) continue;
    const cv::Point2d px = camera.project(at);
    const double radius = std::max(1.2, lamp.size_m * camera.focal_px() / view[2]);
    const int reach = static_cast<int>(std::ceil(2.5 * radius));
    const cv::Rect area =
        cv::Rect(cvRound(px.x) - reach, cvRound(px.y) - reach, 2 * reach + 1, 2 * reach + 1) &
        cv::Rect({0, 0}, picture.size());
    for (int y = area.y; y < area.br().y; ++y) {
      for (int x = area.x; x < area.br().x; ++x) {
        const double r2 = ((x - px.x) * (x - px.x) + (y - px.y) * (y - px.y)) / (radius * radius);
        picture.at<cv::Vec3f>(y, x) += colour * (level * static_cast<float>(std::exp(-2.4 * r2)));
      }
    }
  }
}

double Scene::Parts::visible_share(const PlateCorners& corners,
                                   const std::vector<std::vector<cv::Point2f>>& hiding) const {
  constexpr int across = 26;
  constexpr int down = 8;
  int seen = 0;
  for (int j = 0; j < down; ++j) {
    for (int i = 0; i < across; ++i) {
      const cv::Point3d at = corners[0] + (corners[1] - corners[0]) * ((i + 0.5) / across) +
                             (corners[3] - corners[0]) * ((j + 0.5) / down);
      if (camera.to_camera(at)[2] <= 0.5) continue;
      const cv::Point2f px(camera.project(at));
      if (px.x < -0.5F || px.y < -0.5F || px.x > static_cast<float>(scenario.width) - 0.5F ||
          px.y > static_cast<float>(scenario.height) - 0.5F)
        continue;
      const bool hidden = std::any_of(hiding.begin(), hiding.end(), [&](const auto& hull) {
        return hull.size() > 2 && cv::pointPolygonTest(hull, px, false) >= 0;
      });
      if (!hidden) ++seen;
    }
  }
  return static_cast<double>(seen) / (across * down);
}

PlateCorners Scene::Parts::seen_corners(const Actor& actor, double time_s) const {
  PlateCorners corners = cast.plate_corners(actor, time_s);
  const double velocity_y = cast.pose(*actor.vehicle, time_s).velocity_y;
  for (cv::Point3d& corner : corners)
    corner = shutter.when_seen(corner, velocity_y);
  return corners;
}

Scene::Scene(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Scene::Scene(Scene&&) noexcept = default;
Scene& Scene::operator=(Scene&&) noexcept = default;
Scene::~Scene() = default;

Result<Scene> Scene::make(const Scenario& scenario, const PlatePress& press) {
  if (auto sound = check(scenario); !sound) return fail(sound.error());
  const SceneCamera camera(scenario.camera, scenario.width, scenario.height);
  auto cast = Cast::make(scenario, camera, press);
  if (!cast) return fail(cast.error());
  return Scene(std::make_unique<Parts>(scenario, camera, std::move(*cast)));
}

const Scenario& Scene::scenario() const {
  return parts_->scenario;
}
const SceneCamera& Scene::camera() const {
  return parts_->camera;
}

int Scene::frame_count() const {
  const Scenario& scenario = parts_->scenario;
  const double seconds = scenario.vehicles ? parts_->cast.traffic().over_s() + 0.5 : scenario.seconds;
  return std::max(1, static_cast<int>(std::lround(seconds * scenario.fps)));
}

Exposure Scene::planned_exposure() const {
  const SensorSpec& sensor = parts_->scenario.sensor;
  return {sensor.exposure_us, sensor.gain_db, sensor.strobe};
}

cv::Mat Scene::render(int frame, const Exposure& exposure) const {
  const Parts& p = *parts_;
  const double time_s = p.time_of(frame);
  const float strobe = strobe_of(exposure);
  // What moves is frozen by the shorter of exposure and flash where only the flash gives light.
  const double open_s = (p.lighting.infrared() ? flash_us(exposure) : exposure.exposure_us) * 1e-6;
  // Kept by the thread: a fresh picture of this size costs as much as filling it.
  static thread_local cv::Mat picture;
  p.lit_road(picture, time_s, strobe);
  const std::vector<std::shared_ptr<const Actor>> stage = p.cast.on_stage(time_s);
  for (const auto& actor : stage) {
    p.light_road_ahead(picture, *actor, time_s);
    p.cast_shadows(picture, *actor, time_s, strobe);
  }
  for (const auto& actor : stage) {
    const PlateCorners before = p.cast.plate_corners(*actor, time_s - open_s / 2);
    const PlateCorners after = p.cast.plate_corners(*actor, time_s + open_s / 2);
    cv::Point2d way;
    if (p.camera.to_camera(before[0])[2] > 0.5 && p.camera.to_camera(after[0])[2] > 0.5) {
      way = p.camera.project((after[0] + after[2]) / 2) - p.camera.project((before[0] + before[2]) / 2);
      if (const double length = cv::norm(way); length > 120) way *= 120 / length;
    }
    const Blur blur(way, p.scenario.sensor.lens_blur_px * p.scenario.width / 1280.0);
    Layer layer = draw_body(actor->body, actor->seen.right_side, p.cast.pose(*actor->vehicle, time_s),
                            p.camera, p.shutter, p.lighting, strobe, blur.reach() + 2);
    if (layer.area.empty()) continue;
    actor->painter.draw(layer, p.cast.plate_corners(*actor, time_s), p.seen_corners(*actor, time_s), p.camera,
                        p.lighting, strobe);
    blur.apply(layer.light);
    if (p.scenario.rain > 0) p.wet_reflection(picture, layer);
    lay_over(picture, layer);
    p.lamps(picture, *actor, time_s);
  }
  if (p.lighting.infrared() || p.scenario.light == Light::dusk || p.scenario.rain > 0) {
    Weather::glare(picture, static_cast<float>(1 / exposure_factor(exposure)));
  }
  p.weather.rain(picture, frame, exposure.exposure_us);
  p.weather.window(picture);
  p.weather.branch(picture, time_s);
  return p.sensor.expose(picture, exposure, frame);
}

std::vector<Scene::VehicleState> Scene::vehicles_at(int frame) const {
  const double time_s = parts_->time_of(frame);
  const Traffic& traffic = parts_->cast.traffic();
  std::vector<VehicleState> states;
  for (const Vehicle& vehicle : traffic.vehicles()) {
    if (!traffic.on_stretch(vehicle, time_s)) continue;
    const LaneSpec& lane = parts_->scenario.lanes[vehicle.lane];
    states.push_back({vehicle.id, vehicle.kind, lane.number, lane.direction, traffic.front_y(vehicle, time_s),
                      vehicle.length_m, std::abs(traffic.velocity_y(vehicle, time_s))});
  }
  return states;
}

Result<std::array<cv::Point3d, 4>> Scene::plate_corners(int vehicle_id, int frame) const {
  const auto& vehicles = parts_->cast.traffic().vehicles();
  if (vehicle_id < 1 || static_cast<std::size_t>(vehicle_id) > vehicles.size()) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no vehicle {}; the scene has {}", vehicle_id, vehicles.size()));
  }
  const auto actor = parts_->cast.actor(vehicles[static_cast<std::size_t>(vehicle_id - 1)]);
  return parts_->cast.plate_corners(*actor, parts_->time_of(frame));
}

std::vector<SeenPlate> Scene::plates_at(int frame) const {
  const Parts& p = *parts_;
  const double time_s = p.time_of(frame);
  const std::vector<std::shared_ptr<const Actor>> stage = p.cast.on_stage(time_s);
  std::vector<SeenPlate> plates;
  std::vector<std::vector<cv::Point2f>> hiding;  // from the nearest on
  for (auto actor = stage.rbegin(); actor != stage.rend(); ++actor) {
    const PlateCorners corners = p.seen_corners(**actor, time_s);
    PlateView view;
    view.frame = frame;
    view.visible = p.visible_share(corners, hiding);
    hiding.push_back(
        outline_hull((*actor)->body.mesh, p.cast.pose(*(*actor)->vehicle, time_s), p.camera, p.shutter));
    if (view.visible <= 0) continue;
    for (std::size_t i = 0; i < corners.size(); ++i)
      view.quad[i] = p.camera.project(corners[i]);
    view.width_px = (cv::norm(view.quad[1] - view.quad[0]) + cv::norm(view.quad[2] - view.quad[3])) / 2;
    if (view.width_px >= least_width_px) plates.push_back({(*actor)->vehicle->id, view});
  }
  return plates;
}

SceneTruth Scene::truth() const {
  return truth_of({});
}

SceneTruth Scene::truth_of(const std::vector<std::vector<SeenPlate>>& plates) const {
  const Parts& p = *parts_;
  SceneTruth truth;
  truth.preset = p.scenario.preset;
  truth.seed = p.scenario.seed;
  truth.width = p.scenario.width;
  truth.height = p.scenario.height;
  truth.fps = p.scenario.fps;
  truth.frames = frame_count();
  for (const LaneSpec& lane : p.scenario.lanes)
    truth.lanes.push_back(lane_truth(lane, p.camera));
  for (const Vehicle& vehicle : p.cast.traffic().vehicles()) {
    const PlateSpec& spec = p.cast.plate(vehicle);
    const LaneSpec& lane = p.scenario.lanes[vehicle.lane];
    const char* colour = spec.field == PlateField::white    ? "white"
                         : spec.field == PlateField::yellow ? "yellow"
                                                            : "black";
    truth.vehicles.push_back({vehicle.id,
                              spec.vrm,
                              spec.format,
                              spec.lines,
                              vehicle.kind,
                              lane.number,
                              lane.direction,
                              colour,
                              {}});
  }
  for (int frame = 0; frame < truth.frames; ++frame) {
    for (const SeenPlate& seen :
         frame < static_cast<int>(plates.size()) ? plates[static_cast<std::size_t>(frame)] : plates_at(frame))
      truth.vehicles[static_cast<std::size_t>(seen.vehicle_id - 1)].views.push_back(seen.view);
  }
  std::erase_if(truth.vehicles, [](const VehicleTruth& vehicle) { return vehicle.views.empty(); });
  return truth;
}

}  // namespace wayside::roadsim
