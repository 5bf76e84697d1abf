// The pinhole camera of a scene: from metres on the road to pixels, and back to rays.
//
// Threads: immutable. Pixels: the centre of the top left pixel is (0, 0). No lens distortion: truth is exact.
#pragma once

#include <array>

#include <opencv2/core/types.hpp>

#include "wayside/roadsim/scene/scenario.hpp"

namespace wayside::roadsim {

class SceneCamera {
 public:
  SceneCamera(const CameraPose& pose, int width, int height);

  // Into the picture (x right, y down, z ahead of the camera, metres); a point with z <= 0 lies behind the
  // camera.
  [[nodiscard]] cv::Vec3d to_camera(const cv::Point3d& world) const;
  // Meaningful where to_camera(world)[2] > 0.
  [[nodiscard]] cv::Point2d project(const cv::Point3d& world) const;
  // Direction in the world of what is seen at the pixel; length such that it goes one metre ahead.
  [[nodiscard]] cv::Vec3d ray(const cv::Point2d& pixel) const;

  [[nodiscard]] cv::Point3d position() const { return position_; }
  [[nodiscard]] double focal_px() const { return focal_; }
  [[nodiscard]] cv::Size size() const { return size_; }

 private:
  cv::Size size_;
  double focal_;
  cv::Point2d centre_;
  cv::Point3d position_;
  cv::Vec3d right_, down_, ahead_;
};

}  // namespace wayside::roadsim
