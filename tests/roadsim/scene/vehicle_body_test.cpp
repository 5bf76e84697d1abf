#include "src/roadsim/scene/vehicle_body.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "small_scene.hpp"

namespace wayside::roadsim {
namespace {

struct Seams {
  double torn_m = 0;   // where the two pictures that meet differ
  double whole_m = 0;  // where they do not
};

cv::Vec4d ink_at(const VehicleBody& body, Skin skin, bool right_side, const cv::Vec3f& at) {
  const cv::Mat& picture = body.skins[static_cast<std::size_t>(skin)].front();
  const cv::Point2f px = skin_at(body.plan, skin, right_side, at);
  const int x = std::clamp(cvRound(px.x), 0, picture.cols - 1);
  const int y = std::clamp(cvRound(px.y), 0, picture.rows - 1);
  return picture.at<cv::Vec4b>(y, x);
}

// Along the edges of the windows' half of the body, on the end and the side that the camera sees.
Seams seams_of(VehicleKind kind, bool rear, std::uint64_t seed) {
  const SeenFrom seen{rear, false, false};
  const VehicleBody body = make_body(kind, seen, {0.52, 0.111}, seed);
  const double shoulder = along(body.plan.shoulder, -body.plan.length / 2);
  const auto shown = [&](const cv::Vec3f& at) {
    const bool end = (at[1] < -body.plan.length / 2) == rear;
    const bool side = rear ? at[0] < 0 : at[0] > 0;  // as right_side = false is seen from there
    return end && side && at[2] > shoulder + 0.06;
  };
  std::map<std::pair<int, int>, Skin> first;
  Seams seams;
  for (const MeshTriangle& triangle : body.mesh.triangles) {
    for (std::size_t i = 0; i < 3; ++i) {
      const auto [a, b] = std::minmax(triangle.corner[i], triangle.corner[(i + 1) % 3]);
      const auto [other, is_first] = first.try_emplace({a, b}, triangle.skin);
      if (is_first || other->second == triangle.skin) continue;
      const cv::Vec3f from = body.mesh.vertices[static_cast<std::size_t>(a)].at;
      const cv::Vec3f to = body.mesh.vertices[static_cast<std::size_t>(b)].at;
      if (!shown(from) || !shown(to)) continue;
      constexpr int samples = 8;
      for (int k = 0; k < samples; ++k) {
        const cv::Vec3f at = from + (to - from) * ((static_cast<float>(k) + 0.5F) / samples);
        const cv::Vec4d apart =
            ink_at(body, triangle.skin, false, at) - ink_at(body, other->second, false, at);
        (cv::norm(apart, cv::NORM_INF) > 60 ? seams.torn_m : seams.whole_m) += cv::norm(to - from) / samples;
      }
    }
  }
  return seams;
}

TEST(VehicleBody, WindowsOfCarsAreNotTornWhereThePicturesOnThemMeet) {
  for (const VehicleKind kind : {VehicleKind::hatchback, VehicleKind::saloon, VehicleKind::suv}) {
    for (const bool rear : {true, false}) {
      Seams all;
      for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const Seams seams = seams_of(kind, rear, seed);
        all.torn_m += seams.torn_m;
        all.whole_m += seams.whole_m;
      }
      EXPECT_GT(all.whole_m, 1.0) << to_string(kind) << (rear ? " rear" : " front");
      EXPECT_LT(all.torn_m, 0.03 * all.whole_m) << to_string(kind) << (rear ? " rear" : " front");
    }
  }
}

}  // namespace
}  // namespace wayside::roadsim
