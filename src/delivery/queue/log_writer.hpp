// Where each log writes, and the write itself: one write and one sync for whatever goes on the device
// together.
//
// Threads: the writer's. Failure: a segment whose write or sync failed is given up, never tried again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "wayside/base/result.hpp"

#include "src/delivery/queue/queue_state.hpp"

namespace wayside::flash {

class LogWriter {
 public:
  LogWriter(QueueState& state, std::array<std::optional<WritePosition>, 3> positions);

  [[nodiscard]] std::optional<WritePosition>& active(Log log) {
    return active_[static_cast<std::size_t>(log)];
  }
  // Whether so many records of so many bytes together have room behind `at`, the table of contents included.
  [[nodiscard]] bool fits(const WritePosition& at, std::size_t records, std::uint64_t bytes) const;

  // The log writes to this segment from now on. Under the index lock.
  void begin(Log log, std::uint32_t segment);
  // The log is done with the segment that it writes to.
  void leave(Log log);
  // Frames to where the log writes, headers in front where the segment is fresh, and synced. Returns where
  // the next go.
  [[nodiscard]] Result<std::uint64_t> put(const WritePosition& at, const Bytes& frames);
  // After a failed put(): so many numbers, from the next one on, are worthless.
  void give_up_segment(Log log, std::uint64_t numbers, const Error& error);

 private:
  QueueState& state_;
  std::array<std::optional<WritePosition>, 3> active_;  // by Log
};

}  // namespace wayside::flash
