// Two kinds of time that the compiler keeps apart: UTC (what a record says) and monotonic (how long something
// took).
//
// Threads: plain values. Stages never ask the system for time: they take it from the frame or from an
// injected clock (wayside/device/clock/clock.hpp).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"

namespace wayside {

// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX).
struct UtcTime {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(const UtcTime&, const UtcTime&) = default;
  friend constexpr UtcTime operator+(UtcTime time, std::chrono::milliseconds delta) {
    return {time.ms + delta.count()};
  }
  friend constexpr std::chrono::milliseconds operator-(UtcTime a, UtcTime b) {
    return std::chrono::milliseconds(a.ms - b.ms);
  }
};

// Nanoseconds since an arbitrary start that never steps.
struct MonotonicTime {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(const MonotonicTime&, const MonotonicTime&) = default;
  friend constexpr MonotonicTime operator+(MonotonicTime time, std::chrono::nanoseconds delta) {
    return {time.ns + delta.count()};
  }
  friend constexpr std::chrono::nanoseconds operator-(MonotonicTime a, MonotonicTime b) {
    return std::chrono::nanoseconds(a.ns - b.ns);
  }
};

// "2026-11-22T17:35:40.123Z": always UTC, always milliseconds, and 24 characters: a time before the year 0 or
// after 9999 comes out as the first or last one within.
[[nodiscard]] std::string to_iso8601(UtcTime time);
// Takes exactly that form, with or without the fraction (1 to 3 digits); anything else is invalid_input.
[[nodiscard]] Result<UtcTime> utc_from_iso8601(std::string_view text);

// What this computer's clock says: an office's, or somebody's at a desk. A camera asks its clock how good its
// time is.
[[nodiscard]] UtcTime utc_now();

}  // namespace wayside
