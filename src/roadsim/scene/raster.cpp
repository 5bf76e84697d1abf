#include "raster.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::roadsim {

namespace {

// Edges are sampled twice a pixel each way; of a near vehicle they are few, and the lens blurs them.
constexpr int near_area_px = 160'000;

struct Corner {
  float x, y;       // in samples
  float inverse_z;  // 1 / distance along the view
  cv::Vec3f world;
  cv::Vec3f normal;
  bool ahead;
};

struct Sample {
  float depth = 0;  // 1 / z, greater is nearer
  int triangle = -1;
};

struct Samples {
  int cols, rows;
  std::vector<Sample> values;
  Sample* operator[](int y) {
    return values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(cols);
  }
};

std::vector<Corner> seen_corners(const Mesh& mesh, const Pose& pose, const SceneCamera& camera,
                                 const RollingShutter& shutter) {
  std::vector<Corner> corners;
  corners.reserve(mesh.vertices.size());
  for (const MeshVertex& vertex : mesh.vertices) {
    const cv::Point3d world = pose.world(vertex.at);  // at the frame's instant: good enough to be lit
    const cv::Point3d seen = shutter.when_seen(world, pose.velocity_y);
    const cv::Vec3d view = camera.to_camera(seen);
    Corner corner{};
    corner.ahead = view[2] > 0.5;
    if (corner.ahead) {
      const cv::Point2d px = camera.project(seen);
      corner.x = static_cast<float>(px.x);
      corner.y = static_cast<float>(px.y);
      corner.inverse_z = static_cast<float>(1 / view[2]);
    }
    corner.world =
        cv::Vec3f(static_cast<float>(world.x), static_cast<float>(world.y), static_cast<float>(world.z));
    corner.normal = pose.turn(vertex.normal);
    corners.push_back(corner);
  }
  return corners;
}

// What is before the camera, unclipped.
cv::Rect2d box_of(const std::vector<Corner>& corners) {
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
  for (const Corner& corner : corners) {
    if (!corner.ahead) continue;
    left = std::min<double>(left, corner.x), right = std::max<double>(right, corner.x);
    top = std::min<double>(top, corner.y), bottom = std::max<double>(bottom, corner.y);
  }
  return left > right ? cv::Rect2d() : cv::Rect2d(left, top, right - left, bottom - top);
}

// A weight that changes evenly over the samples: 1 at one corner of a triangle, 0 at the two others. Told
// from the first corner, where small triangles far from the origin lose no digits.
struct Weight {
  float x, y, here;
  float per_x, per_y;
  [[nodiscard]] float at(float px, float py) const { return here + per_x * (px - x) + per_y * (py - y); }
  // Narrows a row's span to where the weight is not negative. A hair more than that: two triangles that
  // share an edge must leave no gap.
  void narrow(float py, float& from, float& to) const {
    const float start = here + per_y * (py - y);
    constexpr float hair = 1e-3F;
    if (std::abs(per_x) < 1e-9F) {
      if (start < 0) to = from - 1;
    } else if (per_x > 0) {
      from = std::max(from, x - start / per_x - hair);
    } else {
      to = std::min(to, x - start / per_x + hair);
    }
  }
};

// The weights of the second and the third corner; the first has the rest.
std::array<Weight, 2> weights_of(const Corner& a, const Corner& b, const Corner& c, float area) {
  const float inverse = 1 / area;
  return {Weight{a.x, a.y, 0, (c.y - a.y) * inverse, (a.x - c.x) * inverse},
          Weight{a.x, a.y, 0, (a.y - b.y) * inverse, (b.x - a.x) * inverse}};
}

float area_of(const Corner& a, const Corner& b, const Corner& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

void fill_triangle(const Corner& a, const Corner& b, const Corner& c, int index, Samples& samples) {
  const float area = area_of(a, b, c);
  if (area >= -1e-6F) return;  // seen from behind: y runs down, so outward faces turn clockwise
  const float left = std::max(0.0F, std::min({a.x, b.x, c.x}));
  const float right = std::min(static_cast<float>(samples.cols - 1), std::max({a.x, b.x, c.x}));
  const int y0 = std::max(0, static_cast<int>(std::ceil(std::min({a.y, b.y, c.y}))));
  const int y1 = std::min(samples.rows - 1, static_cast<int>(std::floor(std::max({a.y, b.y, c.y}))));
  if (left > right) return;
  const auto [w1, w2] = weights_of(a, b, c, area);
  const Weight w0{a.x, a.y, 1, -w1.per_x - w2.per_x, -w1.per_y - w2.per_y};
  const float depth_b = b.inverse_z - a.inverse_z;
  const float depth_c = c.inverse_z - a.inverse_z;
  const float depth_step = depth_b * w1.per_x + depth_c * w2.per_x;
  for (int y = y0; y <= y1; ++y) {
    const float py = static_cast<float>(y);
    float from = left;
    float to = right;
    w0.narrow(py, from, to);
    w1.narrow(py, from, to);
    w2.narrow(py, from, to);
    if (to < from) continue;
    const int x0 = static_cast<int>(std::ceil(from));
    const int x1 = static_cast<int>(to);
    const float start = a.inverse_z + depth_b * w1.at(0, py) + depth_c * w2.at(0, py);
    Sample* row = samples[y];
    for (int x = x0; x <= x1; ++x) {
      const float depth = start + depth_step * static_cast<float>(x);
      if (depth > row[x].depth) row[x] = {depth, index};
    }
  }
}

cv::Vec4f skin_sample(const cv::Mat& skin, float x, float y) {
  const float cx = std::clamp(x, 0.0F, static_cast<float>(skin.cols - 1) - 0.001F);
  const float cy = std::clamp(y, 0.0F, static_cast<float>(skin.rows - 1) - 0.001F);
  const int x0 = static_cast<int>(cx);
  const int y0 = static_cast<int>(cy);
  const float fx = cx - static_cast<float>(x0);
  const float fy = cy - static_cast<float>(y0);
  const uchar* upper = skin.ptr<uchar>(y0) + 4 * x0;
  const uchar* lower = skin.ptr<uchar>(y0 + 1) + 4 * x0;
  const float w00 = (1 - fx) * (1 - fy), w10 = fx * (1 - fy), w01 = (1 - fx) * fy, w11 = fx * fy;
  cv::Vec4f mixed;
  for (int c = 0; c < 4; ++c)
    mixed[c] = w00 * upper[c] + w10 * upper[c + 4] + w01 * lower[c] + w11 * lower[c + 4];
  return mixed;
}

// The light of one place on a body.
class Shader {
 public:
  Shader(const VehicleBody& body, bool right_side, const SceneCamera& camera, const Lighting& lighting,
         float strobe, const std::vector<Corner>& corners, double px_per_m)
      : body_(body), lighting_(lighting), corners_(corners), strobe_(strobe) {
    const cv::Point3d at = camera.position();
    eye_ = {static_cast<float>(at.x), static_cast<float>(at.y), static_cast<float>(at.z)};
    for (std::size_t skin = 0; skin < skins_.size(); ++skin) {
      const auto& levels = body.skins[skin];
      const Skin which = static_cast<Skin>(skin);
      double texels_per_m = skin_px_per_m * (which == Skin::front || which == Skin::rear ? 1.0 : 0.5);
      std::size_t level = 0;
      while (texels_per_m > px_per_m * 1.3 && level + 1 < levels.size())
        texels_per_m /= 2, ++level;
      // A skin lies on the body by an affine map: four points tell it.
      const float shrink = 1.0F / static_cast<float>(1 << level);
      const cv::Point2f origin = skin_at(body.plan, which, right_side, {0, 0, 0});
      SkinView& view = skins_[skin];
      view.picture = &levels[level];
      view.origin = (origin + cv::Point2f(0.5F, 0.5F)) * shrink - cv::Point2f(0.5F, 0.5F);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        cv::Vec3f unit;
        unit[static_cast<int>(axis)] = 1;
        view.per_m[axis] = (skin_at(body.plan, which, right_side, unit) - origin) * shrink;
      }
    }
  }

  [[nodiscard]] cv::Vec3f light(int triangle_index, float x, float y) const {
    const MeshTriangle& triangle = body_.mesh.triangles[static_cast<std::size_t>(triangle_index)];
    const std::size_t i0 = static_cast<std::size_t>(triangle.corner[0]);
    const std::size_t i1 = static_cast<std::size_t>(triangle.corner[1]);
    const std::size_t i2 = static_cast<std::size_t>(triangle.corner[2]);
    const Corner& a = corners_[i0];
    const Corner& b = corners_[i1];
    const Corner& c = corners_[i2];
    const auto weights = weights_of(a, b, c, area_of(a, b, c));
    const float w1 = weights[0].at(x, y) * b.inverse_z;
    const float w2 = weights[1].at(x, y) * c.inverse_z;
    const float w0 = (1 - weights[0].at(x, y) - weights[1].at(x, y)) * a.inverse_z;
    const float distance_along = 1 / (w0 + w1 + w2);
    const float b0 = w0 * distance_along;
    const float b1 = w1 * distance_along;
    const float b2 = w2 * distance_along;
    const cv::Vec3f world = a.world * b0 + b.world * b1 + c.world * b2;
    Surface surface;
    surface.normal = a.normal * b0 + b.normal * b1 + c.normal * b2;
    surface.normal *= 1 / std::max(1e-6F, std::sqrt(surface.normal.dot(surface.normal)));
    surface.open = std::clamp(0.35F + world[2] * 1.1F, 0.35F, 1.0F);
    if (triangle.skin == Skin::dark) {
      surface.colour = cv::Vec3f(0.012F, 0.012F, 0.012F);
      surface.gloss = 0.05F;
      surface.open *= 0.6F;
    } else {
      const auto& mesh = body_.mesh.vertices;
      const cv::Vec3f local = mesh[i0].at * b0 + mesh[i1].at * b1 + mesh[i2].at * b2;
      const SkinView& skin = skins_[static_cast<std::size_t>(triangle.skin)];
      const cv::Point2f texel =
          skin.origin + skin.per_m[0] * local[0] + skin.per_m[1] * local[1] + skin.per_m[2] * local[2];
      const cv::Vec4f ink = skin_sample(*skin.picture, texel.x, texel.y);
      for (int k = 0; k < 3; ++k)
        surface.colour[k] = linear_[static_cast<std::size_t>(ink[k] + 0.5F)];
      surface.gloss = ink[3] / 255.0F;
    }
    cv::Vec3f to_eye = eye_ - world;
    const float distance = std::sqrt(to_eye.dot(to_eye));
    to_eye *= 1 / distance;
    return lighting_.radiance(surface, to_eye, distance, lighting_.sun_visible(world), strobe_);
  }

 private:
  struct SkinView {
    const cv::Mat* picture = nullptr;
    cv::Point2f origin;
    std::array<cv::Point2f, 3> per_m;
  };
  const VehicleBody& body_;
  const Lighting& lighting_;
  const std::vector<Corner>& corners_;
  const std::array<float, 256>& linear_ = linear_of();
  float strobe_;
  cv::Vec3f eye_;
  std::array<SkinView, skin_count> skins_;
};

// The samples of one pixel that show the same thing, and so are lit once.
struct Patch {
  int triangle = -1;
  float depth = 0;
  float x = 0, y = 0;  // sum over those of the triangle itself
  int own = 0;
  int count = 0;

