// Times of day as text.
#include "wayside/base/time.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  const Result<UtcTime> time = utc_from_iso8601(text);
  if (!time) {
    require_good(time.error());
    return 0;
  }
  const std::string written = to_iso8601(*time);
  require(written.size() == 24 && written.substr(0, 19) == text.substr(0, 19),
          "a time is written as it was read");
  const auto again = utc_from_iso8601(written);
  require(again && *again == *time, "and read as the same");
  return 0;
}
