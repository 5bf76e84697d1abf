// A sensor whose rows are exposed one after the other: the lower in the picture, the later; the middle row at
// the frame's instant (SensorSpec::row_us_at_720).
//
// Threads: immutable. What moves is put where its own row sees it, point by point; what stands needs nothing.
#pragma once

#include <opencv2/core/types.hpp>

#include "wayside/roadsim/scene/camera.hpp"

namespace wayside::roadsim {

class RollingShutter {
 public:
  RollingShutter(const SceneCamera& camera, const SensorSpec& sensor);

  // Where a point is when the row that shows it is exposed. at: where it is at the frame's instant, before
  // the camera; velocity_y: along the road, m/s. Exact to some hundredths of a pixel (one step of
  // Steffensen's rule).
  [[nodiscard]] cv::Point3d when_seen(const cv::Point3d& at, double velocity_y) const;
  // How far anything moves between the frame's instant and its last row, m.
  [[nodiscard]] double reach(double velocity_y) const;

 private:
  [[nodiscard]] double seconds_of(const cv::Point3d& at) const;
  SceneCamera camera_;
  double row_s_;
};

}  // namespace wayside::roadsim
