// The sight record: some minutes in a row, and whether the camera could have read a plate in each of them.
//
// Threads: pure. Its form is sight_record.schema.json beside this header, version 1, which the back office
// validates against too; sorted keys, no white space, rounded numbers. It tells of no single vehicle.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wayside/anpr/sight/sight_gauge.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

struct SightMinutes {
  UtcTime from;             // beginning of the first
  MonotonicTime monotonic;  // the same moment
  TimeQuality time;         // of that moment
  std::vector<SightMinute> minutes;
};

[[nodiscard]] std::string sight_record(const SightMinutes& minutes, std::string_view device_id);

}  // namespace wayside
