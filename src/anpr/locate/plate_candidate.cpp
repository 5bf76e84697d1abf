#include "wayside/anpr/locate/plate_candidate.hpp"

#include <algorithm>
#include <cmath>

namespace wayside {

cv::Rect2f bounding_box(const PlateQuad& quad) {
  const auto [left, right] = std::minmax({quad[0].x, quad[1].x, quad[2].x, quad[3].x});
  const auto [top, bottom] = std::minmax({quad[0].y, quad[1].y, quad[2].y, quad[3].y});
  return {left, top, right - left, bottom - top};
}

float width_px(const PlateQuad& quad) {
  const cv::Point2f upper = quad[1] - quad[0];
  const cv::Point2f lower = quad[2] - quad[3];
  return (std::hypot(upper.x, upper.y) + std::hypot(lower.x, lower.y)) / 2;
}

cv::Point2f centre(const PlateQuad& quad) {
  return (quad[0] + quad[1] + quad[2] + quad[3]) / 4;
}

}  // namespace wayside
