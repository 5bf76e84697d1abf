// The document of a clock record (delivery/event/clock_record.schema.json), which dates what was taken before
// the first synchronisation.
//
// Threads: pure.
#pragma once

#include <string>
#include <string_view>

#include "wayside/device/clock/time_keeper.hpp"

namespace wayside {

// Sorted keys, no white space.
[[nodiscard]] std::string clock_record(const ClockEvent& event, std::string_view device_id,
                                       std::string_view boot_id);

}  // namespace wayside
