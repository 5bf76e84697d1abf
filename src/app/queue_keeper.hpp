// What has to be done to the queue as days go by: mark the day, give up what is older than may be kept, and
// close the day's book with a signed summary.
//
// A day whose book was not closed on the day itself (the power was cut, the program was killed, no clock
// could be believed) gets one in the next run, as soon as its clock is believed: what the queue still knows
// of it, and the word that it was interrupted.
//
// A clock is believed once it has been synchronised and has run without a step for an hour: a wrong date for
// a moment must not cost records. Until then nothing is marked and nothing given up; that is logged once.
//
// Threads: look() and close() from the thread that appends. Ownership: queue and clock outlive it. Failure:
// logged, and tried again at the next look.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wayside/base/strong.hpp"
#include "wayside/base/time.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/device/clock/clock.hpp"

namespace wayside::app {

// What a book is the difference of.
struct QueueReading {
  ChainHead chain;
  QueueTally tally;
  QueueDepth depth;
};

// The document of a coverage record (delivery/event/coverage_record.schema.json): of the day's records
// between two readings.
enum class DayEnded { by_itself, interrupted };
[[nodiscard]] std::string day_book(const std::string& device_id, std::uint32_t day,
                                   const QueueReading& opened, const QueueReading& closed,
                                   DayEnded ended = DayEnded::by_itself);

class QueueKeeper {
 public:
  // retention_days: records that wait longer are given up; at least 1.
  QueueKeeper(RecordQueue& queue, const Clock& clock, std::string device_id, std::uint32_t retention_days);

  // True: it may have appended something, which the uplink should be told of.
  [[nodiscard]] bool look();
  // At a clean stop: the book of the day so far.
  void close();

 private:
  [[nodiscard]] std::optional<std::uint32_t> believed_day();
  void expire(std::uint32_t day);
  void close_book(std::uint32_t day);
  // True: its book is written.
  [[nodiscard]] bool close_interrupted(std::uint32_t today);
  [[nodiscard]] Status append_book(const std::string& document);
  [[nodiscard]] QueueReading read() const;

  RecordQueue& queue_;
  const Clock& clock_;
  const std::string device_id_;
  const std::uint32_t retention_days_;
  std::optional<std::uint32_t> day_;       // the last one that was marked
  std::optional<std::int64_t> steady_ms_;  // UTC less monotonic time, since steady_since_
  MonotonicTime steady_since_;
  bool waits_told_ = false;
  QueueReading opened_;  // where the open book begins
  UnbookedRecords interrupted_;
  bool interrupted_told_ = false;
  std::string unwritten_told_;  // why a book could not be written, as the log says already
};

}  // namespace wayside::app
