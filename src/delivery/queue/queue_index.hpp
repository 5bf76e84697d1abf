// What lies where, in memory: the unsettled records, the segments' state, what is settled and what was lost.
// Decides which segment is reused next. No disk access.
//
// Threads: none of its own; the queue's index lock guards it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/acknowledgements.hpp"
#include "src/delivery/queue/gaps.hpp"

namespace wayside::flash {

struct StoredRecord {
  std::uint64_t number = 0;
  std::uint32_t segment = 0;
  std::uint32_t bytes = 0;  // on disk
  std::uint64_t offset = 0;
  RecordClass record_class = RecordClass::ordinary;
  Gaps gaps;  // of a gap record: told again should it be evicted itself
};

struct SegmentState {
  std::uint64_t epoch = 0;
  bool failed = false;        // a sync failed on it: not written again before a restart
  std::uint32_t waiting = 0;  // unsettled records in it
  std::uint32_t hits = 0;     // of those, hits
};

class QueueIndex {
 public:
  explicit QueueIndex(std::size_t segments) : segments_(segments) {}

  void add(StoredRecord record);
  [[nodiscard]] const StoredRecord* find(std::uint64_t number) const;
  [[nodiscard]] std::vector<SequenceNumber> pending(std::uint64_t after, std::size_t count) const;
  [[nodiscard]] std::size_t waiting() const { return records_.size(); }

  // The record needs no room any more: it is delivered. With a gap record, the numbers that it describes are
  // settled too, not earlier: until then that record may be evicted and has to be told again.
  void settle(std::uint64_t number);
  // The record is unreadable: owed to the next gap record.
  void lose(std::uint64_t number);
  // Everything unsettled in the segment is owed to the next gap record.
  void evict(std::uint32_t segment);

  // Gaps not yet described in a durable record. Taken out for writing; given back when that failed.
  [[nodiscard]] Gaps take_owed(std::size_t most);
  void owe(const Gaps& gaps);
  [[nodiscard]] const Gaps& owed() const { return owed_; }

  // Oldest segment without unsettled records; nothing: evict first.
  [[nodiscard]] std::optional<std::uint32_t> free_segment() const;
  // Oldest segment without a hit, else the oldest; nothing: all others have failed.
  [[nodiscard]] std::optional<std::uint32_t> eviction_victim() const;

  std::vector<SegmentState>& segments() { return segments_; }
  [[nodiscard]] const std::vector<SegmentState>& segments() const { return segments_; }

  Settled settled;

 private:
  void remove(std::map<std::uint64_t, StoredRecord>::iterator it);

  std::map<std::uint64_t, StoredRecord> records_;
  std::vector<SegmentState> segments_;
  Gaps owed_;
};

}  // namespace wayside::flash
