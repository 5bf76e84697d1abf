#include "plate_pose.hpp"

#include <cmath>
#include <numbers>

namespace wayside::aim {

namespace {

constexpr double degrees = 180 / std::numbers::pi;

// Along the plate, and down its sides, on average.
cv::Point2f along(const PlateQuad& quad) {
  return (quad[1] - quad[0] + quad[2] - quad[3]) / 2;
}
cv::Point2f down(const PlateQuad& quad) {
  return (quad[3] - quad[0] + quad[2] - quad[1]) / 2;
}

}  // namespace

double tilt_deg(const PlateQuad& quad) {
  const cv::Point2f base = along(quad);
  return std::atan2(base.y, base.x) * degrees;
}

double skew_deg(const PlateQuad& quad) {
  const cv::Point2f base = along(quad);
  const cv::Point2f side = down(quad);
  const double across = base.cross(side);
  if (across <= 0) return 0;
  // Sides whose lower ends lie further along lean anticlockwise.
  return -std::atan2(base.dot(side), across) * degrees;
}

double character_height_px(const PlateQuad& quad, int lines) {
  const cv::Point2f base = along(quad);
  const double length = std::hypot(base.x, base.y);
  if (length <= 0) return 0;
  constexpr double one_line = 79.0 / 111.0;
  constexpr double two_lines = 79.0 / 203.0;
  return std::abs(base.cross(down(quad))) / length * (lines == 2 ? two_lines : one_line);
}

}  // namespace wayside::aim
