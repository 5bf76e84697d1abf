// Both clocks in a test's hands, and what the kernel says of them.
#pragma once

#include "wayside/device/clock/clock.hpp"

namespace wayside::doubles {

class HandClock final : public Clock {
 public:
  explicit HandClock(UtcTime now = {}) : utc(now) {}
  [[nodiscard]] UtcTime utc_now() const override { return utc; }
  [[nodiscard]] MonotonicTime monotonic_now() const override { return monotonic; }
  [[nodiscard]] TimeQuality quality() const override { return kernel; }
  void wait_s(std::int64_t s) {
    utc = utc + std::chrono::seconds(s);
    monotonic = monotonic + std::chrono::seconds(s);
  }

  UtcTime utc;
  MonotonicTime monotonic{5'000'000'000};
  TimeQuality kernel;
};

}  // namespace wayside::doubles
