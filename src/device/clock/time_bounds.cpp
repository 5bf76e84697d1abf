#include "wayside/device/clock/time_bounds.hpp"

#include <algorithm>
#include <chrono>

namespace wayside {

TimeBounds time_bounds(UtcTime said, const TimeQuality& quality) {
  if (quality.source == TimeSource::recording) return {said, said};
  const bool follows = quality.source == TimeSource::ntp || quality.source == TimeSource::gnss;
  if (!follows || !quality.max_error_ms) return {};
  const std::chrono::milliseconds error(*quality.max_error_ms);
  return {said + -error, said + error};
}

TimeBounds not_before(const TimeBounds& bounds, UtcTime known) {
  if (bounds.latest && *bounds.latest < known) return {known, std::nullopt};
  return {std::max(bounds.earliest, known), bounds.latest};
}

}  // namespace wayside
