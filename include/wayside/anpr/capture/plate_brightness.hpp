// How bright plates, and what is around them, came out in one picture: what the exposure plan goes by.
//
// Threads: pure. Shapes: luma CV_8UC1; corners in its pixels, top left, top right, bottom right, bottom left
// as the plate is read. Units: values of the picture, 0 to 255. Failure: nothing where the corners span no
// area, or most of it lies outside the picture.
#pragma once

#include <array>
#include <optional>

#include <opencv2/core/mat.hpp>
#include <opencv2/core/types.hpp>

namespace wayside {

struct PlateBrightness {
  double bright = 0;     // the light part: the field of a usual plate, the characters of a black one
  double dark = 0;       // the other part
  double saturated = 0;  // share of the plate that says no more than "at least so bright"
};

// A plate counts as saturated from this share on: the field of a usual plate covers some 70 % of it, and a
// lamp or a glint beside it covers less than a quarter.
inline constexpr double saturated_share = 0.25;

[[nodiscard]] std::optional<PlateBrightness> plate_brightness(const cv::Mat& luma,
                                                              const std::array<cv::Point2f, 4>& corners);

// The middle value of the whole picture (its median, so lamps do not count); 0 for an empty picture.
[[nodiscard]] double scene_brightness(const cv::Mat& luma);

}  // namespace wayside
