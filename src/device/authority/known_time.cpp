#include "wayside/device/authority/known_time.hpp"

#include <algorithm>

namespace wayside {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// The clock that is never set is slewed with the other one, by 500 ppm at most (adjtimex(2)); an oscillator
// is off by less.
constexpr std::int64_t per_ppm = 1'000'000;
constexpr std::int64_t drift_ppm = 500;
constexpr std::chrono::hours agreed_long_enough{1};

// Rounded so that the bounds stay bounds.
milliseconds at_least(nanoseconds elapsed) {
  return std::chrono::floor<milliseconds>(elapsed - elapsed * drift_ppm / per_ppm);
}
milliseconds at_most(nanoseconds elapsed) {
  return std::chrono::ceil<milliseconds>(elapsed + elapsed * drift_ppm / per_ppm);
}

}  // namespace

TimeKnowledge::TimeKnowledge(UtcTime not_before, milliseconds unsure) : kept_(not_before) {
  now_.earliest = not_before;
  now_.unsure = std::max(unsure, milliseconds{0});
}

void TimeKnowledge::look(const ClockReading& now, const TimeQuality& quality) {
  const nanoseconds elapsed = last_ ? std::max(now.monotonic - *last_, nanoseconds{0}) : nanoseconds{0};
  last_ = now.monotonic;
  pass(elapsed);
  now_.said = now.utc;
  const TimeBounds bounds = time_bounds(now.utc, quality);
  behind_ = bounds.latest && *bounds.latest < kept_;
  if (bounds.latest && !behind_) {
    trust(now, bounds.earliest, *bounds.latest);
  } else {
    agreed_since_.reset();
  }
  if (now_.latest) {
    now_.unsure = {};
  } else {
    now_.unsure += std::chrono::ceil<milliseconds>(elapsed);
  }
}

void TimeKnowledge::pass(nanoseconds elapsed) {
  // What is left of a millisecond each second would add up: it is the lower bound's loss, never its gain.
  kept_ = kept_ + at_least(elapsed);
  now_.earliest = now_.earliest + at_least(elapsed);
  if (now_.latest) now_.latest = *now_.latest + at_most(elapsed);
}

void TimeKnowledge::trust(const ClockReading& reading, UtcTime from, UtcTime to) {
  const bool later = now_.latest && from > *now_.latest;
  const bool earlier = to < now_.earliest;
  if (later || earlier) {
    // One of the two was wrong, and the newer one is gone by, down to what is known for certain.
    now_.earliest = std::max(kept_, from);
    now_.latest = to;
    agreed_since_ = reading.monotonic;
    return;
  }
  now_.earliest = std::max(now_.earliest, from);
  now_.latest = now_.latest ? std::min(*now_.latest, to) : to;
  if (!agreed_since_) agreed_since_ = reading.monotonic;
  if (reading.monotonic - *agreed_since_ >= agreed_long_enough) kept_ = std::max(kept_, now_.earliest);
}

}  // namespace wayside
