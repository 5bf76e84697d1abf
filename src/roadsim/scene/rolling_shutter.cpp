#include "rolling_shutter.hpp"

#include <algorithm>
#include <cmath>

namespace wayside::roadsim {

RollingShutter::RollingShutter(const SceneCamera& camera, const SensorSpec& sensor)
    : camera_(camera), row_s_(sensor.row_us_at_720 * 1e-6 * 720 / camera.size().height) {}

// Rows above and below the picture go on with it for a while: a vehicle's parts there must not tear off.
double RollingShutter::seconds_of(const cv::Point3d& at) const {
  const double height = camera_.size().height;
  const double row = camera_.to_camera(at)[2] > 0.5 ? camera_.project(at).y : 2 * height;
  return (std::clamp(row, -height, 2 * height) - (height - 1) / 2) * row_s_;
}

cv::Point3d RollingShutter::when_seen(const cv::Point3d& at, double velocity_y) const {
  if (row_s_ == 0 || velocity_y == 0) return at;
  // Wanted: the time that is that of the row where the point is then. It changes little, so the rule's
  // denominator stays near the first guess.
  const double guess = seconds_of(at);
  const double better = seconds_of(at + cv::Point3d(0, velocity_y * guess, 0));
  const double change = guess - better;
  const bool steady = std::abs(change) < 0.5 * std::abs(guess);
  const double seconds = steady ? guess * guess / (guess + change) : better;
  return at + cv::Point3d(0, velocity_y * seconds, 0);
}

double RollingShutter::reach(double velocity_y) const {
  return std::abs(velocity_y) * row_s_ * camera_.size().height / 2;
}

}  // namespace wayside::roadsim
