#include "wayside/base/bytes.hpp"

#include <algorithm>

#include <isa-l/crc.h>
#include <sodium.h>

namespace wayside {

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out;
}

Result<Bytes> bytes_from_hex(std::string_view text) {
  const auto value = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() % 2 != 0) return fail(ErrorCode::invalid_input, "expected an even number of hex digits");
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = value(text[i]);
    const int low = value(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::invalid_input, "expected hex digits only");
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t earlier) {
  // ISA-L runs the bare polynomial: the two inversions of RFC 3720 are ours. Its argument is not const, but
  // only read.
  std::uint32_t state = ~earlier;
  while (!bytes.empty()) {
    const ByteView chunk = bytes.first(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30U));
    state = crc32_iscsi(const_cast<unsigned char*>(chunk.data()), static_cast<int>(chunk.size()), state);
    bytes = bytes.subspan(chunk.size());
  }
  return ~state;
}

Sha256 sha256(ByteView bytes) {
  static_assert(crypto_hash_sha256_BYTES == 32);
  Sha256 out{};
  crypto_hash_sha256(out.data(), bytes.data(), bytes.size());
  return out;
}

}  // namespace wayside
