#include "wayside/device/clock/time_keeper.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace wayside {
namespace {

// Both clocks are slewed alike and cannot be read at one instant: what is less is no step.
constexpr std::int64_t reading_ms = 20;
constexpr std::int64_t gnss_rollover_ms = std::int64_t{1024} * 7 * 86'400 * 1000;
constexpr double silent_s = 120;
constexpr double future_s = 1;
constexpr std::int64_t day_ms = 86'400'000;
// A receiver whose week number ran over gives a time 19.6 years early, or late where it was told to add them.
constexpr std::int64_t firmware_life_ms = 15 * std::int64_t{365} * day_ms;

std::int64_t offset_of(const ClockReading& reading) {
  return reading.utc.ms - reading.monotonic.ns / 1'000'000;
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::int64_t milliseconds_up(double s) {
  return static_cast<std::int64_t>(std::ceil(s * 1000));
}

bool near_rollover(std::int64_t ms) {
  const std::int64_t weeks = (std::abs(ms) + gnss_rollover_ms / 2) / gnss_rollover_ms;
  return weeks > 0 && std::abs(std::abs(ms) - weeks * gnss_rollover_ms) < day_ms;
}

// Where a leap second may lie between: it is put in, or left out, at the end of a month (ITU-R TF.460).
bool in_other_months(UtcTime a, UtcTime b) {
  const auto month_of = [](UtcTime time) {
    const std::chrono::sys_days day{
        std::chrono::floor<std::chrono::days>(std::chrono::milliseconds(time.ms))};
    return std::chrono::year_month_day(day).month();
  };
  return month_of(a) != month_of(b);
}

}  // namespace

bool TimeKeeper::stepped(const ClockReading& now) const {
  return offset_ms_ && std::abs(offset_of(now) - *offset_ms_) > reading_ms;
}

// The oscillator may have drifted since the reference was measured, which the discipline guesses from a calm
// past, and since it was asked. A worse measurement may have come after that and move the clock: as long as
// the discipline may still be alive though it does not answer.
double TimeKeeper::bound_s(const Anchor& anchor, MonotonicTime now) const {
  const double since = std::max(0.0, seconds(now - anchor.at));
  const double slewed_s = std::min(since, silent_s) * options_.slew_ppm * 1e-6;
  return anchor.bound_s + (anchor.age_s + since) * options_.oscillator_ppm * 1e-6 + slewed_s +
         reading_ms * 1e-3;
}

bool TimeKeeper::believable(UtcTime now, const Discipline& discipline) {
  // It would never grow old. Its own clock may be off from the system's by what it says.
  if (seconds(discipline.updated - now) > discipline.bound_s + future_s) {
    problem_ = fmt::format(
        "the clock is said to be synchronised at {}, which is yet to come: it is not believed until it has "
        "been measured anew; restart chronyd where that does not happen",
        to_iso8601(discipline.updated));
    return false;
  }
  if (now < options_.not_before) {
    problem_ = fmt::format(
        "the clock is said to be synchronised and says {}, before this firmware was made ({}): it is not "
        "believed. Has the GNSS receiver's week number run over, or is the time server wrong?",
        to_iso8601(now), to_iso8601(options_.not_before));
    return false;
  }
  if (now.ms > options_.not_before.ms + firmware_life_ms) {
    problem_ = fmt::format(
        "the clock is said to be synchronised and says {}, 15 years and more after this firmware was made "
        "({}): it is not believed. Has the GNSS receiver's week number run over? If not, update the "
        "firmware.",
        to_iso8601(now), to_iso8601(options_.not_before));
    return false;
  }
  problem_.clear();
  return true;
}

void TimeKeeper::note_step(const ClockReading& now) {
  ClockEvent event;
  event.at = now;
  event.step_ms = offset_of(now) - *offset_ms_;
  event.whole_gnss_weeks = near_rollover(event.step_ms);
  events_.push_back(event);
  // Whoever set it, what was said of the clock was said of another one.
  anchor_.reset();
  wait_for_update_ = true;
}

void TimeKeeper::look(const ClockReading& now, const std::optional<Discipline>& discipline) {
  const bool step = stepped(now);
  if (step) note_step(now);
  offset_ms_ = offset_of(now);
  if (!discipline || discipline->source == TimeSource::unsynchronised) return;
  const bool fresh = updated_ != discipline->updated;
  updated_ = discipline->updated;
  // An update that came before the step looks like one that came after it, until there is another one.
  if (wait_for_update_ && (step || !fresh)) return;
  if (!believable(now.utc, *discipline)) {
    anchor_.reset();
    return;
  }
  wait_for_update_ = false;
  const double age_s = std::max(0.0, static_cast<double>((now.utc - discipline->updated).count()) * 1e-3);
  anchor_ = Anchor{now.monotonic, discipline->source, discipline->bound_s, age_s};
  if (ever_synchronised_) return;
  ever_synchronised_ = true;
  ClockEvent event;
  event.kind = ClockEvent::Kind::first_synchronisation;
  event.at = now;
  event.max_error_ms = milliseconds_up(bound_s(*anchor_, now.monotonic));
  event.source = anchor_->source;
  events_.push_back(event);
}

TimeQuality TimeKeeper::quality(const ClockReading& now) const {
  TimeQuality quality;
  quality.boot_id = options_.boot_id;
  if (!anchor_ || stepped(now)) return quality;
  quality.source = anchor_->source;
  quality.max_error_ms = milliseconds_up(bound_s(*anchor_, now.monotonic));
  const double since = std::max(0.0, seconds(now.monotonic - anchor_->at));
  quality.synchronised_ago_s = static_cast<std::int64_t>(anchor_->age_s + since);
  return quality;
}

TimeKeeper::TakenTime TimeKeeper::time_of(const ClockReading& stamped, const ClockReading& now) const {
  TakenTime taken{stamped.utc, quality(now)};
  if (!taken.quality.max_error_ms) return taken;
  // Slewed at most for so long, and never by more than redate() allows for.
  const double slewed_s = std::abs(seconds(now.monotonic - stamped.monotonic)) * options_.slew_ppm * 1e-6;
  const Redated right = redate(stamped.monotonic, now, *taken.quality.max_error_ms, options_.oscillator_ppm,
                               std::min(milliseconds_up(slewed_s), std::int64_t{400}));
  taken.quality.max_error_ms = right.max_error_ms;
  if (std::abs(offset_of(stamped) - offset_of(now)) > reading_ms) {
    taken.quality.redated_from = stamped.utc;
    taken.utc = right.utc;
  }
  return taken;
}

std::optional<ClockEvent> TimeKeeper::next_event() {
  if (events_.empty()) return std::nullopt;
  const ClockEvent event = events_.front();
  events_.erase(events_.begin());
  return event;
}

Redated redate(MonotonicTime taken, const ClockReading& trusted, std::int64_t max_error_ms,
               double oscillator_ppm, std::int64_t slewed_ms) {
  const std::chrono::nanoseconds since = taken - trusted.monotonic;
  const double drift_s = std::abs(seconds(since)) * oscillator_ppm * 1e-6;
  const UtcTime utc = trusted.utc + std::chrono::floor<std::chrono::milliseconds>(since);
  const std::int64_t leap_ms = in_other_months(utc, trusted.utc) ? 1000 : 0;
  return {utc, max_error_ms + milliseconds_up(drift_s) + slewed_ms + leap_ms + 1};
}

}  // namespace wayside
