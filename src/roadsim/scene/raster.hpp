// Draws a vehicle's mesh into a layer: linear light, premultiplied, with cover in the fourth channel.
#pragma once

#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/scene/camera.hpp"

#include "lighting.hpp"
#include "rolling_shutter.hpp"
#include "vehicle_body.hpp"

namespace wayside::roadsim {

struct Pose {
  double x = 0;        // of the vehicle's middle line
  double front_y = 0;  // of its leading end
  bool towards = true;
  double velocity_y = 0;  // m/s

  [[nodiscard]] cv::Point3d world(const cv::Vec3f& local) const {
    return towards ? cv::Point3d(x - local[0], front_y - local[1], local[2])
                   : cv::Point3d(x + local[0], front_y + local[1], local[2]);
  }
  [[nodiscard]] cv::Vec3f turn(const cv::Vec3f& v) const {
    return towards ? cv::Vec3f(-v[0], -v[1], v[2]) : v;
  }
};

struct Layer {
  cv::Rect area;  // in the picture; empty where nothing is seen
  cv::Mat light;  // CV_32FC4 of the area's size
};

// The vehicle's outline in the picture, unclipped.
[[nodiscard]] std::vector<cv::Point2f> outline_hull(const Mesh& mesh, const Pose& pose,
                                                    const SceneCamera& camera, const RollingShutter& shutter);

// margin_px: room for blur around the outline.
[[nodiscard]] Layer draw_body(const VehicleBody& body, bool right_side, const Pose& pose,
                              const SceneCamera& camera, const RollingShutter& shutter,
                              const Lighting& lighting, float strobe, int margin_px);

}  // namespace wayside::roadsim
