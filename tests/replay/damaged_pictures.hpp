// Pictures of whose damage the libraries that decode them speak on standard error.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

namespace wayside::replay_test {

inline void write_damaged_pictures(const std::filesystem::path& folder) {
  cv::Mat noise(60, 80, CV_8UC3);
  cv::RNG(1).fill(noise, cv::RNG::UNIFORM, 0, 256);
  for (const std::string ending : {"png", "jpg"}) {
    std::vector<unsigned char> bytes;
    cv::imencode("." + ending, noise, bytes);
    for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 40; ++i)
      bytes[i] = 0x55;
    std::ofstream(folder / ("damaged." + ending), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

}  // namespace wayside::replay_test
