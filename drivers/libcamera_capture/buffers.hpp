// Where the frames lie: in the camera's own buffers, or decoded into memory of ours. Either way slots that
// the daemon is lent one by one.
//
// Threads: one. Failure: an Error where the buffers cannot be shared or mapped.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <libcamera/framebuffer.h>
#include <libcamera/stream.h>

#include "wayside/base/result.hpp"

#include "drivers/capture_link/channel.hpp"
#include "drivers/capture_link/messages.hpp"

namespace wayside::libcamera_capture {

using CameraBuffers = std::vector<std::unique_ptr<libcamera::FrameBuffer>>;

class Slots {
 public:
  // Where in_place(), the slot is the buffer, which the camera must not have again before it is given back.
  struct Filled {
    std::uint8_t slot = 0;
    capture_link::Picture picture;
  };
  using Outcome = std::variant<Filled, capture_link::SkipReason>;

  virtual ~Slots() = default;
  [[nodiscard]] virtual bool in_place() const = 0;
  [[nodiscard]] virtual std::uint8_t count() const = 0;
  // Tells the daemon of every slot.
  virtual void introduce(const capture_link::Channel& daemon) const = 0;
  // buffer: its place among the camera's.
  [[nodiscard]] virtual Outcome fill(std::size_t buffer, const libcamera::FrameBuffer& frame) = 0;
  virtual void give_back(std::uint8_t slot) = 0;
};

// For R8, NV12 and YUV420.
[[nodiscard]] Result<std::unique_ptr<Slots>> slots_in_place(const CameraBuffers& buffers,
                                                            const libcamera::StreamConfiguration& agreed);
// For MJPEG.
[[nodiscard]] Result<std::unique_ptr<Slots>> slots_decoded(const CameraBuffers& buffers,
                                                           const libcamera::StreamConfiguration& agreed,
                                                           std::uint8_t count);

}  // namespace wayside::libcamera_capture
