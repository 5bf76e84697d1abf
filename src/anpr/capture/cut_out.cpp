#include "wayside/anpr/capture/cut_out.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside {
namespace {

using Quad = std::array<cv::Point2f, 4>;

constexpr double reduction_smoothed = 0.6;
constexpr float least_extent_px = 4;
constexpr float least_share_seen = 0.3F;

double length(cv::Point2f a, cv::Point2f b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

cv::Rect2f box_of(const Quad& quad) {
  const auto [left, right] = std::minmax({quad[0].x, quad[1].x, quad[2].x, quad[3].x});
  const auto [top, bottom] = std::minmax({quad[0].y, quad[1].y, quad[2].y, quad[3].y});
  return {left, top, right - left, bottom - top};
}

// Clockwise and not folded over, as every picture of a rectangle is.
bool is_convex(const Quad& quad) {
  for (std::size_t i = 0; i < 4; ++i) {
    const cv::Point2f one = quad[(i + 1) % 4] - quad[i];
    const cv::Point2f two = quad[(i + 2) % 4] - quad[(i + 1) % 4];
    if (!(one.cross(two) > 0)) return false;  // NaN is not convex either
  }
  return true;
}

// What of the picture a straightened one of this size shows; the whole picture where it reaches to the
// horizon.
cv::Rect seen_by(const cv::Mat& straighten, cv::Size size, const cv::Rect& picture) {
  constexpr float margin_px = 2;  // of the interpolation, and of rounding
  const cv::Matx33d back = cv::Mat(straighten.inv());
  const auto right = static_cast<float>(size.width);
  const auto bottom = static_cast<float>(size.height);
  Quad corners{cv::Point2f(0, 0), {right, 0}, {right, bottom}, {0, bottom}};
  for (cv::Point2f& corner : corners) {
    const cv::Vec3d at = back * cv::Vec3d(corner.x, corner.y, 1);
    // The scale of the matrix is free, but all that is in view lies on one side of the horizon.
    const double depth = at[2] * back(2, 2);
    if (!(depth > 1e-6 * back(2, 2) * back(2, 2))) return picture;
    corner = {static_cast<float>(at[0] / at[2]), static_cast<float>(at[1] / at[2])};
  }
  const cv::Rect2f box = box_of(corners);
  const cv::Rect2f whole(cv::Point2f(picture.tl()), cv::Size2f(picture.size()));
  const cv::Rect2f seen = cv::Rect2f(box.x - margin_px, box.y - margin_px, box.width + 2 * margin_px,
                                     box.height + 2 * margin_px) &
                          whole;
  return cv::Rect(
             cv::Point(static_cast<int>(seen.x), static_cast<int>(seen.y)),
             cv::Point(static_cast<int>(std::ceil(seen.br().x)), static_cast<int>(std::ceil(seen.br().y)))) &
         picture;
}

}  // namespace

cv::Mat cut_out(const cv::Mat& picture, const Quad& from, const Quad& to, cv::Size size) {
  const cv::Rect2f box = box_of(from);
  const cv::Rect2f frame(0, 0, static_cast<float>(picture.cols), static_cast<float>(picture.rows));
  if (!is_convex(from) || box.width < least_extent_px || box.height < least_extent_px ||
      !((box & frame).area() > least_share_seen * box.area())) {
    return {};
  }
  const cv::Mat straighten = cv::getPerspectiveTransform(from.data(), to.data());
  const double across = length(to[0], to[1]) / std::max(1.0, length(from[0], from[1]));
  const double down = length(to[0], to[3]) / std::max(1.0, length(from[0], from[3]));
  const double reduction = std::max(across, down);
  cv::Mat straight;
  if (reduction >= reduction_smoothed) {
    cv::warpPerspective(picture, straight, straighten, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    return straight;
  }
  // Only what will be seen is smoothed, and never more than the quadrilateral and as much again around it.
  const cv::Rect around =
      cv::Rect(cv::Rect2f(box.x - box.width, box.y - box.height, 3 * box.width, 3 * box.height)) &
      seen_by(straighten, size, cv::Rect(0, 0, picture.cols, picture.rows));
  if (around.empty()) return {};
  cv::Mat smooth;
  cv::GaussianBlur(picture(around), smooth, {}, 0.4 / reduction);
  cv::Mat offset = cv::Mat::eye(3, 3, CV_64F);
  offset.at<double>(0, 2) = around.x;
  offset.at<double>(1, 2) = around.y;
  cv::warpPerspective(smooth, straight, straighten * offset, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return straight;
}

}  // namespace wayside
