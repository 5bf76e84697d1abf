// A vehicle's shape as a mesh and its paint as skins, both from a seed. Front bumper at y = 0, tail at y =
// -length; x to the vehicle's right, z up; metres.
#pragma once

#include <array>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/plates/random.hpp"
#include "wayside/roadsim/scene/scenario.hpp"

namespace wayside::roadsim {

enum class Skin { front, rear, side, top, dark };  // dark: tyres and underbody, no picture
inline constexpr int skin_count = 4;
inline constexpr float skin_px_per_m = 200;

struct MeshVertex {
  cv::Vec3f at;
  cv::Vec3f normal;
};

struct MeshTriangle {
  std::array<int, 3> corner;
  Skin skin;
};

struct Mesh {
  std::vector<MeshVertex> vertices;
  std::vector<MeshTriangle> triangles;
};

// Plan of one kind: heights over y of the shoulder line and the roof line.
struct BodyPlan {
  double length, width, height, ground;
  std::vector<cv::Point2d> shoulder;  // (y, z), y falling from 0
  std::vector<cv::Point2d> roof;      // no lower than the shoulder
  cv::Point2d cowl, screen_top;       // (y, z) of the windscreen's lower and upper edge
  cv::Point2d roof_end, glass_end;    // the same of the rear window, upper and lower
  double roof_share;                  // half width of the roof of the body's half width
  double nose_round;                  // how far the corners stand back, m
  double lean;                        // of the front above the bumper
  double rear_lean;
  double wheel_radius;
  std::array<double, 2> axles;  // y
};

struct PlatePlace {
  double z;          // centre of the plate
  double x;          // to the side
  double pitch_deg;  // upper edge leaning back
};

struct Lamp {
  cv::Vec3f at;
  float size_m;
};

struct VehicleBody {
  BodyPlan plan;
  Mesh mesh;
  // CV_8UC4: colour as in a picture (BGR), and in the fourth channel gloss: 0 matt to 255 mirror. Reduced by
  // halves.
  std::array<std::vector<cv::Mat>, skin_count> skins;
  std::vector<Lamp> lamps;  // of the end that faces the camera
  PlatePlace plate;
  double plate_y;  // where the plate's back touches the body
};

[[nodiscard]] BodyPlan plan_of(VehicleKind kind, Random& random);
[[nodiscard]] Mesh mesh_of(const BodyPlan& plan, VehicleKind kind);
// y of the front or rear face at (x, z), as the mesh has it.
[[nodiscard]] double face_y(const BodyPlan& plan, bool rear, double x, double z);

// (x, z) of the edge along which the roof and what goes on with it, windscreen and rear window, meet the side
// windows.
[[nodiscard]] cv::Point2d roof_edge(const BodyPlan& plan, double y);
// Which picture shows the rear window: steep ones are seen from behind.
[[nodiscard]] Skin rear_window_skin(const BodyPlan& plan);

// How it is seen: only what shows from there is painted.
struct SeenFrom {
  bool rear = false;        // the end towards the camera
  bool right_side = false;  // the flank towards the camera
  bool lights_on = false;
};
[[nodiscard]] VehicleBody make_body(VehicleKind kind, SeenFrom seen, cv::Size2d plate_m, std::uint64_t seed);

// Where a point of the body lies in a skin's picture, px at full size.
[[nodiscard]] cv::Point2f skin_at(const BodyPlan& plan, Skin skin, bool right_side, const cv::Vec3f& at);
[[nodiscard]] cv::Size skin_size(const BodyPlan& plan, Skin skin);

// Paints the four skins; place and lamps say where the plate and the lights are.
void paint_skins(VehicleBody& body, VehicleKind kind, SeenFrom seen, cv::Size2d plate_m, Random& random);

[[nodiscard]] double along(const std::vector<cv::Point2d>& line, double y);

}  // namespace wayside::roadsim
