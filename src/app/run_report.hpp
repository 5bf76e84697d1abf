// A run in numbers, as JSON: the report at a program's end and the heartbeat of a running one.
//
// Threads: pure, counters may count on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/uploader.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

namespace wayside::app {

// What runs, and what became of an update, of a camera that can be updated.
struct ToldSystem {
  std::string version;
  std::string compatible;
  std::string state;   // a word: UpdateView::state
  std::string update;  // the version that it is about; empty: none
  std::string reason;  // a sentence; empty: none is needed
};

// What the camera holds of what the office sends.
struct HeldForOffice {
  std::optional<std::uint64_t>
      authority;  // the highest number here, of a camera that keeps deployment authorities
  std::optional<std::map<std::string, std::uint64_t>> watch_lists;  // revisions, of one that keeps VOI lists
  std::optional<ToldSystem> system = {};
};

// {"time", "clock": {...}, "problems": {...}, "states": {...}, "queue": {...}, "upload": {...}, "counters":
// {...}, "queue_uuid"}: delivery/upload/https_api.md. `delivered_to`: the highest number that the back office
// has receipted as far as is known; 0: none is.
[[nodiscard]] std::string heartbeat_json(const Clock& clock, const Health& health, const QueueUuid& queue,
                                         const QueueDepth& depth, const UploaderState& upload,
                                         const CounterSet& counters, std::uint64_t delivered_to,
                                         const HeldForOffice& held = {});

struct RunFigures {
  std::string ended;  // "end_of_stream", "stopped", "source_failed"
  double wall_s = 0;  // from the first frame asked for to the last record in the queue
  double cpu_s = 0;   // of the whole program
  std::uint64_t frames = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::uint64_t memory_bytes_at_end = 0;
};

// The figures, frames_per_s, and what a heartbeat says; one object, indented for a person.
[[nodiscard]] std::string report_json(const RunFigures& figures, const Clock& clock, const Health& health,
                                      const QueueDepth& depth, const UploaderState& upload,
                                      const CounterSet& counters);

}  // namespace wayside::app
