// The one door to the system's time.
//
// Threads: any; implementations are stateless or locked. Ownership: one per program, outliving every stage.
#pragma once

#include <memory>

#include "wayside/base/time.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UtcTime utc_now() const = 0;
  [[nodiscard]] virtual MonotonicTime monotonic_now() const = 0;
  // As the kernel's discipline sees it (adjtimex): source, maximum error; never better than it claims.
  [[nodiscard]] virtual TimeQuality quality() const = 0;
};

[[nodiscard]] std::unique_ptr<Clock> make_system_clock();

// Its two times of one moment: read again and again, up to a limit, until nothing came in between.
struct ClockReading {
  MonotonicTime monotonic;
  UtcTime utc;
};
[[nodiscard]] ClockReading read_together(const Clock& clock);

}  // namespace wayside
