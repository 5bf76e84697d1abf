// Sun, sky, infrared flash and the shadows of trees: what any surface of the scene sends to the camera.
//
// Unit of radiance: 1 is a white sheet lying in full sun at noon. BGR.
#pragma once

#include <array>
#include <cmath>

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/scene/scenario.hpp"

namespace wayside::roadsim {

// 8-bit picture value to linear light.
[[nodiscard]] const std::array<float, 256>& linear_of();

// A CV_32F square of soft noise in 0 .. 1 that repeats without a seam; each octave has twice the cells and
// half the height.
[[nodiscard]] cv::Mat noise_tile(int size, int first_cells, int octaves, std::uint64_t seed);
// Reads a tile at any place, bilinear, repeating; u and v in tile widths.
[[nodiscard]] float tile_at(const cv::Mat& tile, float u, float v);

struct Surface {
  cv::Vec3f colour;  // linear
  cv::Vec3f normal;
  float gloss = 0;  // 0 matt to 1
  float open = 1;   // share of the sky that reaches it
};

class Lighting {
 public:
  explicit Lighting(const Scenario& scenario);

  // to_eye: unit vector; strobe: 0 to 1.
  [[nodiscard]] cv::Vec3f radiance(const Surface& surface, const cv::Vec3f& to_eye, float distance,
                                   float sun_visible, float strobe) const;
  // What retroreflective sheeting, and a plain white sheet, send back to the full flash.
  [[nodiscard]] static float retro(float distance) { return 0.6F * falloff(distance); }
  [[nodiscard]] static float flash_diffuse(float distance) { return 0.017F * falloff(distance); }
  [[nodiscard]] cv::Vec3f sky(const cv::Vec3f& direction) const;
  // 0 under leaves to 1 in the open; sway: how far the wind has moved the leaves, m.
  [[nodiscard]] float sun_visible(const cv::Vec3f& at, float sway = 0) const;

  [[nodiscard]] const cv::Vec3f& to_sun() const { return to_sun_; }
  [[nodiscard]] bool casts_shadows() const { return light_ == Light::day && sun_[1] > 0.05F; }
  [[nodiscard]] bool infrared() const { return light_ == Light::night_ir; }
  [[nodiscard]] const cv::Mat& leaves() const {
    return leaves_;
  }  // CV_32F tile, 1 where the sun comes through
  static constexpr float leaves_tile_m = 14;

 private:
  // What stands or shines in a direction above the horizon; mirrored() reads it from a table.
  [[nodiscard]] cv::Vec3f surroundings(const cv::Vec3f& direction) const;
  [[nodiscard]] cv::Vec3f mirrored(const cv::Vec3f& direction) const;
  static constexpr int mirrored_side = 256;

  [[nodiscard]] static float falloff(float distance) { return 225.0F / (distance * distance); }

  Light light_;
  cv::Vec3f to_sun_;
  cv::Vec3f sun_;      // irradiance of a surface that faces it
  cv::Vec3f ambient_;  // irradiance from the whole sky
  cv::Vec3f horizon_, zenith_;
  float cloud_ = 0;
  bool shaded_ = false;
  cv::Mat clouds_;
  cv::Mat leaves_;
  cv::Mat mirrored_;  // CV_32FC4, the fourth idle
};

}  // namespace wayside::roadsim
