// How good a time is: stated in every record, so that a court need not take the camera's word.
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wayside/base/time.hpp"

namespace wayside {

enum class TimeSource {
  unsynchronised,  // the camera's own oscillator since power-on
  ntp,             // disciplined over the network
  gnss,            // disciplined by a satellite receiver
  recording,       // taken over from the recording being replayed
};
[[nodiscard]] std::string_view to_string(TimeSource source);

struct TimeQuality {
  TimeSource source = TimeSource::unsynchronised;
  std::optional<std::int64_t> max_error_ms;        // estimated bound; nothing where no bound can be given
  std::optional<std::int64_t> synchronised_ago_s;  // age of the last synchronisation
  // The kernel's id of this start, 32 hex digits: monotonic times of one start can be compared, and a time
  // that turns out wrong can be put right. Nothing for a recording.
  std::optional<std::string> boot_id = std::nullopt;
  // What the clock said at the time, where that was put right since: once, when it was first synchronised or
  // set.
  std::optional<UtcTime> redated_from = std::nullopt;
};

}  // namespace wayside
