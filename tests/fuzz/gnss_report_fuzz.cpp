// What gpsd says of a satellite receiver.
#include <cmath>

#include "wayside/device/clock/gnss_report.hpp"
#include "wayside/device/clock/position_check.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto report = gnss_from_json(text_of(data, size));
  if (!report) {
    require_good(report.error());
    return 0;
  }
  if (!*report) return 0;
  require((*report)->fix || (!(*report)->utc && !(*report)->position), "without a fix nothing is known");
  if (const auto& at = (*report)->position) {
    require(std::abs(at->latitude) <= 90 && std::abs(at->longitude) <= 180, "a place is on the earth");
    PositionCheck check(52.2295, 0.1532);
    for (int i = 0; i < 60; ++i)
      check.saw(*at);
    require(!check.off_m() || (*check.off_m() >= 0 && *check.off_m() < 20'100'000),
            "no place is further off than the other side of the earth");
  }
  return 0;
}
