#include "src/app/record_writer.hpp"

#include <utility>

#include "wayside/base/log.hpp"

#include "src/app/interruptible_wait.hpp"

namespace wayside::app {

namespace {
constexpr int last_tries = 3;
}  // namespace

RecordWriter::RecordWriter(RecordQueue& queue, const Clock& clock, CounterSet& counters,
                           RecordWriterOptions options, std::function<void()> on_stored,
                           std::function<void()> keep)
    : queue_(queue),
      clock_(clock),
      options_(options),
      on_stored_(std::move(on_stored)),
      keep_(std::move(keep)),
      stored_(counters.counter("records_stored", "Records that are safe in the queue")),
      refused_(counters.counter("records_refused_by_queue", "Records that the queue will never take")),
      lost_(counters.counter("records_lost", "Records that no disk would take when the daemon ended")),
      retries_(counters.counter("store_retries", "Groups of records that had to be written again")) {}

void RecordWriter::run(BoundedQueue<PassRecord>& records, const std::stop_token& ending) {
  while (true) {
    std::vector<PassRecord> group = next_group(records);
    if (group.empty()) return;
    store(std::move(group), ending);
  }
}

std::vector<PassRecord> RecordWriter::next_group(BoundedQueue<PassRecord>& records) {
  std::vector<PassRecord> group;
  std::optional<PassRecord> record;
  do {
    if (keep_) keep_();
    record = records.pop_for(options_.keep_every);
  } while (!record && !records.closed_and_empty());
  const MonotonicTime deadline = clock_.monotonic_now() + options_.group_wait;
  while (record) {
    const bool urgent = record->parts.record_class == RecordClass::hit;
    group.push_back(std::move(*record));
    if (urgent) break;  // somebody may be waiting for it
    const std::chrono::nanoseconds left = deadline - clock_.monotonic_now();
    if (group.size() >= options_.group_records || left <= std::chrono::nanoseconds{0}) break;
    record = records.pop_for(left);
  }
  return group;
}

void RecordWriter::store(std::vector<PassRecord> group, const std::stop_token& ending) {
  int tries_left = last_tries;
  bool told = false;
  while (true) {
    const Status appended = append(group);
    if (appended) {
      if (told) log::info("store_recovered");
      return;
    }
    if (appended.error().code == ErrorCode::invalid_input) {
      if (group.size() == 1) {
        refused_.add();
        wipe(group[0].parts);
        log::error("record_refused_by_queue",
                   {{"pass", group[0].pass.value()}, {"reason", appended.error()}});
        return;
      }
      // One of them is at fault: find it by taking them one at a time.
      for (PassRecord& record : group) {
        std::vector<PassRecord> single;
        single.push_back(std::move(record));
        store(std::move(single), ending);
      }
      return;
    }
    if (ending.stop_requested() && tries_left-- == 0) {
      lost_.add(group.size());
      for (PassRecord& record : group)
        wipe(record.parts);
      log::error("records_lost", {{"records", group.size()},
                                  {"first_pass", group.front().pass.value()},
                                  {"reason", appended.error()}});
      return;
    }
    retries_.add();
    if (!std::exchange(told, true)) {
      log::error("store_failed",
                 {{"records", group.size()}, {"reason", appended.error()}, {"next", "trying again"}});
    }
    // After the end was asked for the wait is not cut short: three tries in no time would be one.
    wait_unless(ending.stop_requested() ? std::stop_token{} : ending, options_.retry_wait);
    if (keep_) keep_();  // what is too old goes, whatever keeps new records out
  }
}

Status RecordWriter::append(std::vector<PassRecord>& group) {
  attempts_.fetch_add(1, std::memory_order_relaxed);
  std::vector<RecordParts> parts;
  parts.reserve(group.size());
  for (PassRecord& record : group)
    parts.push_back(std::move(record.parts));
  const Result<std::vector<SequenceNumber>> numbers = queue_.append(parts);
  for (std::size_t i = 0; i < group.size(); ++i)
    group[i].parts = std::move(parts[i]);
  if (!numbers) return fail(numbers.error());
  stored_.add(numbers->size());
  for (std::size_t i = 0; i < numbers->size(); ++i) {
    wipe(group[i].parts);
    log::info("record_stored", {{"record", (*numbers)[i].value()}, {"pass", group[i].pass.value()}});
  }
  group.erase(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(numbers->size()));
  if (on_stored_) on_stored_();
  if (group.empty()) return {};
  return fail(ErrorCode::io, "the queue took a part of a group of records, and no more");
}

}  // namespace wayside::app
