// What the parts of an open queue share. The way of a group through them: record_queue.cpp (the public
// class), group_commit.cpp (seals and numbers it), room.cpp (a segment with room, by giving up others),
// log_writer.cpp (one write, one sync), settlement.cpp (what the device must know beforehand); back out of
// it: record_reader.cpp.
//
// Threads: as the members say. Ownership: the queue owns it, and its parts refer to it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/disk.hpp"
#include "src/delivery/queue/queue_index.hpp"
#include "src/delivery/queue/recovery.hpp"

namespace wayside::flash {

struct QueueState {
  QueueState(std::unique_ptr<Disk> its_disk, Recovered& recovered, CounterSet* its_counters);

  const std::unique_ptr<Disk> disk;  // holds the directory's lock
  const QueueUuid uuid;
  const std::uint32_t segment_bytes;
  const std::vector<std::unique_ptr<DiskFile>> files;  // by segment
  CounterSet* const counters;                          // or nullptr

  // Locks are taken in this order: writer (record_queue.cpp), acknowledgement (settlement.hpp), index. Only
  // the index lock guards what readers need, and it is never held across a disk access.
  mutable std::mutex index_mutex;
  QueueIndex index;           // index_mutex, like all below; who holds the writer lock reads without it what
                              // nobody else changes: next_number, and epoch
  std::size_t unwritten = 0;  // changes of what is settled since the last acknowledgement block
  std::uint64_t next_number;
  std::uint64_t epoch;  // the newest segment's
  std::uint64_t damaged;
  std::uint64_t interrupted = 0;
  std::uint64_t rolled_back = 0;
  std::uint64_t failed_syncs = 0;
  QueueTally tally;

  [[nodiscard]] std::optional<StoredRecord> find(SequenceNumber number) const;
  // Whether numbers are lost that no durable gap record tells.
  [[nodiscard]] bool owes() const;
  [[nodiscard]] bool has_unwritten() const;
  void count(std::string_view name, std::uint64_t n) const;
};

}  // namespace wayside::flash
