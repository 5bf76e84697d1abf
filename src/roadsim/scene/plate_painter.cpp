#include "plate_painter.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::roadsim {

namespace {
constexpr int fine = 3;  // samples a pixel, each way
}

PlatePainter::PlatePainter(const PlateArtwork& artwork) {
  cv::Mat linear(artwork.bgr.size(), CV_32FC4);
  const auto& table = linear_of();
  for (int y = 0; y < linear.rows; ++y) {
    for (int x = 0; x < linear.cols; ++x) {
      const cv::Vec3b& colour = artwork.bgr.at<cv::Vec3b>(y, x);
      linear.at<cv::Vec4f>(y, x) = {table[colour[0]], table[colour[1]], table[colour[2]],
                                    static_cast<float>(artwork.retro.at<uchar>(y, x)) / 255.0F};
    }
  }
  levels_.push_back(linear);
  while (levels_.back().cols > 64) {
    cv::Mat half;
    cv::resize(levels_.back(), half, {(levels_.back().cols + 1) / 2, (levels_.back().rows + 1) / 2}, 0, 0,
               cv::INTER_AREA);
    levels_.push_back(half);
  }
}

void PlatePainter::draw(Layer& layer, const PlateCorners& corners, const PlateCorners& seen,
                        const SceneCamera& camera, const Lighting& lighting, float strobe) const {
  std::vector<cv::Point2f> quad;
  for (const cv::Point3d& corner : seen) {
    if (camera.to_camera(corner)[2] <= 0.5) return;
    quad.emplace_back(camera.project(corner));
  }
  const cv::Rect2f bounds = cv::boundingRect(quad);
  const cv::Rect area = cv::Rect(static_cast<int>(bounds.x) - 2, static_cast<int>(bounds.y) - 2,
                                 static_cast<int>(bounds.width) + 5, static_cast<int>(bounds.height) + 5) &
                        layer.area;
  if (area.empty()) return;
  const cv::Size size(area.width * fine, area.height * fine);
  std::vector<cv::Point2f> target;  // in samples, whose centres lie at whole numbers
  for (const cv::Point2f& p : quad) {
    target.emplace_back((p.x - static_cast<float>(area.x) + 0.5F) * fine - 0.5F,
                        (p.y - static_cast<float>(area.y) + 0.5F) * fine - 0.5F);
  }
  const double samples_wide = cv::norm(target[1] - target[0]);
  std::size_t level = 0;
  while (level + 1 < levels_.size() && levels_[level].cols > samples_wide * 1.4)
    ++level;
  const cv::Mat& art = levels_[level];
  const float right = static_cast<float>(art.cols) - 0.5F;
  const float bottom = static_cast<float>(art.rows) - 0.5F;
  const std::vector<cv::Point2f> source = {{-0.5F, -0.5F}, {right, -0.5F}, {right, bottom}, {-0.5F, bottom}};
  cv::Mat painted;
  cv::warpPerspective(art, painted, cv::getPerspectiveTransform(source, target), size, cv::INTER_LINEAR,
                      cv::BORDER_REPLICATE);
  cv::Mat cover(size, CV_8UC1, cv::Scalar(0));
  std::vector<cv::Point> fixed;
  for (const cv::Point2f& p : target)
    fixed.emplace_back(cvRound(p.x * 16), cvRound(p.y * 16));
  cv::fillConvexPoly(cover, fixed, cv::Scalar(255), cv::LINE_AA, 4);

  // The light differs over the plate only by the shadows of leaves.
  const auto vec = [](const cv::Point3d& p) {
    return cv::Vec3f(static_cast<float>(p.x), static_cast<float>(p.y), static_cast<float>(p.z));
  };
  const cv::Vec3f across = vec(corners[1]) - vec(corners[0]);
  const cv::Vec3f down = vec(corners[3]) - vec(corners[0]);
  cv::Vec3f normal = down.cross(across);
  normal *= 1 / static_cast<float>(cv::norm(normal));
  const cv::Vec3f middle = vec(corners[0]) + (across + down) * 0.5F;
  cv::Vec3f to_eye = vec(camera.position()) - middle;
  const float distance = static_cast<float>(cv::norm(to_eye));
  to_eye *= 1 / distance;
  const Surface white{{1, 1, 1}, normal, 0, 0.8F};
  const cv::Vec3f lit = lighting.radiance(white, to_eye, distance, 1, strobe);
  const cv::Vec3f shade = lighting.radiance(white, to_eye, distance, 0, strobe);
  const float retro = Lighting::retro(distance) * strobe * std::max(0.0F, normal.dot(to_eye));
  const cv::Mat back =
      cv::getPerspectiveTransform(target, std::vector<cv::Point2f>{{0, 0}, {1, 0}, {1, 1}, {0, 1}});
  const cv::Matx33d to_unit = back;

  cv::Mat light(size, CV_32FC4);
  for (int y = 0; y < size.height; ++y) {
    const cv::Vec4f* ink = painted.ptr<cv::Vec4f>(y);
    const uchar* covered = cover.ptr<uchar>(y);
    cv::Vec4f* out = light.ptr<cv::Vec4f>(y);
    float sun = 1;
    for (int x = 0; x < size.width; ++x) {
      if (covered[x] == 0) {
        out[x] = {};
        continue;
      }
      if (x % 4 == 0 || covered[std::max(0, x - 1)] == 0) {
        const cv::Vec3d unit = to_unit * cv::Vec3d(x, y, 1);
        sun = lighting.sun_visible(vec(corners[0]) + across * static_cast<float>(unit[0] / unit[2]) +
                                   down * static_cast<float>(unit[1] / unit[2]));
      }
      const float alpha = static_cast<float>(covered[x]) / 255.0F;
      for (int c = 0; c < 3; ++c) {
        out[x][c] = alpha * (ink[x][c] * (shade[c] + (lit[c] - shade[c]) * sun) + ink[x][3] * retro);
      }
      out[x][3] = alpha;
    }
  }
  cv::Mat small;
  cv::resize(light, small, area.size(), 0, 0, cv::INTER_AREA);
  cv::Mat under = layer.light(area - layer.area.tl());
  for (int y = 0; y < small.rows; ++y) {
    const cv::Vec4f* over = small.ptr<cv::Vec4f>(y);
    cv::Vec4f* to = under.ptr<cv::Vec4f>(y);
    for (int x = 0; x < small.cols; ++x)
      to[x] = over[x] + to[x] * (1 - over[x][3]);
  }
}

}  // namespace wayside::roadsim
