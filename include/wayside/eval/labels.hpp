// What people saw in the pictures and clips that are measured.
//
// Threads: pure but for reading the file. Units: pixels of the picture, upright boxes.
// Failure: invalid_input; the message names file, line, column and expected form.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core/types.hpp>

#include "wayside/base/result.hpp"

namespace wayside::eval {

// One labelled plate: columns file,x,y,w,h,text,tags and, not used, source. A picture may have several lines.
struct PlateLabel {
  std::size_t line = 0;  // of the file
  std::string file;      // relative to the measured folder
  cv::Rect2d box;
  std::string text;               // normal_text() of the label's
  std::vector<std::string> tags;  // separated by spaces
  bool odd_text = false;          // with signs that no plate bears, a ? say; left out of text
  // The group that other engines were measured on: none of oblique, 2line, vintage-dark, dup, irl (also as
  // fmt=irl).
  [[nodiscard]] bool core() const;
};

[[nodiscard]] Result<std::vector<PlateLabel>> parse_plate_labels(std::string_view text,
                                                                 std::string_view name);
[[nodiscard]] Result<std::vector<PlateLabel>> load_plate_labels(const std::filesystem::path& path);
// Takes out the labels that say what an earlier one says, file, box and text, and returns them.
[[nodiscard]] std::vector<PlateLabel> take_repeats(std::vector<PlateLabel>& labels);

// The vehicles of one clip: columns file,vrms,country; vrms separated by spaces, none for a clip where
// nothing may be read.
struct ClipLabel {
  std::size_t line = 0;
  std::string file;
  std::vector<std::string> vrms;
  std::string country;
};

[[nodiscard]] Result<std::vector<ClipLabel>> parse_clip_labels(std::string_view text, std::string_view name);
[[nodiscard]] Result<std::vector<ClipLabel>> load_clip_labels(const std::filesystem::path& path);

// Letters made capital, everything but letters and digits taken out.
[[nodiscard]] std::string normal_text(std::string_view text);
// The same with O made 0 and I made 1: the pairs that share one glyph.
[[nodiscard]] std::string folded_text(std::string_view text);

}  // namespace wayside::eval
