#include "wayside/roadsim/scene/camera.hpp"

#include <cmath>
#include <numbers>

namespace wayside::roadsim {

SceneCamera::SceneCamera(const CameraPose& pose, int width, int height)
    : size_(width, height),
      focal_(pose.focal_px_at_1280 * width / 1280.0),
      centre_((width - 1) / 2.0, (height - 1) / 2.0),
      position_(pose.x_m, 0, pose.height_m) {
  const double tilt = pose.tilt_deg * std::numbers::pi / 180;
  const double pan = pose.pan_deg * std::numbers::pi / 180;
  ahead_ = {std::sin(pan) * std::cos(tilt), std::cos(pan) * std::cos(tilt), -std::sin(tilt)};
  right_ = {std::cos(pan), -std::sin(pan), 0};
  down_ = ahead_.cross(right_);
}

cv::Vec3d SceneCamera::to_camera(const cv::Point3d& world) const {
  const cv::Vec3d offset(world.x - position_.x, world.y - position_.y, world.z - position_.z);
  return {offset.dot(right_), offset.dot(down_), offset.dot(ahead_)};
}

cv::Point2d SceneCamera::project(const cv::Point3d& world) const {
  const cv::Vec3d seen = to_camera(world);
  return {centre_.x + focal_ * seen[0] / seen[2], centre_.y + focal_ * seen[1] / seen[2]};
}

cv::Vec3d SceneCamera::ray(const cv::Point2d& pixel) const {
  return ahead_ + right_ * ((pixel.x - centre_.x) / focal_) + down_ * ((pixel.y - centre_.y) / focal_);
}

}  // namespace wayside::roadsim
