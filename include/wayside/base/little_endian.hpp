// Numbers in bytes, little endian, at fixed offsets: what every binary structure of ours is made of.
//
// Threads: pure functions. The caller guarantees offset + size <= bytes.size().
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wayside/base/bytes.hpp"

namespace wayside::little_endian {

template <std::unsigned_integral Number>
void put(std::span<std::uint8_t> bytes, std::size_t offset, Number number) {
  assert(offset + sizeof(Number) <= bytes.size());
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[offset + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
}

template <std::unsigned_integral Number>
[[nodiscard]] Number get(ByteView bytes, std::size_t offset) {
  assert(offset + sizeof(Number) <= bytes.size());
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    number |= std::uint64_t{bytes[offset + i]} << (8 * i);
  return static_cast<Number>(number);
}

}  // namespace wayside::little_endian
