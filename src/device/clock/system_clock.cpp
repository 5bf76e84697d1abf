#include <ctime>

#include <sys/timex.h>

#include "wayside/device/clock/clock.hpp"

#include "src/device/clock/kernel_discipline.hpp"

namespace wayside {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

std::int64_t nanoseconds_of(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);  // cannot fail for these two ids (clock_gettime(2))
  return std::int64_t{now.tv_sec} * ns_per_s + now.tv_nsec;
}

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UtcTime utc_now() const override { return {nanoseconds_of(CLOCK_REALTIME) / 1'000'000}; }
  [[nodiscard]] MonotonicTime monotonic_now() const override { return {nanoseconds_of(CLOCK_MONOTONIC)}; }
  [[nodiscard]] TimeQuality quality() const override {
    timex asked{};
    asked.modes = 0;  // read only: needs no privilege
    KernelDiscipline discipline;
    discipline.state = adjtimex(&asked);
    discipline.status = asked.status;
    discipline.max_error_us = asked.maxerror;
    return quality_of(discipline);
  }
};

}  // namespace

std::unique_ptr<Clock> make_system_clock() {
  return std::make_unique<SystemClock>();
}

ClockReading read_together(const Clock& clock) {
  // A thread may be put aside between reading the one clock and the other, which must not look like a step.
  constexpr std::chrono::milliseconds nothing_came_between{2};
  constexpr int readings_at_most = 20;
  ClockReading reading;
  for (int i = 0; i < readings_at_most; ++i) {
    reading.monotonic = clock.monotonic_now();
    reading.utc = clock.utc_now();
    if (clock.monotonic_now() - reading.monotonic < nothing_came_between) break;
  }
  return reading;
}

}  // namespace wayside
