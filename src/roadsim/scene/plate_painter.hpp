// A plate's artwork in linear light, and its way into a layer by the exact homography.
#pragma once

#include <array>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/plates/plate_press.hpp"
#include "wayside/roadsim/scene/truth.hpp"

#include "lighting.hpp"
#include "raster.hpp"

namespace wayside::roadsim {

using PlateCorners = std::array<cv::Point3d, 4>;  // as read: top left, top right, bottom right, bottom left

class PlatePainter {
 public:
  explicit PlatePainter(const PlateArtwork& artwork);

  // Over whatever the layer shows there; the part outside the layer is cut off. corners: where it is lit;
  // seen: where its rows see it.
  void draw(Layer& layer, const PlateCorners& corners, const PlateCorners& seen, const SceneCamera& camera,
            const Lighting& lighting, float strobe) const;

 private:
  std::vector<cv::Mat> levels_;  // CV_32FC4: diffuse colour and retroreflection, by halves
};

}  // namespace wayside::roadsim
