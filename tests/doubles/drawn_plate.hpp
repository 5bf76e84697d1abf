// Frames with one plate drawn into them, and where it is: for tests of what finds and reads plates.
#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>
#include <numbers>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "wayside/anpr/capture/frame.hpp"
#include "wayside/anpr/locate/plate_candidate.hpp"
#include "wayside/roadsim/plates/plate_press.hpp"

namespace wayside::doubles {

inline std::filesystem::path source_folder() {
  const char* folder = std::getenv("WAYSIDE_SOURCE_DIR");
  if (folder == nullptr) throw std::runtime_error("WAYSIDE_SOURCE_DIR is not set: run the tests with ctest");
  return folder;
}

inline roadsim::PlateSpec plate_of(const std::string& vrm, const std::string& format = "current") {
  roadsim::PlateSpec spec;
  spec.vrm = vrm;
  spec.format = format;
  return spec;
}

struct DrawnFrame {
  cv::Mat picture;  // CV_8UC3
  PlateQuad plate{};
};

// The plate `width_px` wide in the middle of a grey frame, turned clockwise by `degrees`.
inline DrawnFrame draw_frame(const roadsim::PlateSpec& spec, double width_px, double degrees = 0,
                             cv::Size size = {960, 540}) {
  static const auto press = roadsim::PlatePress::load(source_folder() / "models/plates");
  if (!press) throw std::runtime_error(press.error().message);
  const auto artwork = press->draw(spec, 2.0);
  if (!artwork) throw std::runtime_error(artwork.error().message);

  const double scale = width_px / artwork->bgr.cols;
  const double turn = degrees * std::numbers::pi / 180;
  const double c = std::cos(turn) * scale;
  const double s = std::sin(turn) * scale;
  const double middle_x = artwork->bgr.cols / 2.0;
  const double middle_y = artwork->bgr.rows / 2.0;
  const cv::Matx23d place(c, -s, size.width / 2.0 - c * middle_x + s * middle_y, s, c,
                          size.height / 2.0 - s * middle_x - c * middle_y);
  // Reduced pixel by pixel: blur first, so that strokes do not break up.
  cv::Mat ink = artwork->bgr.clone();
  cv::Mat alpha = artwork->alpha.clone();
  if (scale < 1) cv::GaussianBlur(ink, ink, {}, 0.45 / scale);
  DrawnFrame frame;
  frame.picture = cv::Mat(size, CV_8UC3, cv::Scalar(105, 100, 95));
  cv::Mat placed;
  cv::Mat mask;
  cv::warpAffine(ink, placed, place, size, cv::INTER_LINEAR);
  cv::warpAffine(alpha, mask, place, size, cv::INTER_LINEAR);
  placed.copyTo(frame.picture, mask > 128);

  const std::array<cv::Point2d, 4> corners = {
      cv::Point2d{0, 0}, {2 * middle_x, 0}, {2 * middle_x, 2 * middle_y}, {0, 2 * middle_y}};
  for (std::size_t i = 0; i < corners.size(); ++i) {
    frame.plate[i] = {
        static_cast<float>(place(0, 0) * corners[i].x + place(0, 1) * corners[i].y + place(0, 2)),
        static_cast<float>(place(1, 0) * corners[i].x + place(1, 1) * corners[i].y + place(1, 2))};
  }
  return frame;
}

inline FramePtr frame_of(const cv::Mat& picture) {
  auto frame = make_frame(FrameInfo{}, picture);
  if (!frame) throw std::runtime_error(frame.error().message);
  return *frame;
}

}  // namespace wayside::doubles
