// What is known of the time for certain: between which bounds it lies, whatever the clock is set to
// (document.md, "Time").
//
// Threads: one; pure, with no clock of its own. Failure: none; what cannot be trusted leaves the upper bound
// open. The lower bound never goes back behind what was kept() before.
#pragma once

#include <chrono>
#include <optional>

#include "wayside/base/time.hpp"
#include "wayside/device/clock/time_bounds.hpp"
#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

// Now; no upper bound before a clock could be trusted in this start.
struct KnownTime : TimeBounds {
  UtcTime said;                        // what the clock says now
  std::chrono::milliseconds unsure{};  // run without a clock to trust since there was one, earlier starts too
};

class TimeKnowledge {
 public:
  // What an earlier start kept; not_before also holds the day on which the firmware was made.
  TimeKnowledge(UtcTime not_before, std::chrono::milliseconds unsure);

  // Now and then; both clocks read together, and what was said of them.
  void look(const ClockReading& now, const TimeQuality& quality);
  [[nodiscard]] const KnownTime& now() const { return now_; }
  // The lower bound that a later start may go by.
  [[nodiscard]] UtcTime kept() const { return kept_; }
  // The clock is said to be synchronised, and is behind what is known.
  [[nodiscard]] bool is_behind() const { return behind_; }

 private:
  void pass(std::chrono::nanoseconds elapsed);
  void trust(const ClockReading& reading, UtcTime from, UtcTime to);

  UtcTime kept_;
  KnownTime now_;
  bool behind_ = false;
  std::optional<MonotonicTime> last_;
  std::optional<MonotonicTime> agreed_since_;  // trusted times have not contradicted each other
};

}  // namespace wayside
