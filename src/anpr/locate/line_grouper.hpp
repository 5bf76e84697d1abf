// Rows of marks that could be one line of characters: like heights, in a straight row, evenly close.
//
// Threads: pure functions. Units: pixels of the picture the marks were found in.
#pragma once

#include <vector>

#include "character_finder.hpp"

namespace wayside::locate {

struct MarkLine {
  std::vector<Mark> marks;  // left to right
  float slope = 0;          // dy/dx of the row of centres
  float height = 0;         // median of the marks' heights
};

// Every line of at least `least_marks` marks, each mark in as many lines as it fits. Work is bounded by the
// number of marks times a constant.
[[nodiscard]] std::vector<MarkLine> group_lines(const std::vector<Mark>& marks, std::size_t least_marks);

}  // namespace wayside::locate
