#include <algorithm>
#include <cmath>
#include <numbers>

#include "vehicle_body.hpp"

namespace wayside::roadsim {

namespace {

int add(Mesh& mesh, double x, double y, double z) {
  mesh.vertices.push_back(
      {cv::Vec3f(static_cast<float>(x), static_cast<float>(y), static_cast<float>(z)), {}});
  return static_cast<int>(mesh.vertices.size()) - 1;
}

cv::Vec3f face_normal(const Mesh& mesh, const std::array<int, 3>& corner) {
  const auto at = [&](int i) {
    return mesh.vertices[static_cast<std::size_t>(corner[static_cast<std::size_t>(i)])].at;
  };
  return (at(1) - at(0)).cross(at(2) - at(0));
}

// Which picture a patch wears: the one it faces most; windscreens lie back and belong to the top.
Skin skin_of(const cv::Vec3f& normal) {
  const float length = static_cast<float>(cv::norm(normal));
  if (length <= 0) return Skin::top;
  const cv::Vec3f n = normal * (1 / length);
  if (std::abs(n[1]) > 0.75F) return n[1] > 0 ? Skin::front : Skin::rear;
  if (std::abs(n[0]) > 0.7F) return Skin::side;
  return n[2] > 0 ? Skin::top : Skin::dark;
}

void add_quad(Mesh& mesh, int a, int b, int c, int d, Skin skin) {
  for (const std::array<int, 3> corner : {std::array<int, 3>{a, b, c}, std::array<int, 3>{a, c, d}}) {
    if (cv::norm(face_normal(mesh, corner)) >= 1e-9) mesh.triangles.push_back({corner, skin});
  }
}

// How far the roof is above the shoulder: 0 on bonnet and boot to 1 at the cabin.
double cabin_share(const BodyPlan& plan, double y) {
  const double belt = along(plan.shoulder, y);
  return std::min(1.0, (std::max(along(plan.roof, y), belt + 0.02) - belt) / 0.25);
}

// Half a cross-section from the sill up to the middle of the roof: (share of the half width, z).
std::vector<cv::Point2d> half_section(const BodyPlan& plan, double y) {
  const double belt = along(plan.shoulder, y);
  const double roof = std::max(along(plan.roof, y), belt + 0.02);
  const double low = plan.ground;
  const double mid = low + (belt - low) * 0.45;
  const double cabin = cabin_share(plan, y);
  const double edge = roof_edge(plan, y).x / (plan.width / 2);
  return {{0, low},
          {0.5, low},
          {0.90, low},
          {0.965, low + 0.10 * (belt - low)},
          {1.0, mid},
          {0.995, mid + 0.6 * (belt - mid)},
          {0.975, belt - 0.05 * (belt - low)},
          {0.945, belt},
          {0.90, belt + 0.02},
          {0.90 + (edge - 0.90) * 0.55, belt + (roof - belt) * 0.52},
          {edge, roof_edge(plan, y).y},
          {edge - 0.07, roof - 0.018 * cabin},
          {edge * 0.5, roof + 0.012},
          {0, roof + 0.022}};
}

// What the segments of a section are part of; those of one part wear one picture all the way round a strip,
// so that pictures meet along straight lines.
enum class Part { under, flank, ledge, window, roof };
constexpr int part_count = 5;

Part part_of(std::size_t segment) {  // from the sill up, as half_section() has the points
  if (segment < 2) return Part::under;
  if (segment < 7) return Part::flank;
  if (segment < 8) return Part::ledge;
  return segment < 10 ? Part::window : Part::roof;
}

// What a strip's part wears. Windows are painted where the plan has them, so they decide there; elsewhere it
// is the picture that the part faces most.
Skin skin_of(const BodyPlan& plan, Part part, double front_y, double rear_y, const cv::Vec3f& normal) {
  constexpr double near = 0.03;  // a ring stands at each end of a window, give or take
  const bool above_shoulder = part == Part::window || part == Part::roof;
  if (front_y <= plan.roof_end.x + near) {
    const Skin skin = rear_window_skin(plan);
    if (skin == Skin::rear && (above_shoulder || part == Part::ledge)) return skin;
    if (above_shoulder && rear_y >= plan.glass_end.x - near) return skin;
  }
  // Of a car the side windows reach forward beside the windscreen, up to its pillars.
  const cv::Point2d windscreen = plan.screen_top - plan.cowl;
  const double windows_from = -windscreen.x > windscreen.y ? plan.cowl.x : plan.screen_top.x;
  const bool beside_cabin = front_y <= windows_from + near && rear_y >= plan.roof_end.x - near;
  if (beside_cabin && part == Part::window) return Skin::side;
  const Skin facing = skin_of(normal);
  const bool at_an_end = facing == Skin::front || facing == Skin::rear;
  return part == Part::flank && !at_an_end ? Skin::side : facing;
}

double stand_back(const BodyPlan& plan, bool rear, double x, double z) {
  const double share = std::min(1.0, std::abs(x) / (plan.width / 2));
  const double corner = plan.nose_round * std::pow(share, 3.2) * (rear ? 0.7 : 1.0);
  const double bumper = plan.ground + 0.30;
  const double lean = z > bumper + 0.18 ? (z - bumper - 0.18) * (rear ? plan.rear_lean : plan.lean) : 0.0;
  const double below = z < bumper - 0.1 ? (bumper - 0.1 - z) * 0.35 : 0.0;
  return corner + lean + below + 0.02;
}

void add_shell(Mesh& mesh, const BodyPlan& plan) {
  std::vector<double> stations = {0, 0.02, 0.07, 0.16, 0.3, 0.5, 0.75};
  for (double d = 1.0; d < plan.length - 0.8; d += 0.2)
    stations.push_back(d);
  for (const double d : {0.75, 0.5, 0.3, 0.16, 0.07, 0.02, 0.0})
    stations.push_back(plan.length - d);
  for (const double d : {-plan.cowl.x, -plan.screen_top.x, -plan.roof_end.x, -plan.glass_end.x}) {
    const auto next = std::lower_bound(stations.begin(), stations.end(), d);
    const bool stands = (next != stations.end() && *next - d < 0.03) ||
                        (next != stations.begin() && d - *std::prev(next) < 0.03);
    if (!stands) stations.insert(next, d);
  }

  const double half = plan.width / 2;
  std::vector<std::vector<int>> rings;
  std::vector<double> at;  // the rings' y
  const auto ring_at = [&](double d, double shrink, double middle_z) {
    const double y = -d;
    std::vector<cv::Point2d> section = half_section(plan, y);
    std::vector<int> ring;
    const auto place = [&](double x, double z) {
      const double px = x * half * shrink;
      const double pz = middle_z + (z - middle_z) * shrink;
      const double front = std::max(0.0, 1 - d / 0.8);
      const double rear = std::max(0.0, 1 - (plan.length - d) / 0.8);
      const double py =
          y - front * front * stand_back(plan, false, px, pz) + rear * rear * stand_back(plan, true, px, pz);
      ring.push_back(add(mesh, px, py, pz));
    };
    for (const cv::Point2d& p : section)
      place(p.x, p.y);
    for (std::size_t i = section.size() - 1; i-- > 0;)
      place(-section[i].x, section[i].y);
    rings.push_back(std::move(ring));
    at.push_back(y);
  };
  const auto middle = [&](double y) {
    return (plan.ground + std::max(along(plan.shoulder, y), along(plan.roof, y))) / 2;
  };
  const auto shrink_at = [&](double end) {
    return end <= 0.001 ? 0.955 : end < 0.03 ? 0.985 : end < 0.08 ? 0.996 : 1.0;
  };

  for (const double shrink : {0.0, 0.2, 0.35, 0.5, 0.65, 0.78, 0.88})
    ring_at(0, shrink * 0.955, middle(0));
  for (const double d : stations)
    ring_at(d, shrink_at(std::min(d, plan.length - d)), middle(-d));
  for (const double shrink : {0.88, 0.78, 0.65, 0.5, 0.35, 0.2, 0.0}) {
    ring_at(plan.length, shrink * 0.955, middle(-plan.length));
  }
  for (std::size_t r = 0; r + 1 < rings.size(); ++r) {
    const auto& a = rings[r];
    const auto& b = rings[r + 1];
    const std::size_t segments = a.size() - 1;
    const auto part_at = [&](std::size_t i) { return part_of(std::min(i, segments - 1 - i)); };
    // The two sides are alike, and their normals across cancel out: one side tells, but for the roof.
    std::array<cv::Vec3f, part_count> normals;
    for (std::size_t i = 0; i < segments; ++i) {
      if (i >= segments / 2 && part_at(i) != Part::roof) continue;
      cv::Vec3f& normal = normals[static_cast<std::size_t>(part_at(i))];
      normal += face_normal(mesh, {a[i], a[i + 1], b[i + 1]}) + face_normal(mesh, {a[i], b[i + 1], b[i]});
    }
    for (std::size_t i = 0; i < segments; ++i) {
      const Part part = part_at(i);
      const Skin skin = skin_of(plan, part, at[r], at[r + 1], normals[static_cast<std::size_t>(part)]);
      add_quad(mesh, a[i], a[i + 1], b[i + 1], b[i], skin);
    }
  }
}

void add_box(Mesh& mesh, const cv::Vec3d& from, const cv::Vec3d& to, Skin skin) {
  std::array<int, 8> v{};
  for (int i = 0; i < 8; ++i) {
    v[static_cast<std::size_t>(i)] = add(mesh, (i & 1) != 0 ? to[0] : from[0], (i & 2) != 0 ? to[1] : from[1],
                                         (i & 4) != 0 ? to[2] : from[2]);
  }
  constexpr int faces[6][4] = {{0, 4, 6, 2}, {1, 3, 7, 5}, {0, 1, 5, 4},
                               {2, 6, 7, 3}, {0, 2, 3, 1}, {4, 5, 7, 6}};
  for (const auto& f : faces) {
    std::array<int, 4> corner{};
    for (std::size_t i = 0; i < 4; ++i) {
      const cv::Vec3f at = mesh.vertices[static_cast<std::size_t>(v[static_cast<std::size_t>(f[i])])].at;
      corner[i] = add(mesh, at[0], at[1], at[2]);  // its own corners: the edges stay sharp
    }
    add_quad(mesh, corner[0], corner[1], corner[2], corner[3], skin);
  }
}

void add_ball(Mesh& mesh, const cv::Vec3d& centre, const cv::Vec3d& half, Skin skin) {
  constexpr int rows = 6;
  constexpr int columns = 10;
  std::vector<int> previous;
  for (int r = 0; r <= rows; ++r) {
    const double polar = std::numbers::pi * r / rows;
    std::vector<int> ring;
    for (int c = 0; c <= columns; ++c) {
      const double a = 2 * std::numbers::pi * c / columns;
      ring.push_back(add(mesh, centre[0] + half[0] * std::sin(polar) * std::cos(a),
                         centre[1] + half[1] * std::sin(polar) * std::sin(a),
                         centre[2] + half[2] * std::cos(polar)));
    }
    for (std::size_t c = 0; !previous.empty() && c < columns; ++c) {
      add_quad(mesh, previous[c], ring[c], ring[c + 1], previous[c + 1], skin);
    }
    previous = ring;
  }
}

void add_wheel(Mesh& mesh, double x, double y, double radius, double width) {
  constexpr int steps = 18;
  const Skin tread = Skin::dark;
  const double side = x > 0 ? 1 : -1;
  const int hub = add(mesh, x, y, radius);
  std::vector<int> outer, outer_flat, inner;
  for (int i = 0; i <= steps; ++i) {
    const double a = 2 * std::numbers::pi * i / steps;
    const double py = y + radius * std::cos(a);
    const double pz = radius + radius * std::sin(a);
    outer.push_back(add(mesh, x, py, pz));
    outer_flat.push_back(add(mesh, x, py, pz));
    inner.push_back(add(mesh, x - side * width, py, pz));
  }
  const Skin face = Skin::side;
  for (std::size_t i = 0; i < steps; ++i) {
    const std::size_t a = side > 0 ? i : i + 1;
    const std::size_t b = side > 0 ? i + 1 : i;
    add_quad(mesh, outer[a], inner[a], inner[b], outer[b], tread);
    add_quad(mesh, hub, outer_flat[a], outer_flat[b], hub, face);
  }
}

void smooth_normals(Mesh& mesh) {
  for (const MeshTriangle& triangle : mesh.triangles) {
    const cv::Vec3f normal = face_normal(mesh, triangle.corner);
    for (const int corner : triangle.corner)
      mesh.vertices[static_cast<std::size_t>(corner)].normal += normal;
  }
  for (MeshVertex& vertex : mesh.vertices) {
    const double length = cv::norm(vertex.normal);
    vertex.normal = length > 0 ? vertex.normal * static_cast<float>(1 / length) : cv::Vec3f(0, 0, 1);
  }
}

Mesh motorcycle_mesh(const BodyPlan& plan) {
  Mesh mesh;
  const double radius = plan.wheel_radius;
  for (const double y : plan.axles) {
    add_wheel(mesh, 0.07, y, radius, 0.07);
    add_wheel(mesh, -0.07, y, radius, 0.07);
  }
  add_ball(mesh, {0, -0.85, 0.72}, {0.17, 0.42, 0.24}, Skin::top);       // tank and engine
  add_ball(mesh, {0, -1.55, 0.80}, {0.15, 0.45, 0.10}, Skin::dark);      // seat
  add_ball(mesh, {0, -1.92, 0.83}, {0.09, 0.14, 0.07}, Skin::rear);      // tail with lamp
  add_box(mesh, {-0.10, -2.02, 0.45}, {0.10, -1.97, 0.80}, Skin::dark);  // plate carrier
  add_ball(mesh, {0, -0.35, 0.95}, {0.22, 0.22, 0.30}, Skin::front);     // fairing
  add_box(mesh, {-0.36, -0.52, 1.02}, {0.36, -0.47, 1.07}, Skin::dark);  // handlebar
  add_ball(mesh, {0, -1.22, 1.22}, {0.24, 0.17, 0.36}, Skin::side);      // rider's back
  add_ball(mesh, {-0.27, -1.0, 1.2}, {0.08, 0.26, 0.16}, Skin::side);
  add_ball(mesh, {0.27, -1.0, 1.2}, {0.08, 0.26, 0.16}, Skin::side);
  add_ball(mesh, {-0.22, -1.2, 0.72}, {0.10, 0.30, 0.22}, Skin::dark);  // legs
  add_ball(mesh, {0.22, -1.2, 0.72}, {0.10, 0.30, 0.22}, Skin::dark);
  add_ball(mesh, {0, -1.12, 1.66}, {0.14, 0.16, 0.16}, Skin::top);  // helmet
  smooth_normals(mesh);
  return mesh;
}

}  // namespace

cv::Point2d roof_edge(const BodyPlan& plan, double y) {
  const double cabin = cabin_share(plan, y);
  const double roof = std::max(along(plan.roof, y), along(plan.shoulder, y) + 0.02);
  const double share = plan.roof_share + (1 - plan.roof_share) * (1 - cabin) * 0.35;
  return {share * plan.width / 2, roof - 0.055 * cabin - 0.008};
}

Skin rear_window_skin(const BodyPlan& plan) {
  const cv::Point2d slope = plan.roof_end - plan.glass_end;
  return slope.y > slope.x ? Skin::rear : Skin::top;
}

double along(const std::vector<cv::Point2d>& line, double y) {
  if (y >= line.front().x) return line.front().y;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (y < line[i + 1].x) continue;
    double share = (y - line[i].x) / (line[i + 1].x - line[i].x);
    share = share * share * (3 - 2 * share) * 0.5 + share * 0.5;  // half eased: soft, yet true to the points
    return line[i].y + (line[i + 1].y - line[i].y) * share;
  }
  return line.back().y;
}

