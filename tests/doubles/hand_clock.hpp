// Both clocks in a test's hands, and what the kernel says of them.
#pragma once

#include <chrono>
#include <string_view>

#include "wayside/device/clock/clock.hpp"

namespace wayside::doubles {

class HandClock final : public Clock {
 public:
  explicit HandClock(UtcTime now = {}) : utc(now) {}
  [[nodiscard]] UtcTime utc_now() const override { return utc; }
  [[nodiscard]] MonotonicTime monotonic_now() const override { return monotonic; }
  [[nodiscard]] TimeQuality quality() const override { return kernel; }
  // Time goes by.
  void wait_s(std::int64_t s) { wait_until(utc + std::chrono::seconds(s)); }
  void wait_until(UtcTime then) {
    monotonic = monotonic + (then - utc);
    utc = then;
  }
  void wait_until(std::string_view then) { wait_until(*utc_from_iso8601(then)); }
  // It does not, but the clock says so.
  void step_to(std::string_view then) { utc = *utc_from_iso8601(then); }

  UtcTime utc;
  MonotonicTime monotonic{5'000'000'000};
  TimeQuality kernel;
};

}  // namespace wayside::doubles
