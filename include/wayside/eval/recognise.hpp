// What the evaluation needs of the recogniser, so that it measures exactly what the camera runs.
//
// Threads: one thread; the functions are called one after another. Ownership: the caller keeps what they capture alive.
#pragma once

#include <functional>
#include <memory>

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

}  // namespace wayside::eval
