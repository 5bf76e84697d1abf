// What a satellite receiver said, as gpsd passes it on (gpsd_json(5)): time and position of one fix.
//
// Threads: pure. Failure: invalid_input where a line is no JSON object of gpsd's, or a field has no form that
// it can have; gpsd cuts what is too long, so such lines are to be expected and passed over.
#pragma once

#include <optional>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

struct GnssPosition {
  double latitude = 0;            // degrees, WGS 84, north positive
  double longitude = 0;           // degrees, WGS 84, east positive
  std::optional<double> error_m;  // as the receiver guesses it
};

struct GnssReport {
  bool fix = false;
  std::optional<UtcTime> utc;
  std::optional<GnssPosition> position;
};

// Nothing for gpsd's other reports (VERSION, SKY, DEVICES ...).
[[nodiscard]] Result<std::optional<GnssReport>> gnss_from_json(std::string_view line);

}  // namespace wayside
