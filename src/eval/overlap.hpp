// The one rule for "this reported plate is that plate".
//
// Threads: pure functions.
#pragma once

#include <array>

#include <opencv2/core/types.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside::eval {

// At least 0.3 of the two boxes' union is common to both (IoU), or the reported one's centre lies in the
// known one.
[[nodiscard]] inline bool same_place(const cv::Rect2d& reported, const cv::Rect2d& known) {
  const double common = (reported & known).area();
  const double both = reported.area() + known.area() - common;
  const cv::Point2d middle(reported.x + reported.width / 2, reported.y + reported.height / 2);
  return (both > 0 && common / both >= 0.3) || known.contains(middle);
}

[[nodiscard]] inline cv::Rect2d box_of(const PlateQuad& quad) {
  return bounding_box(quad);
}

}  // namespace wayside::eval
