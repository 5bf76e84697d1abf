// From linear light to the 8-bit picture: exposure, vignette, noise by gain, response curve.
#pragma once

#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/scene/scene.hpp"

namespace wayside::roadsim {

// What a white sheet in full sun does to the sensor at this exposure: 0 to 1 is its range.
[[nodiscard]] double exposure_factor(const Exposure& exposure);

// The share of the exposure that the flash lights: it never burns longer than 1 ms.
inline constexpr double longest_flash_us = 1000;
[[nodiscard]] double flash_us(const Exposure& exposure);

class Sensor {
 public:
  Sensor(const Scenario& scenario);
  // light: CV_32FC3. The noise differs from frame to frame and is the same for the same frame.
  [[nodiscard]] cv::Mat expose(const cv::Mat& light, const Exposure& exposure, int frame) const;

 private:
  bool noise_wanted_;
  bool grey_;
  std::uint64_t seed_;
  cv::Mat noise_;  // CV_32FC3, unit variance, repeating; twice as wide as it is before it repeats
  // What reaches the sensor at (x, y) is down_[y] - across_[3 x + c] of what the lens was given.
  std::vector<float> across_, down_;
};

}  // namespace wayside::roadsim
