// A Motion JPEG video in an AVI file (RIFF; "AVI RIFF File Reference"), each picture by libjpeg: the encoder
// that OpenCV 4.6 has for this loses the last 4 bytes of a picture now and then (opencv/opencv#19634).
//
// Threads: one. Ownership: of its file, which is playable once finish() has returned. Failure: io naming the
// path; invalid_input where the video would grow beyond the 4 GiB that such a file can have.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/base/result.hpp"

namespace wayside::roadsim {

class MotionJpegFile {
 public:
  // pictures_per_s: kept to a millionth.
  MotionJpegFile(std::filesystem::path path, cv::Size size, double pictures_per_s);

  // picture: CV_8UC3 of that size.
  [[nodiscard]] Status add(const cv::Mat& picture);
  // Once, at the end.
  [[nodiscard]] Status finish();

 private:
  [[nodiscard]] std::vector<std::uint8_t> header() const;
  [[nodiscard]] Status refused() const;

  struct Place {
    std::uint32_t offset = 0;  // from the list's name on
    std::uint32_t size = 0;
  };
  std::filesystem::path path_;
  cv::Size size_;
  double pictures_per_s_;
  std::ofstream out_;
  std::vector<Place> places_;
  std::uint64_t list_size_ = 4;  // bytes, from the list's name on
  std::uint32_t largest_ = 0;
};

}  // namespace wayside::roadsim
