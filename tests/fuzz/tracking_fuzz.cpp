// What chronyc says of the clock's discipline.
#include <cmath>

#include "wayside/device/clock/discipline.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto discipline = discipline_from_tracking(text_of(data, size));
  if (!discipline) {
    require_good(discipline.error());
    return 0;
  }
  require(std::isfinite(discipline->bound_s) && discipline->bound_s >= 0, "a bound is a length of time");
  require(to_iso8601(discipline->updated).size() == 24, "the update has a date");
  require(discipline->source != TimeSource::recording, "nobody disciplines by a recording");
  return 0;
}