  [[nodiscard]] bool takes(const Sample& sample, const Mesh& mesh) const {
    if (sample.triangle == triangle) return true;
    const auto skin = [&](int index) { return mesh.triangles[static_cast<std::size_t>(index)].skin; };
    return skin(sample.triangle) == skin(triangle) && std::abs(sample.depth - depth) < 0.005F * depth;
  }
};

}  // namespace

std::vector<cv::Point2f> outline_hull(const Mesh& mesh, const Pose& pose, const SceneCamera& camera,
                                      const RollingShutter& shutter) {
  std::vector<cv::Point2f> points;
  for (const MeshVertex& vertex : mesh.vertices) {
    const cv::Point3d world = shutter.when_seen(pose.world(vertex.at), pose.velocity_y);
    if (camera.to_camera(world)[2] > 0.5) points.emplace_back(camera.project(world));
  }
  std::vector<cv::Point2f> hull;
  if (points.size() > 2) cv::convexHull(points, hull);
  return hull;
}

Layer draw_body(const VehicleBody& body, bool right_side, const Pose& pose, const SceneCamera& camera,
                const RollingShutter& shutter, const Lighting& lighting, float strobe, int margin_px) {
  Layer layer;
  std::vector<Corner> corners = seen_corners(body.mesh, pose, camera, shutter);
  const cv::Rect2d box = box_of(corners);
  const cv::Rect picture({0, 0}, camera.size());
  if (box.width <= 0 || box.x > picture.width || box.y > picture.height || box.br().x < 0 || box.br().y < 0)
    return layer;
  layer.area = cv::Rect(static_cast<int>(std::floor(box.x)) - margin_px,
                        static_cast<int>(std::floor(box.y)) - margin_px,
                        static_cast<int>(std::ceil(box.width)) + 2 * margin_px + 1,
                        static_cast<int>(std::ceil(box.height)) + 2 * margin_px + 1) &
               picture;
  if (layer.area.empty()) return layer;

  const int fine = layer.area.area() < near_area_px ? 2 : 1;
  for (Corner& corner : corners) {
    corner.x = (corner.x - static_cast<float>(layer.area.x) + 0.5F) * static_cast<float>(fine) - 0.5F;
    corner.y = (corner.y - static_cast<float>(layer.area.y) + 0.5F) * static_cast<float>(fine) - 0.5F;
  }
  const cv::Size size = layer.area.size() * fine;
  Samples samples{size.width, size.height, std::vector<Sample>(static_cast<std::size_t>(size.area()))};
  float nearest = 0;
  for (std::size_t t = 0; t < body.mesh.triangles.size(); ++t) {
    const auto& corner = body.mesh.triangles[t].corner;
    const Corner& a = corners[static_cast<std::size_t>(corner[0])];
    const Corner& b = corners[static_cast<std::size_t>(corner[1])];
    const Corner& c = corners[static_cast<std::size_t>(corner[2])];
    if (!a.ahead || !b.ahead || !c.ahead) continue;
    nearest = std::max(nearest, a.inverse_z);
    fill_triangle(a, b, c, static_cast<int>(t), samples);
  }

  const Shader shader(body, right_side, camera, lighting, strobe, corners, camera.focal_px() * nearest);
  const float share = 1.0F / static_cast<float>(fine * fine);
  layer.light = cv::Mat(layer.area.size(), CV_32FC4, cv::Scalar::all(0));
  for (int y = 0; y < layer.area.height; ++y) {
    float* out = layer.light.ptr<float>(y);
    for (int x = 0; x < layer.area.width; ++x, out += 4) {
      std::array<Patch, 4> patches;
      std::size_t used = 0;
      for (int j = y * fine; j < (y + 1) * fine; ++j) {
        for (int i = x * fine; i < (x + 1) * fine; ++i) {
          const Sample& sample = samples[j][i];
          if (sample.triangle < 0) continue;
          std::size_t which = 0;
          while (which < used && !patches[which].takes(sample, body.mesh))
            ++which;
          Patch& patch = patches[which];
          if (which == used) {
            patch.triangle = sample.triangle;
            patch.depth = sample.depth;
            ++used;
          }
          ++patch.count;
          if (sample.triangle != patch.triangle) continue;
          patch.x += static_cast<float>(i);
          patch.y += static_cast<float>(j);
          ++patch.own;
        }
      }
      for (std::size_t which = 0; which < used; ++which) {
        const Patch& patch = patches[which];
        const float mean = 1 / static_cast<float>(patch.own);
        const cv::Vec3f light = shader.light(patch.triangle, patch.x * mean, patch.y * mean);
        const float cover = share * static_cast<float>(patch.count);
        for (int c = 0; c < 3; ++c)
          out[c] += cover * light[c];
        out[3] += cover;
      }
    }
  }
  return layer;
}

}  // namespace wayside::roadsim
