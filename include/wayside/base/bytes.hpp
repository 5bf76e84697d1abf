// Bytes and their checks: hex, CRC32C, SHA-256.
//
// Threads: pure functions. Shapes: any span of bytes, the empty one included.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[nodiscard]] std::string to_hex(ByteView bytes);                   // lower case
[[nodiscard]] Result<Bytes> bytes_from_hex(std::string_view text);  // either case, even length

// CRC32C (Castagnoli, RFC 3720): crc32c("123456789") is 0xE3069283. Chain by handing in the earlier value.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t earlier = 0);

using Sha256 = std::array<std::uint8_t, 32>;
[[nodiscard]] Sha256 sha256(ByteView bytes);

}  // namespace wayside
