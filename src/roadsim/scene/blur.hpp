// How a moving thing is blurred: by the lens, and along its way during the exposure.
//
// Threads: immutable.
#pragma once

#include <opencv2/core/mat.hpp>

namespace wayside::roadsim {

// The movement goes straight, so it needs few of its kernel's places, and the lens can be taken one direction
// after the other.
class Blur {
 public:
  // way: how far the thing moves during the exposure, px; lens_sigma: px.
  Blur(cv::Point2d way, double lens_sigma);

  // How far it spreads anything, px.
  [[nodiscard]] int reach() const { return lens_reach() + line_.cols / 2; }
  // In place, on CV_32FC4; nothing is seen beyond the borders.
  void apply(cv::Mat& light) const;

 private:
  [[nodiscard]] int lens_reach() const;
  double sigma_;
  cv::Mat line_;  // empty where the thing as good as stands
};

}  // namespace wayside::roadsim
