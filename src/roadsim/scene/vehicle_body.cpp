#include "vehicle_body.hpp"

#include <algorithm>
#include <cmath>

#include "traffic.hpp"

namespace wayside::roadsim {

namespace {
constexpr double skin_margin_m = 0.25;  // mirrors stand out beyond the body
}

BodyPlan plan_of(VehicleKind kind, Random& random) {
  BodyPlan p;
  p.length = length_of(kind);
  const double l = p.length;
  const double vary = random.uniform(-1, 1);
  p.ground = 0.17;
  p.nose_round = 0.30 + 0.04 * vary;
  p.lean = 0.45;
  p.rear_lean = 0.12;
  p.wheel_radius = 0.31;
  p.roof_share = 0.68;
  p.axles = {-0.85, -l + 0.75};
  switch (kind) {
    case VehicleKind::hatchback:
      p.width = 1.76 + 0.04 * vary, p.height = 1.48 + 0.04 * vary;
      p.cowl = {-1.0, 0.97}, p.screen_top = {-1.72, p.height - 0.06};
      p.roof_end = {-l + 0.42, p.height - 0.09}, p.glass_end = {-l + 0.10, 1.02};
      p.shoulder = {{0, 0.70}, p.cowl, {-l + 0.1, 1.0}, {-l, 0.94}};
      break;
    case VehicleKind::saloon:
      p.width = 1.82 + 0.04 * vary, p.height = 1.44 + 0.03 * vary;
      p.cowl = {-1.25, 0.95}, p.screen_top = {-2.05, p.height - 0.06};
      p.roof_end = {-l + 1.25, p.height - 0.07}, p.glass_end = {-l + 0.55, 1.03};
      p.shoulder = {{0, 0.68}, p.cowl, {-l + 0.55, 1.02}, {-l + 0.04, 0.99}, {-l, 0.93}};
      break;
    case VehicleKind::suv:
      p.width = 1.86 + 0.05 * vary, p.height = 1.66 + 0.05 * vary;
      p.ground = 0.22, p.lean = 0.25, p.wheel_radius = 0.35, p.roof_share = 0.72;
      p.cowl = {-1.05, 1.13}, p.screen_top = {-1.72, p.height - 0.06};
      p.roof_end = {-l + 0.28, p.height - 0.08}, p.glass_end = {-l + 0.06, 1.12};
      p.shoulder = {{0, 0.90}, p.cowl, {-l + 0.06, 1.10}, {-l, 1.04}};
      break;
    case VehicleKind::van:
      p.width = 1.98, p.height = 2.1 + 0.25 * random.uniform();
      p.ground = 0.24, p.lean = 0.28, p.wheel_radius = 0.34, p.roof_share = 0.86, p.nose_round = 0.22,
      p.rear_lean = 0.01;
      p.cowl = {-0.62, 1.22}, p.screen_top = {-1.25, p.height - 0.2};
      p.roof_end = {-l + 0.03, p.height - 0.04}, p.glass_end = {-l + 0.01, 1.2};
      p.shoulder = {{0, 0.95}, p.cowl, {-l + 0.01, 1.25}, {-l, 1.25}};
      break;
    case VehicleKind::lorry:
      p.width = 2.48, p.height = 3.5 + 0.3 * random.uniform();
      p.ground = 0.32, p.lean = 0.03, p.wheel_radius = 0.5, p.roof_share = 0.97, p.nose_round = 0.10,
      p.rear_lean = 0;
      p.cowl = {-0.03, 1.75}, p.screen_top = {-0.16, 2.75};
      p.roof_end = {-l + 0.02, p.height}, p.glass_end = {-l + 0.01, 1.6};
      p.shoulder = {{0, 1.7}, p.cowl, {-l, 1.7}};
      p.axles = {-1.35, -l + 2.2};
      break;
    case VehicleKind::bus:
      p.width = 2.53, p.height = 3.05 + 0.1 * vary;
      p.ground = 0.28, p.lean = 0.04, p.wheel_radius = 0.48, p.roof_share = 0.95, p.nose_round = 0.16,
      p.rear_lean = 0.02;
      p.cowl = {-0.03, 1.1}, p.screen_top = {-0.13, 2.6};
      p.roof_end = {-l + 0.05, p.height - 0.05}, p.glass_end = {-l + 0.02, 1.7};
      p.shoulder = {{0, 1.05}, p.cowl, {-l, 1.2}};
      p.axles = {-2.6, -l + 3.2};
      break;
    case VehicleKind::motorcycle:
      p.width = 0.75, p.height = 1.5, p.nose_round = 0, p.lean = 0, p.rear_lean = 0;
      p.cowl = {-0.3, 1.0}, p.screen_top = {-0.5, 1.3}, p.roof_end = {-1.5, 1.3}, p.glass_end = {-l, 0.9};
      p.shoulder = {{0, 0.8}, {-l, 0.8}};
      p.axles = {-0.31, -l + 0.45};
      break;
  }
  p.roof = {{0, p.shoulder.front().y}, p.cowl, p.screen_top};
  const double peak_y = p.screen_top.x + (p.roof_end.x - p.screen_top.x) * 0.4;
  p.roof.emplace_back(peak_y, p.height);
  p.roof.push_back(p.roof_end);
  p.roof.push_back(p.glass_end);
  if (kind == VehicleKind::van || kind == VehicleKind::lorry || kind == VehicleKind::bus) {
    p.roof.back() = {-l, p.height - 0.06};  // boxes end upright
  } else if (p.glass_end.x > -l) {
    p.roof.emplace_back(-l, along(p.shoulder, -l));
  }
  return p;
}

cv::Point2f skin_at(const BodyPlan& plan, Skin skin, bool right_side, const cv::Vec3f& at) {
  const float half = static_cast<float>(plan.width / 2 + skin_margin_m);
  const float top = static_cast<float>(plan.height + skin_margin_m);
  const float length = static_cast<float>(plan.length);
  switch (skin) {
    case Skin::front:
      return cv::Point2f(half - at[0], top - at[2]) * skin_px_per_m;
    case Skin::rear:
      return cv::Point2f(half + at[0], top - at[2]) * skin_px_per_m;
    case Skin::side:
      return cv::Point2f(right_side ? length + at[1] : -at[1], top - at[2]) * (skin_px_per_m / 2);
    case Skin::top:
      return cv::Point2f(half - at[0], length + at[1]) * (skin_px_per_m / 2);
    case Skin::dark:
      break;
  }
  return {};
}

cv::Size skin_size(const BodyPlan& plan, Skin skin) {
  const double across = plan.width + 2 * skin_margin_m;
  const double high = plan.height + skin_margin_m;
  const auto px = [](double m, double scale) {
    return static_cast<int>(std::ceil(m * skin_px_per_m * scale));
  };
  if (skin == Skin::side) return {px(plan.length, 0.5), px(high, 0.5)};
  if (skin == Skin::top) return {px(across, 0.5), px(plan.length, 0.5)};
  return {px(across, 1), px(high, 1)};
}

VehicleBody make_body(VehicleKind kind, SeenFrom seen, cv::Size2d plate_m, std::uint64_t seed) {
  Random random(seed ^ 0x626f6479ULL);
  VehicleBody body;
  body.plan = plan_of(kind, random);
  body.mesh = mesh_of(body.plan, kind);
  paint_skins(body, kind, seen, plate_m, random);
  // The plate stands clear of everything behind it.
  if (kind == VehicleKind::motorcycle) {
    body.plate_y = -2.03;
    return body;
  }
  double y = seen.rear ? 100 : -100;
  for (const double dx : {-0.5, 0.0, 0.5}) {
    for (const double dz : {-0.5, 0.0, 0.5}) {
      const double at =
          face_y(body.plan, seen.rear, body.plate.x + dx * plate_m.width, body.plate.z + dz * plate_m.height);
      y = seen.rear ? std::min(y, at) : std::max(y, at);
    }
  }
  body.plate_y = y + (seen.rear ? -0.03 : 0.03);
  return body;
}

}  // namespace wayside::roadsim
