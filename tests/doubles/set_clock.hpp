// A clock that stands where a test sets it.
#pragma once

#include <string_view>

#include "wayside/device/clock/clock.hpp"

namespace wayside::doubles {

class SetClock final : public Clock {
 public:
  [[nodiscard]] UtcTime utc_now() const override { return now; }
  [[nodiscard]] MonotonicTime monotonic_now() const override {
    return {now.ms * 1'000'000 - stepped_ms * 1'000'000};
  }
  [[nodiscard]] TimeQuality quality() const override {
    TimeQuality quality;
    quality.source = synchronised ? TimeSource::ntp : TimeSource::unsynchronised;
    return quality;
  }
  // Time goes by.
  void set(std::string_view text) { now = *utc_from_iso8601(text); }
  // It does not, but the clock says so.
  void step_to(std::string_view text) {
    const UtcTime before = now;
    set(text);
    stepped_ms += now.ms - before.ms;
  }

  UtcTime now;
  std::int64_t stepped_ms = 0;
  bool synchronised = true;
};

}  // namespace wayside::doubles
