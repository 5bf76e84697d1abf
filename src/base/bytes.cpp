#include "wayside/base/bytes.hpp"

#include <algorithm>
#include <cstring>

#include <sodium.h>
#ifdef __aarch64__
#include <arm_acle.h>
#else
#include <isa-l/crc.h>
#endif

namespace wayside {

namespace {

// The bare polynomial, without the two inversions of RFC 3720.
#ifdef __aarch64__
// By the processor's own instruction (ARMv8's CRC extension, which every Cortex-A has). Debian's ISA-L for
// arm64 has relocations in its code, so a service that may not make memory executable cannot load it.
__attribute__((target("+crc"))) std::uint32_t bare_crc32c(ByteView bytes, std::uint32_t state) {
  std::uint64_t word = 0;
  for (; bytes.size() >= sizeof word; bytes = bytes.subspan(sizeof word)) {
    std::memcpy(&word, bytes.data(), sizeof word);
    state = __crc32cd(state, word);
  }
  for (const std::uint8_t byte : bytes)
    state = __crc32cb(state, byte);
  return state;
}
#else
std::uint32_t bare_crc32c(ByteView bytes, std::uint32_t state) {
  while (!bytes.empty()) {
    const ByteView chunk = bytes.first(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30U));
    // Its argument is not const, but only read.
    state = crc32_iscsi(const_cast<unsigned char*>(chunk.data()), static_cast<int>(chunk.size()), state);
    bytes = bytes.subspan(chunk.size());
  }
  return state;
}
#endif

}  // namespace

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
  return ~bare_crc32c(bytes, ~earlier);
}

Sha256 sha256(ByteView bytes) {
  static_assert(crypto_hash_sha256_BYTES == 32);
  Sha256 out{};
  crypto_hash_sha256(out.data(), bytes.data(), bytes.size());
  return out;
}

}  // namespace wayside
