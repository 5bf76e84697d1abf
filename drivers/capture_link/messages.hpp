// What the capture process and the daemon say to each other: one message a datagram, over a socket pair.
//
//   capture process: Stream, Slot (each with its descriptors), then FrameReady and Skipped; or Trouble
//   daemon:          Return for every FrameReady, Controls
//
// Pictures lie in slots, memory that both processes see: buffers of the camera's own, or memory that the
// capture process decodes into. A FrameReady lends a slot to the daemon, a Return gives it back.
//
// Threads: plain values and pure functions. Format: a kind of one byte, then the members in their order,
// numbers little endian, texts with a length of one byte. Failure: decode() takes nothing that encode() does
// not give: neither side can make the other believe in a plane outside of any slot's limit.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "wayside/base/bytes.hpp"

namespace wayside::capture_link {

inline constexpr std::uint16_t protocol_version = 2;
inline constexpr std::size_t most_message_bytes = 1024;
inline constexpr std::size_t most_text_bytes = 255;
inline constexpr std::uint8_t most_slots = 32;
inline constexpr std::uint8_t most_parts = 3;
inline constexpr std::uint32_t least_side_px = 16;
inline constexpr std::uint32_t most_side_px = 16384;
inline constexpr std::uint64_t most_part_bytes = std::uint64_t{128} << 20U;

struct Plane {
  std::uint8_t part = 0;     // which of the slot's parts it lies in
  std::uint32_t offset = 0;  // bytes
  std::uint32_t stride = 0;  // bytes from row to row
  friend bool operator==(const Plane&, const Plane&) = default;
};

enum class Chroma : std::uint8_t { none = 0, planar = 1, interleaved = 2 };

// Full range, as JPEG has it (ITU-T T.871): 8 bits a sample.
struct Picture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  Plane luma;
  Chroma chroma = Chroma::none;
  std::uint32_t chroma_width = 0;  // samples of either plane; the rest 0 where there is no chroma
  std::uint32_t chroma_height = 0;
  Plane first;   // Cb, or Cb and Cr by turns
  Plane second;  // Cr; as first where they are interleaved
  friend bool operator==(const Picture&, const Picture&) = default;
};

// What a control may be set to.
struct Range {
  std::int32_t least = 0;
  std::int32_t most = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

struct Stream {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint8_t slots = 0;
  bool in_place = false;  // slots are the camera's own buffers
  std::string format;     // as libcamera names it
  std::string id;
  std::string model;
  // Nothing: the camera does not let itself be told.
  std::optional<Range> exposure_us = std::nullopt;
  std::optional<Range> gain_thousandths = std::nullopt;  // of the analogue gain, as a factor
  friend bool operator==(const Stream&, const Stream&) = default;
};

struct Slot {
  std::uint8_t number = 0;
  std::uint8_t parts = 0;  // descriptors that come with the message
  std::array<std::uint64_t, most_parts> bytes{};
  friend bool operator==(const Slot&, const Slot&) = default;
};

struct FrameReady {
  std::uint8_t slot = 0;
  std::uint32_t sequence = 0;     // the camera's count; wraps
  std::int64_t timestamp_ns = 0;  // start of the exposure, CLOCK_MONOTONIC; 0: the camera does not say
  std::optional<std::int32_t> exposure_us;
  std::optional<std::int32_t> gain_thousandths;  // of the sensor's analogue gain, as a factor
  Picture picture;
  friend bool operator==(const FrameReady&, const FrameReady&) = default;
};

enum class SkipReason : std::uint8_t {
  no_slot = 1,     // every slot was lent
  damaged = 2,     // marked as such by the driver, empty, or undecodable
  wrong_size = 3,  // not the size that was agreed
};

// A frame that the camera gave and the daemon does not get.
struct Skipped {
  std::uint32_t sequence = 0;
  SkipReason reason = SkipReason::damaged;
  friend bool operator==(const Skipped&, const Skipped&) = default;
};

enum class TroubleKind : std::uint8_t {
  none_present = 1,
  undecided = 2,  // several fit and none is named
  busy = 3,
  wrong_format = 4,
  unplugged = 5,
  failed = 6,
};

struct Trouble {
  TroubleKind kind = TroubleKind::failed;
  std::string text;  // for a person; from outside, so to be escaped
  friend bool operator==(const Trouble&, const Trouble&) = default;
};

struct Return {
  std::uint8_t slot = 0;
  friend bool operator==(const Return&, const Return&) = default;
};

// For the next frame that is not under way yet. What is not there stays as it is.
struct Controls {
  std::optional<std::int32_t> exposure_us;
  std::optional<std::int32_t> gain_thousandths;
  friend bool operator==(const Controls&, const Controls&) = default;
};

using Message = std::variant<Stream, Slot, FrameReady, Skipped, Trouble, Return, Controls>;

// Texts longer than most_text_bytes are cut off.
[[nodiscard]] Bytes encode(const Message& message);
[[nodiscard]] Result<Message> decode(ByteView bytes);

// Whether all of the plane's rows lie within so many bytes.
[[nodiscard]] bool lies_within(const Plane& plane, std::uint64_t row_bytes, std::uint64_t rows,
                               std::uint64_t bytes);

}  // namespace wayside::capture_link
