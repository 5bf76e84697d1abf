// From the configuration to whoever is asked how good the clock is, and where the camera stands.
//
// Threads: pure; what is made belongs to one thread, and asks as drivers/time_sources does. Failure: as
// read_boot_id().
#pragma once

#include "wayside/device/config/configuration.hpp"

#include "src/app/timekeeping.hpp"

namespace wayside::app {

// The day on which this firmware was made: no clock is believed that is behind it.
[[nodiscard]] Result<UtcTime> firmware_made_at();

// clock outlives what is made.
[[nodiscard]] Result<TimekeepingOptions> timekeeping_options(const Configuration& configuration,
                                                             std::string device_id, const Clock& clock);

}  // namespace wayside::app
