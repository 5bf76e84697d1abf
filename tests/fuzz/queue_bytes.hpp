// Makes changed bytes of the queue check out again, so that a fuzzer gets behind the CRCs to the fields.
//
// Threads: pure functions. Offsets: record_format.md; on purpose not the product's own.
#pragma once

#include <algorithm>
#include <span>

#include "wayside/base/bytes.hpp"

#include "src/delivery/queue/little_endian.hpp"

namespace wayside::fuzz {

inline void seal_segment_header(std::span<std::uint8_t> block) {
  if (block.size() >= 512) flash::put(block, 508, crc32c(block.first(508)));
}

inline void seal_record_header(std::span<std::uint8_t> block) {
  if (block.size() >= 256) flash::put(block, 252, crc32c(block.first(252)));
}

// Header, payload's hash and trailer of a record that fills `record`.
inline void seal_record(std::span<std::uint8_t> record) {
  if (record.size() < 272) return;
  std::uint64_t payload = 0;
  for (const std::size_t at : {12U, 16U, 20U, 24U})
    payload += flash::get<std::uint32_t>(record, at);
  if (payload <= record.size() - 272) {
    const Sha256 hash = sha256(record.subspan(256, payload));
    std::copy(hash.begin(), hash.end(), record.begin() + 104);
  }
  seal_record_header(record);
  const std::size_t tail = record.size() - 16;
  flash::put(record, tail, std::uint32_t{0x444E4557});
  flash::put(record, tail + 4, flash::get<std::uint64_t>(record, 64));
  flash::put(record, tail + 12, crc32c(record.first(tail + 12)));
}

inline void seal_acknowledgements(std::span<std::uint8_t> file) {
  if (file.size() < 64) return;
  const std::size_t ranges = flash::get<std::uint32_t>(file, 12);
  if (ranges > (file.size() - 64) / 16) return;
  flash::put(file, 60, crc32c(file.subspan(64, ranges * 16), crc32c(file.first(60))));
}

}  // namespace wayside::fuzz
