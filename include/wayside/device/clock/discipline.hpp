// What keeps the camera's clock right says about itself: chronyd, as `chronyc -n -c tracking` prints it.
//
// Threads: pure. Failure: invalid_input naming the field. chronyc's printed form is used because it is the
// documented interface (chronyc(1)); the datagrams behind it change between versions.
#pragma once

#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

struct Discipline {
  TimeSource source = TimeSource::unsynchronised;
  UtcTime updated;     // when the reference was last measured, by the reference
  double bound_s = 0;  // chronyc(1): |system time's offset| + root dispersion + half the root delay
};

// A reference clock counts as gnss where its refid begins with GPS, GNSS, PPS or NMEA; chrony's own "local"
// mode follows nothing, so it is unsynchronised.
[[nodiscard]] Result<Discipline> discipline_from_tracking(std::string_view line);

}  // namespace wayside
