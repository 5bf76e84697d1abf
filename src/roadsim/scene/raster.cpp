#include "raster.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::roadsim {

namespace {

constexpr double samples_wanted =
    330e3;  // a near vehicle needs no supersampling: its edges are few and blurred

struct Corner {
  float x, y;       // in samples
  float inverse_z;  // 1 / distance along the view
  cv::Vec3f world;
  cv::Vec3f normal;
  bool ahead;
};

struct Sample {
  int triangle = -1;
  float depth = 0;  // 1 / z, greater is nearer
  float b1 = 0, b2 = 0;
};

struct Samples {
  int cols, rows;
  std::vector<Sample> values;
  Sample* operator[](int y) {
    return values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(cols);
  }
};

std::vector<Corner> seen_corners(const Mesh& mesh, const Pose& pose, const SceneCamera& camera) {
  std::vector<Corner> corners;
  corners.reserve(mesh.vertices.size());
  for (const MeshVertex& vertex : mesh.vertices) {
    const cv::Point3d world = pose.world(vertex.at);
    const cv::Vec3d view = camera.to_camera(world);
    Corner corner{};
    corner.ahead = view[2] > 0.5;
    if (corner.ahead) {
      const cv::Point2d px = camera.project(world);
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

void fill_triangle(const Corner& a, const Corner& b, const Corner& c, int index, Samples& samples) {
  const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  if (area >= -1e-6F) return;  // seen from behind: y runs down, so outward faces turn clockwise
  const float inverse = 1 / area;
  const int x0 = std::max(0, static_cast<int>(std::ceil(std::min({a.x, b.x, c.x}))));
  const int x1 = std::min(samples.cols - 1, static_cast<int>(std::floor(std::max({a.x, b.x, c.x}))));
  const int y0 = std::max(0, static_cast<int>(std::ceil(std::min({a.y, b.y, c.y}))));
  const int y1 = std::min(samples.rows - 1, static_cast<int>(std::floor(std::max({a.y, b.y, c.y}))));
  for (int y = y0; y <= y1; ++y) {
    Sample* row = samples[y];
    const float py = static_cast<float>(y);
    for (int x = x0; x <= x1; ++x) {
      const float px = static_cast<float>(x);
      const float w1 = ((px - a.x) * (c.y - a.y) - (py - a.y) * (c.x - a.x)) * inverse;
      const float w2 = ((b.x - a.x) * (py - a.y) - (b.y - a.y) * (px - a.x)) * inverse;
      const float w0 = 1 - w1 - w2;
      if (w0 < 0 || w1 < 0 || w2 < 0) continue;
      const float depth = w0 * a.inverse_z + w1 * b.inverse_z + w2 * c.inverse_z;
      if (depth <= row[x].depth) continue;
      row[x] = {index, depth, w1 * b.inverse_z / depth, w2 * c.inverse_z / depth};
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
  const cv::Vec4b* upper = skin.ptr<cv::Vec4b>(y0) + x0;
  const cv::Vec4b* lower = skin.ptr<cv::Vec4b>(y0 + 1) + x0;
  const float w00 = (1 - fx) * (1 - fy), w10 = fx * (1 - fy), w01 = (1 - fx) * fy, w11 = fx * fy;
  cv::Vec4f mixed;
  for (int c = 0; c < 4; ++c) {
    mixed[c] = w00 * upper[0][c] + w10 * upper[1][c] + w01 * lower[0][c] + w11 * lower[1][c];
  }
  return mixed;
}

}  // namespace

cv::Rect2d outline_box(const Mesh& mesh, const Pose& pose, const SceneCamera& camera) {
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
  for (const MeshVertex& vertex : mesh.vertices) {
    const cv::Point3d world = pose.world(vertex.at);
    if (camera.to_camera(world)[2] <= 0.5) continue;
    const cv::Point2d px = camera.project(world);
    left = std::min(left, px.x), right = std::max(right, px.x);
    top = std::min(top, px.y), bottom = std::max(bottom, px.y);
  }
  return left > right ? cv::Rect2d() : cv::Rect2d(left, top, right - left, bottom - top);
}

std::vector<cv::Point2f> outline_hull(const Mesh& mesh, const Pose& pose, const SceneCamera& camera) {
  std::vector<cv::Point2f> points;
  for (const MeshVertex& vertex : mesh.vertices) {
    const cv::Point3d world = pose.world(vertex.at);
    if (camera.to_camera(world)[2] > 0.5) points.emplace_back(camera.project(world));
  }
  std::vector<cv::Point2f> hull;
  if (points.size() > 2) cv::convexHull(points, hull);
  return hull;
}

Layer draw_body(const VehicleBody& body, bool right_side, const Pose& pose, const SceneCamera& camera,
                const Lighting& lighting, float strobe, int margin_px) {
  Layer layer;
  const cv::Rect2d box = outline_box(body.mesh, pose, camera);
  const cv::Rect picture({0, 0}, camera.size());
  if (box.width <= 0 || box.x > picture.width || box.y > picture.height || box.br().x < 0 || box.br().y < 0)
    return layer;
  layer.area = cv::Rect(static_cast<int>(std::floor(box.x)) - margin_px,
                        static_cast<int>(std::floor(box.y)) - margin_px,
                        static_cast<int>(std::ceil(box.width)) + 2 * margin_px + 1,
                        static_cast<int>(std::ceil(box.height)) + 2 * margin_px + 1) &
               picture;
  if (layer.area.empty()) return layer;

  const double scale = std::clamp(std::sqrt(samples_wanted / layer.area.area()), 1.0, 2.0);
  const cv::Size size(static_cast<int>(std::ceil(layer.area.width * scale)),
                      static_cast<int>(std::ceil(layer.area.height * scale)));
  const float scale_x = static_cast<float>(size.width) / static_cast<float>(layer.area.width);
  const float scale_y = static_cast<float>(size.height) / static_cast<float>(layer.area.height);
  std::vector<Corner> corners = seen_corners(body.mesh, pose, camera);
  for (Corner& corner : corners) {
    corner.x = (corner.x - static_cast<float>(layer.area.x) + 0.5F) * scale_x - 0.5F;
    corner.y = (corner.y - static_cast<float>(layer.area.y) + 0.5F) * scale_y - 0.5F;
  }
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

  const double samples_per_m = camera.focal_px() * nearest * scale;
  const cv::Point3d eye_at = camera.position();
  const cv::Vec3f eye(static_cast<float>(eye_at.x), static_cast<float>(eye_at.y),
                      static_cast<float>(eye_at.z));
  const auto& linear = linear_of();
  cv::Mat shaded(size, CV_32FC4, cv::Scalar::all(0));
  for (int y = 0; y < size.height; ++y) {
    const Sample* row = samples[y];
    cv::Vec4f* out = shaded.ptr<cv::Vec4f>(y);
    for (int x = 0; x < size.width; ++x) {
      if (row[x].triangle < 0) continue;
      const MeshTriangle& triangle = body.mesh.triangles[static_cast<std::size_t>(row[x].triangle)];
      const float b1 = row[x].b1;
      const float b2 = row[x].b2;
      const float b0 = 1 - b1 - b2;
      const std::size_t i0 = static_cast<std::size_t>(triangle.corner[0]);
      const std::size_t i1 = static_cast<std::size_t>(triangle.corner[1]);
      const std::size_t i2 = static_cast<std::size_t>(triangle.corner[2]);
      const cv::Vec3f world = corners[i0].world * b0 + corners[i1].world * b1 + corners[i2].world * b2;
      Surface surface;
      surface.normal = corners[i0].normal * b0 + corners[i1].normal * b1 + corners[i2].normal * b2;
      surface.normal *= 1 / std::max(1e-6F, std::sqrt(surface.normal.dot(surface.normal)));
      surface.open = std::clamp(0.35F + world[2] * 1.1F, 0.35F, 1.0F);
      if (triangle.skin == Skin::dark) {
        surface.colour = cv::Vec3f(0.012F, 0.012F, 0.012F);
        surface.gloss = 0.05F;
        surface.open *= 0.6F;
      } else {
        const double texels_per_m =
            skin_px_per_m * (triangle.skin == Skin::front || triangle.skin == Skin::rear ? 1.0 : 0.5);
        const auto& levels = body.skins[static_cast<std::size_t>(triangle.skin)];
        int level = 0;
        double reduced = texels_per_m;
        while (reduced > samples_per_m * 1.3 && level + 1 < static_cast<int>(levels.size()))
          reduced /= 2, ++level;
        const auto& mesh = body.mesh.vertices;
        const cv::Vec3f local = mesh[i0].at * b0 + mesh[i1].at * b1 + mesh[i2].at * b2;
        const cv::Point2f texel = skin_at(body.plan, triangle.skin, right_side, local);
        const float shrink = 1.0F / static_cast<float>(1 << level);
        const cv::Vec4f ink = skin_sample(levels[static_cast<std::size_t>(level)],
                                          (texel.x + 0.5F) * shrink - 0.5F, (texel.y + 0.5F) * shrink - 0.5F);
        for (int c = 0; c < 3; ++c)
          surface.colour[c] = linear[static_cast<std::size_t>(std::lround(ink[c]))];
        surface.gloss = ink[3] / 255.0F;
      }
      cv::Vec3f to_eye = eye - world;
      const float distance = std::sqrt(to_eye.dot(to_eye));
      to_eye *= 1 / distance;
      const cv::Vec3f light =
          lighting.radiance(surface, to_eye, distance, lighting.sun_visible(world), strobe);
      out[x] = cv::Vec4f(light[0], light[1], light[2], 1);
    }
  }
  cv::resize(shaded, layer.light, layer.area.size(), 0, 0, cv::INTER_AREA);
  return layer;
}

}  // namespace wayside::roadsim