double face_y(const BodyPlan& plan, bool rear, double x, double z) {
  return rear ? -plan.length + stand_back(plan, true, x, z) : -stand_back(plan, false, x, z);
}

Mesh mesh_of(const BodyPlan& plan, VehicleKind kind) {
  if (kind == VehicleKind::motorcycle) return motorcycle_mesh(plan);
  Mesh mesh;
  add_shell(mesh, plan);
  const double half = plan.width / 2;
  for (const double y : plan.axles) {
    add_wheel(mesh, half - 0.005, y, plan.wheel_radius, 0.22);
    add_wheel(mesh, -half + 0.005, y, plan.wheel_radius, 0.22);
  }
  add_box(mesh, {-half * 0.82, -plan.length + 0.35, 0.14}, {half * 0.82, -0.35, plan.ground + 0.15},
          Skin::dark);
  // Mirrors stand where the windscreen begins.
  const bool tall = plan.height > 1.85;
  const double mirror_y = tall ? -0.55 : plan.shoulder[1].x - 0.25;
  const double mirror_z = tall ? 1.55 + (plan.height - 2) * 0.4 : along(plan.shoulder, mirror_y) + 0.09;
  const cv::Vec3d mirror = tall ? cv::Vec3d(0.07, 0.06, 0.17) : cv::Vec3d(0.12, 0.08, 0.075);
  for (const double side : {-1.0, 1.0}) {
    add_ball(mesh, {side * (half + (tall ? 0.06 : -0.01)), mirror_y, mirror_z}, mirror,
             tall ? Skin::dark : Skin::top);
  }
  smooth_normals(mesh);
  return mesh;
}

}  // namespace wayside::roadsim
