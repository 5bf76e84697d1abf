// Makes room for what is to be written: which segment a log begins, and what is given up for it, in the order
// that record_format.md lays down.
//
// Threads: the writer's. Failure: io when the device refused, exhausted when every segment has failed.
#pragma once

#include <cstdint>
#include <vector>

#include "wayside/base/result.hpp"

#include "src/delivery/queue/log_writer.hpp"
#include "src/delivery/queue/queue_state.hpp"
#include "src/delivery/queue/record_reader.hpp"
#include "src/delivery/queue/settlement.hpp"

namespace wayside::flash {

class Room {
 public:
  // protected_segments: those kept for the protected log.
  Room(QueueState& state, LogWriter& writer, Settlement& settlement, const RecordReader& reader,
       std::uint32_t protected_segments);

  // Afterwards the log has a segment with room for so many bytes, or others were given up and their numbers
  // are owed: the reads begin a segment only once those are told.
  [[nodiscard]] Status make(Log log, std::uint64_t bytes);

 private:
  [[nodiscard]] std::uint32_t kept_free(Log log) const;
  [[nodiscard]] std::uint64_t give_up_for(Log log);
  [[nodiscard]] Result<bool> thin_oldest(std::uint64_t bytes);
  [[nodiscard]] bool shrinks_to_half(std::uint32_t segment, const std::vector<Entry>& entries) const;
  void carry(const DecodedRecord& found, Bytes& frames, std::vector<StoredRecord>& moved);
  [[nodiscard]] Status write_carried(Bytes& frames, std::vector<StoredRecord>& moved);
  void tell_evicted(std::uint64_t records) const;

  QueueState& state_;
  LogWriter& writer_;
  Settlement& settlement_;
  const RecordReader& reader_;
  const std::uint32_t protected_segments_;
};

}  // namespace wayside::flash
