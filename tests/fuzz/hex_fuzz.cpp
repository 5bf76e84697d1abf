// Bytes as hex digits.
#include "wayside/base/bytes.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const Result<Bytes> bytes = bytes_from_hex(text_of(data, size));
  if (!bytes) {
    require_good(bytes.error());
  } else {
    const auto again = bytes_from_hex(to_hex(*bytes));
    require(again && *again == *bytes && bytes->size() * 2 == size,
            "hex digits are read as they are written");
  }
  const auto same = bytes_from_hex(to_hex({data, size}));
  require(same && std::equal(same->begin(), same->end(), data, data + size), "any bytes survive");
  return 0;
}
