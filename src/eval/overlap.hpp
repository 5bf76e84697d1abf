// The one rule for "this reported plate is that plate".
//
// Threads: pure functions.
#pragma once

#include <array>

#include <opencv2/core/types.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside::eval {

// How much of the two boxes' union is common to both (IoU), 0 to 1.
[[nodiscard]] inline double common_share(const cv::Rect2d& a, const cv::Rect2d& b) {
  const double common = (a & b).area();
  const double both = a.area() + b.area() - common;
  return both > 0 ? common / both : 0;
}

// At least 0.3 of the union is common, or the reported one's centre lies in the known one.
[[nodiscard]] inline bool same_place(const cv::Rect2d& reported, const cv::Rect2d& known) {
  const cv::Point2d middle(reported.x + reported.width / 2, reported.y + reported.height / 2);
  return common_share(reported, known) >= 0.3 || known.contains(middle);
}

[[nodiscard]] inline cv::Rect2d box_of(const PlateQuad& quad) {
  return bounding_box(quad);
}

}  // namespace wayside::eval
