// Which of the cameras that are there is meant, and what it is asked for.
//
// Threads: pure. Failure: Trouble with a sentence that says what is there and which key of the configuration
// to set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "drivers/capture_link/messages.hpp"

namespace wayside::libcamera_capture {

struct CameraFacts {
  std::string id;     // stable on one machine and port
  std::string model;  // of the sensor, or of a USB camera
};

// Empty: any.
struct CameraWish {
  std::string id;
  std::string model;
};

// The place of the one camera that is meant.
[[nodiscard]] tl::expected<std::size_t, capture_link::Trouble> choose_camera(
    const std::vector<CameraFacts>& present, const CameraWish& wish);

// What a camera offers, or none of what we take: "MJPEG 640x480, 1280x720; YUYV 640x480".
struct OfferedFormat {
  std::string name;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sizes;
};
[[nodiscard]] capture_link::Trouble wrong_format(const std::vector<OfferedFormat>& offered,
                                                 std::uint32_t width, std::uint32_t height);

}  // namespace wayside::libcamera_capture
