// Recordings as a frame source: a video file, or a folder of pictures, with or without a sidecar.
//
// Threads: as FrameSource; stop() may also be called from another thread, and then ends a wait in next().
// Ownership: the clock, used only to pace, outlives the source. Frames own their pixels.
// Sidecar: NAME.frames.csv beside NAME.mp4 or NAME.avi, frames.csv in a folder
// (wayside/roadsim/truth_format.md). Failure: a wrong path, sidecar or kind of file fails in open_replay; a
// recording that is damaged, or ends before its own index or its sidecar says so, is an error of next() after
// every frame before was delivered, naming file and frame. Whatever the failure, the same recording gives the
// same frames, numbers and times again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "wayside/anpr/capture/frame_source.hpp"
#include "wayside/device/clock/clock.hpp"

namespace wayside {

struct ReplayOptions {
  std::filesystem::path path;
  // Frames come when they are due by their monotonic times, late ones at once; else as fast as they are asked
  // for.
  bool realtime_paced = false;
  // The first frame's time where there is no sidecar: fixed, so that records repeat. 2026-01-01T00:00:00Z.
  UtcTime start_utc{1'767'225'600'000};
  // A folder's pictures a second, where there is no sidecar.
  double pictures_per_s = 25;
  // How often the recording is run through; frame numbers and times go on rising. 0: for ever.
  std::uint64_t runs = 1;
};

[[nodiscard]] Result<std::unique_ptr<FrameSource>> open_replay(const ReplayOptions& options,
                                                               const Clock& clock);

}  // namespace wayside
