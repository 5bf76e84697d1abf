// The document of the audit record (delivery/event/audit_record.schema.json) that says what became of a VOI
// list on this camera. Nothing of an entry is in it.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

struct ListChange {
  enum class State {
    in_force,  // from here on reads are matched against this revision, within its validity
    refused,   // what the office sent was not taken; what is held stays
    removed,   // the office gives this camera the list no longer
  };
  std::string list;
  State state = State::in_force;
  std::uint64_t revision = 0;  // held now; 0: none
  std::uint64_t before = 0;    // held before; 0: none
  std::uint64_t entries = 0;   // of the one held now
  std::string reason;          // for a person; empty unless refused
};
[[nodiscard]] std::string_view to_string(ListChange::State state);

// Sorted keys, no white space. A longer reason is cut to 600 bytes.
[[nodiscard]] std::string watch_list_record(const ListChange& change, std::string_view device_id,
                                            const ClockReading& now, const TimeQuality& time);

}  // namespace wayside
