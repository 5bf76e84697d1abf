// The bytes of segments and records, as record_format.md (beside record_queue.hpp) lays them down. No disk
// access here.
//
// Threads: pure functions. Shapes: everything starts on a 4 KiB block. Failure of a decode: not_found (no
// magic there), corrupt (a CRC or a field does not check out), unsupported (a newer version wrote it).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/gaps.hpp"

namespace wayside::flash {

inline constexpr std::size_t block_bytes = 4096;
inline constexpr std::uint16_t format_version = 1;
// The segment header stands twice, so that one bad sector does not cost a segment.
inline constexpr std::size_t segment_header_bytes = 2 * block_bytes;
inline constexpr std::size_t trailer_bytes = 16;

// A queue's shape, fixed when it is formatted.
inline constexpr std::uint32_t fewest_segments = 3;
inline constexpr std::uint32_t most_segments = 4096;  // 32 GiB of 8 MiB segments
inline constexpr std::uint32_t smallest_segment = 32 * 1024;
inline constexpr std::uint32_t largest_segment = 1U << 30U;
[[nodiscard]] constexpr bool can_be_segments(std::uint32_t segments) {
  return segments >= fewest_segments && segments <= most_segments;
}
[[nodiscard]] constexpr bool can_be_segment_bytes(std::uint32_t bytes) {
  return bytes % block_bytes == 0 && bytes >= smallest_segment && bytes <= largest_segment;
}

using QueueUuid = std::array<std::uint8_t, 16>;

struct SegmentHeader {
  QueueUuid uuid{};
  std::uint32_t index = 0;
  std::uint32_t segments = 0;
  std::uint32_t segment_bytes = 0;
  std::uint64_t epoch = 0;         // one more at each reuse of any segment; 0: formatted, never used
  std::uint64_t salt = 0;          // random at each reuse
  std::uint64_t first_number = 0;  // of the records that follow
};

void encode(const SegmentHeader& header, std::span<std::uint8_t> block);
[[nodiscard]] Result<SegmentHeader> decode_segment_header(ByteView block);

enum class RecordType : std::uint8_t { capture = 1, gap = 2 };

struct RecordHeader {
  RecordType type = RecordType::capture;
  RecordClass record_class = RecordClass::ordinary;
  QueueUuid uuid{};
  std::uint64_t epoch = 0;  // epoch and salt are the segment's, or these are old bytes
  std::uint64_t salt = 0;
  std::uint64_t number = 0;
  std::uint32_t document = 0;  // lengths in bytes
  std::uint32_t plate = 0;
  std::uint32_t overview = 0;
  std::uint32_t gaps = 0;
  Sha256 previous{};      // hash of the previous record's header
  Sha256 payload_hash{};  // of the parts, in this order

  // On disk, trailer and padding included: whole blocks.
  [[nodiscard]] std::uint64_t stored_bytes() const;
};

// Fills in lengths and payload hash and writes exactly header.stored_bytes() into out. Returns the hash that
// the next record's `previous` takes.
Sha256 encode(RecordHeader& header, const RecordParts& parts, ByteView gaps, Bytes& out);
// The lengths alone, to know stored_bytes() before encoding.
[[nodiscard]] RecordHeader sized(const RecordParts& parts, std::size_t gaps_bytes);

[[nodiscard]] Result<RecordHeader> decode_record_header(ByteView block);
// From a block that decode_record_header() has taken.
[[nodiscard]] Sha256 chain_hash(ByteView block);
// `tail`: the record's last trailer_bytes. Looks at magic and number only.
[[nodiscard]] bool trailer_belongs(ByteView tail, std::uint64_t number);

struct DecodedRecord {
  RecordHeader header;
  RecordParts parts;
  Gaps gaps;
};
// Checks everything: header, trailer, CRC, payload hash.
[[nodiscard]] Result<DecodedRecord> decode_record(ByteView record);

}  // namespace wayside::flash
