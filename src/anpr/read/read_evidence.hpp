// The pictures that go with a read.
//
// Threads: pure functions; OpenCV may throw cv::Exception, which the reader catches. Ownership: copies, never
// views of the frame, whose buffer belongs to the camera.
#pragma once

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside::read {

inline constexpr int most_patch_width_px = 120;  // what the national back office accepts
inline constexpr int most_patch_height_px = 60;

// frame: CV_8UC3. The quad straightened, as large as fits, aspect kept.
[[nodiscard]] cv::Mat cut_patch(const cv::Mat& frame, const PlateQuad& quad);

// frame: CV_8UC3. At most width_px wide, aspect kept, never enlarged.
[[nodiscard]] cv::Mat make_overview(const cv::Mat& frame, int width_px);

}  // namespace wayside::read
