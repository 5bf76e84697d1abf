// The boot state: as a copy, and as a copy whose checksum was made to fit.
#include <algorithm>

#include "wayside/device/update/boot_state.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace {

// CRC-32 of IEEE 802.3, written apart from the product's own on purpose.
std::uint32_t crc32(const std::uint8_t* data, std::size_t size) {
  std::uint64_t rest = 0;
  for (std::size_t bit = 0; bit < size * 8 + 32; ++bit) {
    const std::size_t byte = bit / 8;
    std::uint64_t next = byte < size ? (data[byte] >> (bit % 8)) & 1U : 0U;
    if (bit < 32) next ^= 1U;
    rest = (rest << 1U) | next;
    if ((rest >> 32U) != 0) rest ^= 0x104C11DB7ULL;
  }
  std::uint32_t reversed = 0;
  for (unsigned bit = 0; bit < 32; ++bit)
    reversed |= static_cast<std::uint32_t>((rest >> bit) & 1U) << (31U - bit);
  return ~reversed;
}

void check(wayside::ByteView copy, bool fits) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto state = boot_state_from(copy);
  if (!state) {
    require_good(state.error());
    require(!fits || state.error().message.find("checksum") == std::string::npos,
            "a checksum that fits is seen to");
    return;
  }
  require(state->left <= most_starts_left && state->starts <= most_starts, "counts stay within their bounds");
  require(boot_state_from(encode(*state)) == *state, "what was understood is written the same way");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  check({data, size}, false);
  Bytes copy(boot_state_copy_bytes);
  std::copy_n(data, std::min(size, copy.size() - 4), copy.begin() + 4);
  const std::uint32_t sum = crc32(copy.data() + 4, copy.size() - 4);
  for (unsigned i = 0; i < 4; ++i)
    copy[i] = static_cast<std::uint8_t>(sum >> (8 * i));
  check(copy, true);
  return 0;
}
