// What lies between the road and the sensor: falling rain, drops on the window, glare, leaves that hang into
// the view.
#pragma once

#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/scene/scenario.hpp"

#include "lighting.hpp"

namespace wayside::roadsim {

class Weather {
 public:
  Weather(const Scenario& scenario, const Lighting& lighting);

  // All on CV_32FC3 linear light, in place. exposure_us gives the streaks their length.
  void rain(cv::Mat& light, int frame, double exposure_us) const;
  void window(cv::Mat& light) const;
  void branch(cv::Mat& light, double time_s) const;
  // Scatter of bright spots in lens and window. saturation: the light that fills the sensor.
  static void glare(cv::Mat& light, float saturation);

  // How far the wind has moved leaves and their shadows, m.
  [[nodiscard]] float sway(double time_s) const;

 private:
  struct Drop {
    cv::Rect area;
    cv::Mat map;   // where the drop looks, CV_32FC2 in picture px
    cv::Mat mask;  // CV_32FC1
  };
  bool branch_wanted_;
  double rain_;
  double scale_;
  std::uint64_t seed_;
  std::vector<Drop> drops_;
  cv::Mat branch_;  // CV_32FC4, premultiplied
  cv::Vec3f haze_;
};

}  // namespace wayside::roadsim
