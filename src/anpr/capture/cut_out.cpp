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
  // Only what will be seen is smoothed: the quadrilateral and as much again around it.
  const cv::Rect around =
      cv::Rect(cv::Rect2f(box.x - box.width, box.y - box.height, 3 * box.width, 3 * box.height)) &
      cv::Rect(0, 0, picture.cols, picture.rows);
  cv::Mat smooth;
  cv::GaussianBlur(picture(around), smooth, {}, 0.4 / reduction);
  cv::Mat offset = cv::Mat::eye(3, 3, CV_64F);
  offset.at<double>(0, 2) = around.x;
  offset.at<double>(1, 2) = around.y;
  cv::warpPerspective(smooth, straight, straighten * offset, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return straight;
}

}  // namespace wayside
