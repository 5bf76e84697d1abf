// The capture process's work: find the camera, agree on a format, and lend its frames to the daemon.
//
// Threads: call from main(); libcamera has one of its own. Failure: whatever goes wrong is told to the daemon
// as a Trouble, and the process then ends, by _exit: taking a camera apart that has gone is what ends
// libcamera 0.0.3 by a segmentation fault, and the kernel does it in any case.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"

#include "drivers/capture_link/channel.hpp"
#include "drivers/libcamera_capture/camera_choice.hpp"

namespace wayside::libcamera_capture {

struct CaptureOptions {
  CameraWish wish;
  std::uint32_t width = 1920;
  std::uint32_t height = 1080;
  double frames_per_s = 25;  // where the camera lets itself be told
  std::uint32_t slots = 20;  // frames that may be with the daemon or under way
};

// Until the daemon has gone, the camera has, or something failed.
void capture(const CaptureOptions& options, const capture_link::Channel& daemon);

struct ListedCamera {
  CameraFacts facts;
  std::vector<OfferedFormat> formats;
};
// What libcamera sees now. Fails with io where it does not start.
[[nodiscard]] Result<std::vector<ListedCamera>> list_cameras();

}  // namespace wayside::libcamera_capture
