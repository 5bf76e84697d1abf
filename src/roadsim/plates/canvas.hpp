// The plate's surface while it is drawn: what it looks like in white light and what it sends back to a lamp.
//
// Threads: one canvas, one thread. Units: millimetres from the plate's top left corner; a pixel covers 1 /
// px_per_mm.
#pragma once

#include <vector>

#include <opencv2/core/mat.hpp>

#include "src/roadsim/plates/strokes.hpp"

namespace wayside::roadsim {

struct Paint {
  cv::Vec3b bgr;
  double retro = 0;  // 0 swallows the lamp's light, 1 is clean sheeting
  double opacity = 1;
};

// How much of each pixel the pieces cover together: CV_8UC1 of the given size, whose top left pixel is
// `first`.
[[nodiscard]] cv::Mat coverage(const std::vector<Piece>& pieces, cv::Rect pixels, double px_per_mm);

class Canvas {
 public:
  Canvas(cv::Size2d size_mm, double px_per_mm, const Paint& field);
  void paint(const std::vector<Piece>& pieces, const Paint& paint);

  [[nodiscard]] double px_per_mm() const { return px_per_mm_; }
  cv::Mat bgr;    // CV_8UC3
  cv::Mat retro;  // CV_8UC1

 private:
  void paint_tile(const std::vector<Piece>& pieces, cv::Rect tile, const Paint& paint);

  double px_per_mm_;
};

}  // namespace wayside::roadsim
