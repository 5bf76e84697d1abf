// Decodes a camera's JPEG pictures (MJPEG) into planes of a slot.
//
// Threads: one a decoder. Ownership: owns libjpeg-turbo's state; writes only into the memory handed in.
// Failure: damaged for what is empty, cut short, no JPEG, neither YCbCr nor grey, or warned of by the
// decoder: a plate must not be read from pixels that were made up; wrong_size for a picture of another size,
// seen from its header before anything is decoded.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <tl/expected.hpp>

#include "wayside/base/bytes.hpp"

#include "drivers/capture_link/messages.hpp"

namespace wayside::libcamera_capture {

// Enough for a picture of that size, whatever its chroma.
[[nodiscard]] std::uint64_t planes_bytes(std::uint32_t width, std::uint32_t height);

class JpegPlanes {
 public:
  JpegPlanes();
  // slot: at least planes_bytes() long. The picture's planes are all in part 0.
  [[nodiscard]] tl::expected<capture_link::Picture, capture_link::SkipReason> decode(
      ByteView jpeg, std::uint32_t width, std::uint32_t height, std::span<std::uint8_t> slot);

 private:
  struct Close {
    void operator()(void* handle) const;
  };
  using Handle = std::unique_ptr<void, Close>;
  [[nodiscard]] static Handle new_decoder();
  Handle handle_;
};

}  // namespace wayside::libcamera_capture
