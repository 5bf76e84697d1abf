// Small recordings made by the tests, whose frames can be told apart by their brightness.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "wayside/device/clock/clock.hpp"

#include "drivers/replay_source/replay_source.hpp"

namespace wayside::doubles {

inline int brightness(int frame) {
  return 20 + frame * 8;
}

// At most 25 frames; noise keeps the encoder from shrinking them to nothing.
inline cv::Mat picture_of(int frame) {
  cv::Mat picture(48, 64, CV_8UC3, cv::Scalar::all(brightness(frame)));
  cv::RNG random(7);
  cv::Mat noise(picture.size(), CV_8UC3);
  random.fill(noise, cv::RNG::UNIFORM, 0, 12);
  return picture + noise;
}

inline void write_video(const std::filesystem::path& path, int frames, double fps = 10) {
  const bool avi = path.extension() == ".avi";
  cv::VideoWriter writer(
      path.string(), cv::CAP_FFMPEG,
      avi ? cv::VideoWriter::fourcc('M', 'J', 'P', 'G') : cv::VideoWriter::fourcc('m', 'p', '4', 'v'), fps,
      cv::Size(64, 48));
  ASSERT_TRUE(writer.isOpened()) << path;
  for (int i = 0; i < frames; ++i)
    writer.write(picture_of(i));
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Everything a source delivers, until its end or its error.
struct Played {
  std::vector<FramePtr> frames;
  std::string error;  // of opening or of next(); empty: none
};

inline Played play(const ReplayOptions& options, std::size_t most = 10'000) {
  const auto clock = make_system_clock();
  Played played;
  auto source = open_replay(options, *clock);
  if (!source) {
    played.error = source.error().message;
    return played;
  }
  EXPECT_TRUE((*source)->start());
  while (played.frames.size() < most) {
    auto next = (*source)->next(std::chrono::seconds(5));
    if (!next) {
      played.error = next.error().message;
      break;
    }
    if (std::holds_alternative<EndOfStream>(*next)) break;
    if (const auto* frame = std::get_if<FramePtr>(&*next)) played.frames.push_back(*frame);
  }
  (*source)->stop();
  return played;
}

inline Played play(const std::filesystem::path& path) {
  ReplayOptions options;
  options.path = path;
  return play(options);
}

}  // namespace wayside::doubles
