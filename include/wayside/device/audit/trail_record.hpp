// The document of the audit record (delivery/event/audit_record.schema.json, event trail) that carries entries
// of the audit trail into the log of records, as they stand.
//
// Threads: pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "wayside/device/audit/trail.hpp"
#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

// Sorted keys, no white space. entries: one at least.
[[nodiscard]] std::string trail_record(std::span<const TrailEntry> entries, std::string_view device_id,
                                       const ClockReading& now, const TimeQuality& time);

}  // namespace wayside
