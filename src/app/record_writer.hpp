// Puts records into the queue in groups, so that one disk flush makes several safe, and wipes them from
// memory when they are. A hit ends its group at once.
//
// Threads: run() is the body of the writer thread. Failure: a queue that cannot take a group now is tried
// again until it can, with the group kept; only a record that the queue refuses for itself, or a disk that is
// still broken when the daemon must end, costs records, and they are counted and logged.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <vector>

#include "wayside/base/bounded_queue.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/base/strong.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/device/clock/clock.hpp"

namespace wayside::app {

struct PassRecord {
  PassNumber pass;
  RecordParts parts;
};

struct RecordWriterOptions {
  std::size_t group_records = 4;
  std::chrono::milliseconds group_wait{250};
  std::chrono::milliseconds retry_wait{1000};
  std::chrono::milliseconds keep_every{60'000};
};

class RecordWriter {
 public:
  // on_stored is called after each group that is safe, keep before each group and at least every keep_every,
  // both from the writer thread.
  RecordWriter(RecordQueue& queue, const Clock& clock, CounterSet& counters, RecordWriterOptions options,
               std::function<void()> on_stored, std::function<void()> keep);

  // Until records is closed and empty. Once `ending` is requested a broken disk is given three more tries.
  void run(BoundedQueue<PassRecord>& records, const std::stop_token& ending);

  // Grows with every attempt, so that a watchdog tells a broken disk, which a restart does not mend, from a
  // hang.
  [[nodiscard]] std::uint64_t attempts() const { return attempts_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] std::vector<PassRecord> next_group(BoundedQueue<PassRecord>& records);
  void store(std::vector<PassRecord> group, const std::stop_token& ending);
  // Takes out of the group what is safe now.
  [[nodiscard]] Status append(std::vector<PassRecord>& group);

  RecordQueue& queue_;
  const Clock& clock_;
  const RecordWriterOptions options_;
  std::function<void()> on_stored_;
  std::function<void()> keep_;
  Counter& stored_;
  Counter& refused_;
  Counter& lost_;
  Counter& retries_;
  std::atomic<std::uint64_t> attempts_{0};
};

}  // namespace wayside::app
