// The bytes of segments and records, as record_format.md (beside record_queue.hpp) lays them down. No disk
// access here.
//
// Threads: pure functions. Shapes: segment headers and groups start on a 4 KiB block, frames on 64 bytes.
// Failure of a decode: not_found (no magic there), corrupt (a CRC or a field does not check out), unsupported
// (a newer version wrote it).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/gaps.hpp"

namespace wayside::flash {

inline constexpr std::size_t block_bytes = 4096;
inline constexpr std::size_t frame_step = 64;
inline constexpr std::uint16_t format_version = 2;
// The segment header stands twice, so that one bad sector does not cost a segment.
inline constexpr std::size_t segment_header_bytes = 2 * block_bytes;
inline constexpr std::size_t frame_header_bytes = 64;
inline constexpr std::size_t trailer_bytes = 16;

// A queue's shape, fixed when it is formatted.
inline constexpr std::uint32_t fewest_segments = 4;
inline constexpr std::uint32_t most_segments = 4096;  // 32 GiB of 8 MiB segments
inline constexpr std::uint32_t smallest_segment = 32 * 1024;
inline constexpr std::uint32_t largest_segment = 1U << 30U;
[[nodiscard]] constexpr bool can_be_segments(std::uint32_t segments) {
  return segments >= fewest_segments && segments <= most_segments;
}
[[nodiscard]] constexpr bool can_be_segment_bytes(std::uint32_t bytes) {
  return bytes % block_bytes == 0 && bytes >= smallest_segment && bytes <= largest_segment;
}
[[nodiscard]] constexpr std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t step) {
  return (bytes + step - 1) / step * step;
}

// The numbers are on flash.
enum class Log : std::uint8_t { none = 0, reads = 1, guarded = 2 };
[[nodiscard]] constexpr Log log_of(RecordClass record_class) {
  return record_class == RecordClass::ordinary ? Log::reads : Log::guarded;
}

struct SegmentHeader {
  QueueUuid uuid{};
  Log log = Log::none;
  std::uint32_t index = 0;
  std::uint32_t segments = 0;
  std::uint32_t segment_bytes = 0;
  std::uint64_t epoch = 0;         // one more at each reuse of any segment; 0: formatted, never used
  std::uint64_t salt = 0;          // random at each reuse
  std::uint64_t first_number = 0;  // the next one when the segment was begun
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

void encode(const SegmentHeader& header, std::span<std::uint8_t> block);
[[nodiscard]] Result<SegmentHeader> decode_segment_header(ByteView block);

inline constexpr std::size_t part_kinds = 5;

struct FrameHeader {
  RecordType type = RecordType::capture;
  RecordClass record_class = RecordClass::ordinary;
  std::uint32_t head = 0;                         // lengths in bytes
  std::array<std::uint32_t, part_kinds> parts{};  // by PartKind
  std::uint64_t epoch = 0;                        // epoch and salt are the segment's, or these are old bytes
  std::uint64_t salt = 0;
  std::uint64_t number = 0;
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;

  [[nodiscard]] std::uint64_t payload_bytes() const;
  // On disk, trailer and padding included: a multiple of frame_step.
  [[nodiscard]] std::uint64_t stored_bytes() const;
  [[nodiscard]] bool has_overview() const { return parts[static_cast<std::size_t>(PartKind::overview)] != 0; }
};

// What a record of so many bytes of head and parts takes on disk.
[[nodiscard]] constexpr std::uint64_t stored_bytes_of(std::uint64_t payload) {
  return rounded_up(frame_header_bytes + payload + trailer_bytes, frame_step);
}

// Fills in the lengths and writes exactly header.stored_bytes() behind what is in out.
void encode(FrameHeader& header, const SealedRecord& record, Bytes& out);

[[nodiscard]] Result<FrameHeader> decode_frame_header(ByteView bytes);
// `tail`: the record's last trailer_bytes. Looks at magic and number only.
[[nodiscard]] bool trailer_belongs(ByteView tail, std::uint64_t number);

struct DecodedRecord {
  FrameHeader header;
  SealedRecord record;
  Gaps gaps;
};
// From exactly the bytes of one frame. Checks header, trailer and CRC; heads are not understood here.
[[nodiscard]] Result<DecodedRecord> decode_record(ByteView frame);

// What a segment's table of contents says of one record, and what the index keeps of it: 16 bytes.
class Entry {
 public:
  Entry() = default;
  // offset and bytes: multiples of frame_step, below 1 GiB.
  Entry(std::uint64_t number, std::uint64_t offset, std::uint64_t bytes, RecordType type,
        RecordClass record_class, bool has_overview);
  static Entry from(std::uint64_t number, std::uint32_t place, std::uint32_t info);
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t offset() const { return std::uint64_t{place_} * frame_step; }
  [[nodiscard]] std::uint32_t bytes() const { return (info_ & 0xFF'FFFFU) * std::uint32_t{frame_step}; }
  [[nodiscard]] RecordType type() const { return static_cast<RecordType>(info_ >> 24U & 7U); }
  [[nodiscard]] RecordClass record_class() const { return static_cast<RecordClass>(info_ >> 27U & 3U); }
  [[nodiscard]] bool has_overview() const { return (info_ & 1U << 29U) == 0; }
  // In memory only: it waits no more.
  [[nodiscard]] bool gone() const { return (info_ & 1U << 31U) != 0; }
  void set_gone() { info_ |= 1U << 31U; }
  [[nodiscard]] std::uint32_t place() const { return place_; }
  [[nodiscard]] std::uint32_t info() const { return info_; }

 private:
  std::uint64_t number_ = 0;
  std::uint32_t place_ = 0;
  std::uint32_t info_ = 0;
};

inline constexpr std::size_t entry_bytes = 16;
inline constexpr std::size_t contents_end_bytes = 64;
// Whole blocks.
[[nodiscard]] constexpr std::uint64_t contents_bytes(std::uint64_t entries) {
  return rounded_up(entries * entry_bytes + contents_end_bytes, block_bytes);
}
[[nodiscard]] Bytes encode_contents(const std::vector<Entry>& entries, const SegmentHeader& segment);
// How long the table is whose last bytes these are. Failure: it is none of this segment's life.
[[nodiscard]] Result<std::uint64_t> contents_length(ByteView last_bytes, const SegmentHeader& segment);
// From the whole table.
[[nodiscard]] Result<std::vector<Entry>> decode_contents(ByteView table, const SegmentHeader& segment);

}  // namespace wayside::flash
