// Cuts a quadrilateral out of a picture and straightens it.
//
// Threads: pure. Shapes: picture CV_8UC1 or CV_8UC3; the result has `size` and the picture's type. Units:
// pixels. Failure: empty where the quadrilateral has no extent, or most of it lies outside the picture.
#pragma once

#include <array>

#include <opencv2/core/mat.hpp>
#include <opencv2/core/types.hpp>

namespace wayside {

// The picture's corners `from` come to lie at `to`. What is reduced is smoothed before, so that no pixel is
// skipped (a reduction below 0.6 by a Gaussian of 0.4 / reduction); beyond the picture's edge its last pixels
// repeat.
[[nodiscard]] cv::Mat cut_out(const cv::Mat& picture, const std::array<cv::Point2f, 4>& from,
                              const std::array<cv::Point2f, 4>& to, cv::Size size);

}  // namespace wayside
