// Refuses values that have no place in a capture record, before they reach the JSON.
//
// Threads: pure. Failure: invalid_input, one sentence naming field and expected form, never a VRM.
#pragma once

#include "wayside/delivery/event/capture_record.hpp"

namespace wayside {

[[nodiscard]] Status check_pass(const VehiclePass& pass);
[[nodiscard]] Status check_origin(const RecordOrigin& origin);
[[nodiscard]] Status check_hits(std::span<const RecordHit> hits, const VehiclePass& pass);
[[nodiscard]] Status check_time(const TimeQuality& time);

}  // namespace wayside
