// What lies where, in memory: the unsettled records, the segments' state, what is settled and what was lost.
// Decides which segment is begun next and which gives way. No disk access.
//
// Threads: none of its own; the queue's index lock guards it. Cost: 16 bytes a waiting record; finding one
// looks at every segment's bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/acknowledgements.hpp"
#include "src/delivery/queue/gaps.hpp"
#include "src/delivery/queue/record_format.hpp"

namespace wayside::flash {

struct StoredRecord {
  std::uint32_t segment = 0;
  Entry entry;
  Gaps gaps;  // of a gap record: told again should it be evicted itself
};

// The unsettled records of one segment, ascending by number.
class SegmentRecords {
 public:
  void add(const Entry& entry);
  [[nodiscard]] const Entry* find(std::uint64_t number) const;
  void remove(std::uint64_t number);  // one that is there
  void close() { entries_.shrink_to_fit(); }

  [[nodiscard]] std::size_t size() const { return entries_.size() - gone_; }
  // Of those that wait; only where there are any.
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  // May hold some that are gone().
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::size_t gone_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
};

struct SegmentState {
  std::uint64_t epoch = 0;
  Log log = Log::none;
  bool failed = false;  // a sync failed on it: not written again before a restart
  bool active = false;  // its log is writing to it
  bool untold = false;  // it gave up records that no durable gap record tells yet
  SegmentRecords records;
  [[nodiscard]] bool is_free() const { return !failed && !active && records.size() == 0; }
};

class QueueIndex {
 public:
  explicit QueueIndex(std::size_t segments) : segments_(segments) {}

  // A number that is there already: the longer of the two counts.
  void add(StoredRecord record);
  [[nodiscard]] std::optional<StoredRecord> find(std::uint64_t number) const;
  [[nodiscard]] std::vector<WaitingRecord> waiting(RecordQueue::Order order,
                                                   std::optional<SequenceNumber> beyond, std::size_t count,
                                                   std::optional<RecordClass> only) const;
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }
  [[nodiscard]] std::optional<std::uint64_t> oldest() const;

  // The record needs no room any more: it is delivered. With a gap record, the numbers that it describes are
  // settled too, not earlier: until then that record may be evicted and has to be told again.
  void settle(std::uint64_t number);
  // The record is unreadable: owed to the next gap record.
  void lose(std::uint64_t number);
  // Everything unsettled in the segment, or what of it has no overview, is owed to the next gap record.
  // Returns how many records.
  std::uint64_t evict(std::uint32_t segment, bool without_overview_only);
  // The same for everything with a smaller number, gap records left out. Returns how many.
  std::uint64_t expire_below(std::uint64_t number);
  // A copy without its overview stands elsewhere now.
  void move(const StoredRecord& record);

  // Gaps not yet described in a durable record: the first of them, to be written; told() when they were.
  [[nodiscard]] Gaps owed(std::size_t most) const;
  void told(const Gaps& gaps);
  void owe(const Gaps& gaps);
  [[nodiscard]] bool owes() const { return !owed_.empty(); }
  [[nodiscard]] const Gaps& all_owed() const { return owed_; }

  [[nodiscard]] std::uint32_t free_segments() const;
  [[nodiscard]] std::uint32_t used_by(Log log) const;
  // The one with the lowest epoch that may be begun; one with untold gaps only where there is no other.
  [[nodiscard]] std::optional<std::uint32_t> free_segment() const;
  // The log's oldest that holds anything and is not being written to.
  [[nodiscard]] std::optional<std::uint32_t> oldest_of(Log log) const;

  std::vector<SegmentState>& segments() { return segments_; }
  [[nodiscard]] const std::vector<SegmentState>& segments() const { return segments_; }

  Settled settled;

 private:
  struct Place {
    std::uint32_t segment;
    const Entry* entry;
  };
  [[nodiscard]] std::optional<Place> place_of(std::uint64_t number) const;
  void remove(std::uint32_t segment, std::uint64_t number);
  Gaps take_gap_list(std::uint64_t number);

  std::vector<SegmentState> segments_;
  std::map<std::uint64_t, Gaps> gap_lists_;  // of the gap records that wait
  std::uint64_t waiting_ = 0;
  Gaps owed_;
};

}  // namespace wayside::flash
