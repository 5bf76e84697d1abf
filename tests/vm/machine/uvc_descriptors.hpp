// What the virtual camera says it is: USB descriptors and the UVC stream's parameters.
//
// Threads: pure.
#pragma once

#include <cstdint>

#include "wayside/base/bytes.hpp"

namespace wayside::vm {

struct UvcForm {
  std::uint16_t width = 0;
  std::uint16_t height = 0;
  std::uint32_t frame_interval_100ns = 0;
  bool yuyv = false;

  [[nodiscard]] std::uint32_t most_frame_bytes() const { return std::uint32_t{2} * width * height; }
};

inline constexpr std::uint8_t video_endpoint = 0x81;
inline constexpr std::uint16_t bulk_packet_bytes = 512;
inline constexpr std::uint32_t payload_bytes = 16384;
inline constexpr std::uint16_t vendor_id = 0x1d6b;
inline constexpr std::uint16_t product_id = 0x0102;

[[nodiscard]] Bytes device_descriptor();
[[nodiscard]] Bytes configuration_descriptor(const UvcForm& form);
// Empty: there is none of that number.
[[nodiscard]] Bytes string_descriptor(std::uint8_t number);
// The answer to GET_CUR, GET_MIN, GET_MAX and GET_DEF of probe and commit (UVC 1.0, table 4-47).
[[nodiscard]] Bytes stream_parameters(const UvcForm& form);

}  // namespace wayside::vm
