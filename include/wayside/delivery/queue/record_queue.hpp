// The flash queue: sealed records wait here until the back office has them. Bytes and classes only; it knows
// no plates, and cannot read what it keeps. On disk: record_format.md beside this header.
//
// Threads: append(), mark_day() and expire() from one writer thread; waiting(), read(), acknowledge() and
// skip_through() from uploader threads; depth() and chain() from any. No lock is held across a disk access
// that another thread would wait for longer than one group commit. Failure: io when the device failed on
// three segments in turn (one failure is answered by writing the group elsewhere), exhausted when every
// segment has failed, unavailable when nobody's key is valid (nothing is written; hand the group in again
// later), corrupt when a record's bytes do not check out (the record is lost and counted, the queue goes on).
// Numbers that were lost are described by gap records, which the queue appends itself.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/strong.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

namespace wayside {

struct QueueOptions {
  std::filesystem::path directory;
  std::uint32_t segments = 64;              // 4 to 4,096; fixed when formatted
  std::uint32_t segment_bytes = 8U << 20U;  // a multiple of 4096, 32 KiB to 1 GiB; fixed when formatted
  std::uint32_t protected_segments = 0;     // kept for hits and the ledger; 0: an eighth of all, at least 2
  std::uint32_t group_records = 4;          // records a sync at most
  RecordSealer* sealer = nullptr;           // outlives the queue; never absent
  CounterSet* counters =
      nullptr;  // where the queue counts what went wrong; outlives the queue; may be absent
  // Called after each segment that opening makes, on the thread that opens, with how many of how many there
  // are: a large queue takes minutes to make. False gives it up. May be absent.
  std::function<bool(std::uint32_t made, std::uint32_t segments)> on_segment_made;
};

struct QueueDepth {
  std::uint64_t unacknowledged = 0;  // records waiting for the back office
  std::uint64_t evicted = 0;         // since formatted, unacknowledged records given up for room
  std::uint64_t expired = 0;         // since formatted, unacknowledged records older than may be kept
  std::uint64_t damaged = 0;         // numbers found unreadable or never fully written, since start
  std::uint64_t interrupted = 0;     // numbers that belong to no record, since start: see record_format.md
  std::uint64_t rolled_back = 0;     // numbers that skip_through() left out, since start
  std::uint64_t failed_syncs = 0;    // since start; anything but 0 is an alarm: the device is failing
  std::uint32_t segments_free = 0;
  std::uint32_t segments = 0;
  std::optional<SequenceNumber> oldest;  // of those waiting
  // Nothing waits, and no gap is left to be told: every number is delivered, or told in a record that is.
  bool all_delivered = false;
};

// Records accepted since the queue was opened, its own gap records included.
struct QueueTally {
  std::array<std::uint64_t, 3> by_class{};  // by RecordClass
  std::array<std::uint64_t, 7> by_type{};   // by RecordType
};

// What the day's book tells: the last record accepted and its chain_hash().
struct ChainHead {
  SequenceNumber number;  // 0: the queue is empty and was never used
  Sha256 hash{};
};

// What was on the device, when the queue was opened, of records behind the last day's book that is there:
// after a power cut nobody else knows.
struct UnbookedRecords {
  SequenceNumber first{1};  // behind the last book's; where there is none, the lowest number that is there
  ChainHead chain;          // the last record accepted; its number below first: there are none
  QueueTally tally;         // of those that are still there, delivered or not
  // The last day that was marked; nothing: none ever was. day_open: it was not over when the last book was
  // written.
  std::optional<std::uint32_t> day;
  bool day_open = false;
  [[nodiscard]] bool any() const { return first <= chain.number || day_open; }
};

struct WaitingRecord {
  SequenceNumber number;
  RecordType type = RecordType::capture;
  RecordClass record_class = RecordClass::ordinary;
  std::uint32_t stored_bytes = 0;
};

class RecordQueue {
 public:
  virtual ~RecordQueue() = default;

  // Seals and writes the group and syncs it, at most QueueOptions::group_records a sync; only then are its
  // numbers accepted and returned, in order. Fewer numbers than records: the device failed half-way, hand the
  // rest in again. invalid_input: a record larger than a segment takes, or one of type gap; nothing of the
  // group was written then.
  [[nodiscard]] virtual Result<std::vector<SequenceNumber>> append(std::span<const RecordParts> group) = 0;

  enum class Order { oldest_first, newest_first };
  // Up to `count` unacknowledged records beyond a number (above it oldest first, below it newest first;
  // nothing: from the end), of one class or of all.
  [[nodiscard]] virtual std::vector<WaitingRecord> waiting(Order order, std::optional<SequenceNumber> beyond,
                                                           std::size_t count,
                                                           std::optional<RecordClass> only = {}) const = 0;
  [[nodiscard]] virtual bool is_waiting(SequenceNumber number) const = 0;
  // not_found: acknowledged or given up meanwhile. corrupt: its bytes rotted; it is counted and described in
  // a gap record.
  [[nodiscard]] virtual Result<SealedRecord> read(SequenceNumber number) const = 0;
  // Again for the same number: nothing happens. Lazy on disk (64 acknowledgements or flush()): a lost
  // acknowledgement costs a resend, which the back office absorbs.
  [[nodiscard]] virtual Status acknowledge(SequenceNumber number) = 0;
  // Writes what acknowledge() left lazy.
  [[nodiscard]] virtual Status flush() = 0;

  // The back office has records of this queue up to `highest`. Where the next number is not beyond it, an
  // older state of the queue was put back, and going on would give numbers a second meaning: the numbers up
  // to there are left out, and a gap record tells them with reason rolled_back, durable before any other
  // record is. Returns how many; 0: all is well. refused: more than most_skipped at once, which no use of a
  // queue explains; nothing is left out then. On any other failure they are left out all the same, and told
  // later.
  static constexpr std::uint64_t most_skipped = std::uint64_t{1} << 32U;
  [[nodiscard]] virtual Result<std::uint64_t> skip_through(SequenceNumber highest) = 0;

  // `day` (days since 1970-01-01 UTC, from a clock that can be believed) has begun, or goes on: records
  // appended from here on are of this day or later. Cheap but for the first time on a day, which is written
  // down.
  [[nodiscard]] virtual Status mark_day(std::uint32_t day) = 0;
  // Gives up every unacknowledged record that is known to be older than the beginning of `day`. Returns how
  // many; a gap record tells them with reason expired.
  [[nodiscard]] virtual Result<std::uint64_t> expire(std::uint32_t day) = 0;

  [[nodiscard]] virtual QueueDepth depth() const = 0;
  [[nodiscard]] virtual QueueTally tally() const = 0;
  [[nodiscard]] virtual ChainHead chain() const = 0;
  [[nodiscard]] virtual UnbookedRecords unbooked() const = 0;  // as of opening
  [[nodiscard]] virtual QueueUuid uuid() const = 0;  // made when formatted: part of every record's key
};

// Formats an empty directory, or recovers what is there. Refuses (invalid_input) a directory that holds
// anything else, and a queue whose records were signed by another device than the sealer's; never one that a
// power cut left half written. unsupported: written by a newer version. unavailable: another process has it
// open, or on_segment_made gave it up, and it goes on from there when it is opened again.
[[nodiscard]] Result<std::unique_ptr<RecordQueue>> open_record_queue(const QueueOptions& options);

}  // namespace wayside
