// When cameras could have read a plate, by their own sight records: hour by hour, minute by minute.
//
// Threads: as the store. Failure: as the store; a record that is no longer what its camera signed is left
// out.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/store.hpp"

namespace wayside::backoffice {

enum class MinuteTold { not_told, yes, doubtful, no };

struct SightHour {
  std::string device_id;
  UtcTime from;  // a full hour
  std::array<MinuteTold, 60> minutes{};
  std::map<std::string, int> hindrances;  // in how many of its minutes: as the records name them
  [[nodiscard]] int count(MinuteTold told) const;
};

struct SightBook {
  std::vector<SightHour> hours;
  std::size_t damaged = 0;  // records left out; of whichever camera
};

// Hours in which anything is told, by device and time. A minute of the clock that records tell of in part, or
// twice, has the worst that is said of it; told for less than 50 s it counts as not told.
// device_id: empty: all.
[[nodiscard]] Result<SightBook> sight(Store& store, const std::optional<UtcTime>& since,
                                      const std::string& device_id);

// "2026-09-01 08:00  ......??####...   52 yes, 2 doubtful, 4 no, 2 not told: covered 6".
[[nodiscard]] std::string to_line(const SightHour& hour);

}  // namespace wayside::backoffice
