#include "read_evidence.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace wayside::read {

cv::Mat cut_patch(const cv::Mat& frame, const PlateQuad& quad) {
  const double width = std::max(1.0F, width_px(quad));
  const double height = std::max(1.0, (std::hypot(quad[3].x - quad[0].x, quad[3].y - quad[0].y) +
                                       std::hypot(quad[2].x - quad[1].x, quad[2].y - quad[1].y)) /
                                          2.0);
  const double scale = std::min(most_patch_width_px / width, most_patch_height_px / height);
  const cv::Size size(std::clamp(static_cast<int>(std::lround(width * scale)), 1, most_patch_width_px),
                      std::clamp(static_cast<int>(std::lround(height * scale)), 1, most_patch_height_px));
  const auto right = static_cast<float>(size.width);
  const auto bottom = static_cast<float>(size.height);
  const std::array<cv::Point2f, 4> corners = {cv::Point2f{0, 0}, {right, 0}, {right, bottom}, {0, bottom}};
  cv::Mat patch;
  cv::warpPerspective(frame, patch, cv::getPerspectiveTransform(quad.data(), corners.data()), size,
                      cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return patch;
}

cv::Mat make_overview(const cv::Mat& frame, int width_px) {
  if (frame.cols <= width_px) return frame.clone();
  const int height =
      std::max(1, static_cast<int>(std::lround(static_cast<double>(frame.rows) * width_px / frame.cols)));
  cv::Mat overview;
  cv::resize(frame, overview, {width_px, height}, 0, 0, cv::INTER_AREA);
  return overview;
}

}  // namespace wayside::read
