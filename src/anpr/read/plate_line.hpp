// A plate as the reader's network is trained to see it: one line of fixed size, dark on light, evenly lit.
//
// Threads: pure functions; OpenCV may throw cv::Exception, which the reader catches. models/training/reader
// makes its training lines in the same arithmetic (lines.py, net.py): what is changed here is changed there,
// and trained again.
#pragma once

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside::read {

inline constexpr int line_width_px = 240;
inline constexpr int line_height_px = 36;

// luma: CV_8UC1, the frame. The candidate straightened to line_width_px x line_height_px, CV_8UC1, whatever
// its proportion; of a plate of two lines the halves side by side. Empty where the quad has no extent or lies
// outside.
[[nodiscard]] cv::Mat plate_line(const cv::Mat& luma, const PlateCandidate& plate, bool light_on_dark);

// Every pixel against the mean and spread of its surroundings, a quarter of the line: shadows and slopes of
// light go.
[[nodiscard]] cv::Mat even_out(const cv::Mat& line);

// Of a straightened plate of two lines (CV_8UC1, dark on light): the row between them.
[[nodiscard]] int row_between_lines(const cv::Mat& plate);

}  // namespace wayside::read
