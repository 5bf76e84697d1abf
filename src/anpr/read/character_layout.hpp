// Where the characters stand on a straightened plate, and the plate's text as a clean printed line.
//
// Threads: pure functions; OpenCV may throw cv::Exception, which the reader catches. Units: pixels of the
// patch.
#pragma once

#include <vector>

#include <opencv2/core/mat.hpp>

#include "plate_patch.hpp"

namespace wayside::read {

// One line of the plate, dark on light, with the boxes of its characters from left to right.
struct CharacterLine {
  cv::Mat luma;  // CV_8UC1
  std::vector<cv::Rect> boxes;
};

// The plate's text lines, top to bottom: one, or two cut apart at the emptiest row near the middle. Of both
// polarities the one that shows more characters. What is not as high as the others, does not stand on their
// line or stands far from them (rim, band, screws, the maker's name) has no box.
[[nodiscard]] std::vector<CharacterLine> find_lines(const PlatePatch& patch);

struct Typesetting {
  bool whitened = true;  // field put at white and strokes at black, character by character
  double widened = 1;    // horizontal scale of the finished page
};

// The boxes' contents on a white page, evenly spaced, with a margin, capitals about `character_height_px`
// high: what a recognition engine made for print expects. Empty where there are no boxes.
[[nodiscard]] cv::Mat typeset(const CharacterLine& line, const Typesetting& how);

}  // namespace wayside::read
