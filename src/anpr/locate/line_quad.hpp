// From rows of marks to the four corners of the plate they stand on, and how much like a plate they look.
//
// Threads: pure functions. Units: pixels of the picture the marks were found in.
#pragma once

#include <optional>

#include "wayside/anpr/locate/plate_candidate.hpp"

#include "line_grouper.hpp"

namespace wayside::locate {

// A row with its characters measured along and across it, which upright boxes cannot do for a turned plate.
struct MeasuredLine {
  cv::Point2f along{1,
                    0};  // unit vector in reading direction; across is along turned by 90 degrees clockwise
  float begin = 0;       // along: left end of the first character, right end of the last
  float end = 0;
  float upper[2] = {0, 0};  // across at begin and at end: line through the characters' tops
  float lower[2] = {0, 0};  // and through their feet
  float height = 0;         // median height of the characters
  std::size_t characters = 0;
  float score = 0;  // 0 to 1: regularity of heights, gaps and count
};

// Nothing where the marks turn out too uneven to be one line.
[[nodiscard]] std::optional<MeasuredLine> measure_line(const MarkLine& line, const cv::Mat& labels);

[[nodiscard]] PlateCandidate candidate_of(const MeasuredLine& line);
// Nothing where the two do not stand above one another like the lines of one plate.
[[nodiscard]] std::optional<PlateCandidate> candidate_of(const MeasuredLine& upper,
                                                         const MeasuredLine& lower);

}  // namespace wayside::locate
