// Makes changed bytes of the queue check out again, so that a fuzzer gets behind the CRCs to the fields.
//
// Threads: pure functions. Offsets: record_format.md; on purpose not the product's own.
#pragma once

#include <algorithm>
#include <span>

#include "wayside/base/bytes.hpp"
#include "wayside/base/little_endian.hpp"

namespace wayside::fuzz {

inline void seal_segment_header(std::span<std::uint8_t> block) {
  if (block.size() >= 512) little_endian::put(block, 508, crc32c(block.first(508)));
}

// Header, and trailer where there is room for it, of the record that starts here.
inline void seal_frame(std::span<std::uint8_t> bytes) {
  if (bytes.size() < 64) return;
  little_endian::put(bytes, 60, crc32c(bytes.first(60)));
  std::uint64_t length = 64 + 16;
  for (std::size_t at = 8; at < 32; at += 4)
    length += little_endian::get<std::uint32_t>(bytes, at);
  length = (length + 63) / 64 * 64;
  if (length > bytes.size()) return;
  const std::size_t tail = length - 16;
  little_endian::put(bytes, tail, std::uint32_t{0x444E4557});
  little_endian::put(bytes, tail + 4, little_endian::get<std::uint64_t>(bytes, 48));
  little_endian::put(bytes, tail + 12, crc32c(bytes.first(tail + 12)));
}

// A table of contents that ends where `bytes` end.
inline void seal_contents(std::span<std::uint8_t> bytes) {
  if (bytes.size() < 64) return;
  const std::span<std::uint8_t> end = bytes.last(64);
  const std::uint64_t entries = 16 * std::uint64_t{little_endian::get<std::uint32_t>(end, 12)};
  const std::uint64_t length = (entries + 64 + 4095) / 4096 * 4096;
  if (length > bytes.size()) return;
  const std::uint32_t crc = crc32c(bytes.last(length).first(entries));
  little_endian::put(end, 60, crc32c(end.first(60), crc));
}

inline void seal_acknowledgements(std::span<std::uint8_t> file) {
  if (file.size() < 128) return;
  const std::size_t used = 12 * std::size_t{little_endian::get<std::uint16_t>(file, 10)} +
                           16 * std::size_t{little_endian::get<std::uint32_t>(file, 12)};
  if (used > file.size() - 128) return;
  little_endian::put(file, 124, crc32c(file.subspan(128, used), crc32c(file.first(124))));
}

}  // namespace wayside::fuzz
