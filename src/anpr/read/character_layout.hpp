// Where the characters stand on a straightened plate, and the plate's text as a clean printed line.
//
// Threads: pure functions; OpenCV may throw cv::Exception, which the reader catches. Units: pixels of the
// patch.
#pragma once

#include <vector>

#include <opencv2/core/mat.hpp>

#include "plate_patch.hpp"

namespace wayside::read {

// Boxes of the characters of one line, left to right. What is not as high as the others or does not stand on
// their line (rim, band, screws, the maker's name) is left out. May be empty.
[[nodiscard]] std::vector<cv::Rect> find_characters(const cv::Mat& line);

// The boxes' contents on a white page, evenly spaced, with a margin, capitals about `character_height_px`
// high: what a recognition engine made for print expects.
[[nodiscard]] cv::Mat typeset(const cv::Mat& line, const std::vector<cv::Rect>& boxes);

// The patch's text lines, top to bottom: one, or two cut apart at the emptiest row near the middle.
[[nodiscard]] std::vector<cv::Mat> lines_of(const PlatePatch& patch);

}  // namespace wayside::read
