// Between which times something lies for certain, as far as a clock can answer for it: what a list's or an
// authority's end is held against.
//
// Threads: plain values, pure functions. Failure: none; what cannot be answered for has no upper bound.
#pragma once

#include <optional>

#include "wayside/base/time.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

struct TimeBounds {
  UtcTime earliest;               // it is no earlier than this
  std::optional<UtcTime> latest;  // nor later; nothing: no bound can be given
  friend bool operator==(const TimeBounds&, const TimeBounds&) = default;
};

// Of what a clock said, by how good it was then. Only what follows a time server or a satellite receiver and
// states its error gives bounds; a recording's times are its own, and taken as they are.
[[nodiscard]] TimeBounds time_bounds(UtcTime said, const TimeQuality& quality);

// And with what is known besides: it is not before this. A clock that contradicts it is not believed.
[[nodiscard]] TimeBounds not_before(const TimeBounds& bounds, UtcTime known);

}  // namespace wayside
