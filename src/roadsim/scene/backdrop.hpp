// All that does not drive: road, markings, verge, barrier, hedge, trees, houses, bridge, signs, sky. Drawn
// once.
#pragma once

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/scene/camera.hpp"

#include "lighting.hpp"

namespace wayside::roadsim {

struct Backdrop {
  cv::Mat sunny;   // CV_32FC3 linear light, everything in the sun and without the flash
  cv::Mat shady;   // the same in shadow
  cv::Mat flash;   // CV_32FC1, what the full flash adds
  cv::Mat leaves;  // CV_32FC2, where in the tile of leaf shadows each pixel lies, in tile px
};

[[nodiscard]] Backdrop draw_backdrop(const Scenario& scenario, const SceneCamera& camera,
                                     const Lighting& lighting);

}  // namespace wayside::roadsim
