// Things the size and shape of a plate character: connected strokes that differ from their surroundings.
//
// Threads: pure functions. Units: pixels of the picture searched. Failure: none, an odd picture gives few or
// no marks.
#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/core/mat.hpp>

namespace wayside::locate {

enum class Polarity : std::uint8_t { dark_on_light, light_on_dark };

// One connected mark; label is its number in MarkMap::labels.
struct Mark {
  cv::Rect box;
  cv::Point2f centre;  // of the box
  int label = 0;
};

struct MarkMap {
  cv::Mat labels;  // CV_32SC1, of the picture's size
  std::vector<Mark> marks;
};

// Heights searched for in one picture; taller characters are found in a reduced copy of it.
inline constexpr int least_mark_height_px = 8;
inline constexpr int most_mark_height_px = 32;
// More marks than this are texture; the ones with the least contrast to their surroundings are left out.
inline constexpr std::size_t most_marks = 3000;

// luma: CV_8UC1.
[[nodiscard]] MarkMap find_marks(const cv::Mat& luma, Polarity polarity);

}  // namespace wayside::locate
