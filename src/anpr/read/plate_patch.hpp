// The plate straightened: dark characters on a light field, upright, at one size, whatever it looked like in
// the frame.
//
// Threads: pure functions; OpenCV may throw cv::Exception, which the reader catches. Units: pixels of the
// patch.
#pragma once

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside::read {

struct PlatePatch {
  cv::Mat luma;    // CV_8UC1, the plate's darkest and lightest parts near 0 and 255
  cv::Rect plate;  // the quad within it; around it lies some of the surroundings
  int lines = 1;   // 1 or 2, by the quad's proportion
};

// Height that characters have in a patch, by the prescribed share of the plate's height.
inline constexpr int character_height_px = 40;

// frame_luma: CV_8UC1. Empty luma where the quad has no extent or lies outside the frame.
[[nodiscard]] PlatePatch straighten(const cv::Mat& frame_luma, const PlateQuad& quad);

}  // namespace wayside::read
