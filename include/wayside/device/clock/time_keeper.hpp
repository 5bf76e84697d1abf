// How far the camera's clock can be trusted, from what the discipline says and what the clock does.
//
// Threads: one; pure, with no clock of its own. Failure: none; what cannot be believed makes the time
// unsynchronised, and problem() says why in one sentence. What it states holds for an oscillator that is off
// by no more than `oscillator_ppm` while nobody corrects it, and for a discipline whose own bound holds when
// it is measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wayside/base/time.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/clock/discipline.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

struct TimeKeeperOptions {
  double oscillator_ppm = 50;
  // chrony.conf's maxslewrate: an update that nobody has asked about yet may already move the clock.
  double slew_ppm = 500;
  UtcTime not_before;  // nobody took a record earlier: when this firmware was made
  std::string boot_id;
};

// The clock was set: once at the first synchronisation, and whenever it does not go on where it was.
struct ClockEvent {
  enum class Kind {
    first_synchronisation,  // records of this start that were unsynchronised can be dated now
    step,
  };
  Kind kind = Kind::step;
  ClockReading at;
  std::int64_t step_ms = 0;                  // by how much; of a first synchronisation 0
  std::optional<std::int64_t> max_error_ms;  // of `at`, where it can be given
  TimeSource source = TimeSource::unsynchronised;
  bool whole_gnss_weeks = false;  // by a multiple of 1024 weeks: a receiver's week number ran over
};

class TimeKeeper {
 public:
  explicit TimeKeeper(TimeKeeperOptions options) : options_(std::move(options)) {}

  // Now and then (every 16 s is right). discipline: nothing where nobody answered.
  void look(const ClockReading& now, const std::optional<Discipline>& discipline);
  // Of a time read from the clock at `now`; a step since the last look is noticed here too.
  [[nodiscard]] TimeQuality quality(const ClockReading& now) const;
  // Of a frame that was stamped `stamped` when it was exposed, asked now or later: where the clock has been
  // set since, its time is put right, and says so.
  struct TakenTime {
    UtcTime utc;
    TimeQuality quality;
  };
  [[nodiscard]] TakenTime time_of(const ClockReading& stamped, const ClockReading& now) const;
  // The events since the last call, oldest first; each once.
  [[nodiscard]] std::optional<ClockEvent> next_event();
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Anchor {  // the last time that somebody said how good the clock is
    MonotonicTime at;
    TimeSource source = TimeSource::unsynchronised;
    double bound_s = 0;
    double age_s = 0;
  };
  [[nodiscard]] bool stepped(const ClockReading& now) const;
  [[nodiscard]] double bound_s(const Anchor& anchor, MonotonicTime now) const;
  [[nodiscard]] bool believable(UtcTime now, const Discipline& discipline);
  void note_step(const ClockReading& now);

  TimeKeeperOptions options_;
  std::optional<std::int64_t> offset_ms_;  // of UTC from the monotonic clock, at the last look
  std::optional<Anchor> anchor_;
  std::optional<UtcTime> updated_;  // of the last discipline that was looked at
  bool wait_for_update_ = false;    // what it says was measured before a step
  bool ever_synchronised_ = false;
  std::vector<ClockEvent> events_;
  std::string problem_;
};

// When a record was taken, from a reading of the same start's clocks that can be trusted: the time itself,
// and by how much it may be wrong. `slewed_ms`: what the clock may have been slewed by in between.
struct Redated {
  UtcTime utc;
  std::int64_t max_error_ms = 0;
};
[[nodiscard]] Redated redate(MonotonicTime taken, const ClockReading& trusted, std::int64_t max_error_ms,
                             double oscillator_ppm = 50, std::int64_t slewed_ms = 400);

}  // namespace wayside
