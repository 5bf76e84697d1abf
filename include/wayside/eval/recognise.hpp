// What the evaluation needs of the recogniser and of files, so that it measures exactly what the camera runs.
//
// Threads: one thread; the functions are called one after another. Ownership: the caller keeps what they
// capture alive.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/capture/frame_source.hpp"
#include "wayside/anpr/read/plate_read.hpp"
#include "wayside/anpr/track/pass_tracker.hpp"
#include "wayside/base/result.hpp"

namespace wayside::eval {

struct Recogniser {
  // Locate and read one frame.
  std::function<FrameReads(const FramePtr&)> reads_of;
  // A tracker as the camera has it, for one clip.
  std::function<std::unique_ptr<PassTracker>()> new_tracker;
  // Forgets state kept between frames: called before each picture and each clip.
  std::function<void()> forget;
};

using OpenClip = std::function<Result<std::unique_ptr<FrameSource>>(const std::string& path)>;
using ReadPicture = std::function<Result<cv::Mat>(const std::filesystem::path& path)>;
using IsWanted = std::function<bool(const std::filesystem::path& path)>;

// Told after each picture or clip how many of how many are done.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

}  // namespace wayside::eval
