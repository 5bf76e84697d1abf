// The flash queue: records wait here until the back office has them. Bytes and classes only; it knows no
// plates. On disk: record_format.md beside this header.
//
// Threads: append() from one writer thread; pending(), read(), acknowledge() from uploader threads; depth()
// from any. No lock is held across a disk access that another thread would wait for longer than one group
// commit. Failure: io when the device failed on three segments in turn (one failure is answered by writing
// the group elsewhere), exhausted when every segment has failed, corrupt when a record's bytes do not check
// out (the record is lost and counted, the queue goes on). Numbers that were lost are described by gap
// records (class gap), which the queue appends itself in front of the next group; their document is JSON,
// their other parts are empty.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/strong.hpp"

namespace wayside {

// Decides the order of eviction and upload; the numbers are on disk.
enum class RecordClass : std::uint8_t { ordinary = 0, hit = 1, gap = 2 };

enum class PartKind : std::uint8_t { document = 0, plate = 1, overview = 2 };

struct RecordParts {
  RecordClass record_class = RecordClass::ordinary;
  Bytes document;
  Bytes plate;
  Bytes overview;
  [[nodiscard]] const Bytes& part(PartKind kind) const {
    return kind == PartKind::document ? document : kind == PartKind::plate ? plate : overview;
  }
};

struct QueueOptions {
  std::filesystem::path directory;
  std::uint32_t segments = 64;              // 3 to 4,096; fixed when formatted
  std::uint32_t segment_bytes = 8U << 20U;  // a multiple of 4096, 32 KiB to 1 GiB; fixed when formatted
  std::uint32_t group_records = 4;          // records a sync at most
  CounterSet* counters =
      nullptr;  // where the queue counts what went wrong; outlives the queue; may be absent
};

struct QueueDepth {
  std::uint64_t unacknowledged = 0;  // records waiting for the back office
  std::uint64_t evicted = 0;         // since formatted, unacknowledged records given up for room
  std::uint64_t damaged = 0;         // numbers found unreadable or never fully written, since start
  std::uint64_t failed_syncs = 0;    // since start; anything but 0 is an alarm: the device is failing
  std::uint32_t segments_free = 0;
  std::uint32_t segments = 0;
};

class RecordQueue {
 public:
  virtual ~RecordQueue() = default;

  // Writes the group and syncs it, at most QueueOptions::group_records a sync; only then are its numbers
  // accepted and returned, in order. Fewer numbers than records: the device failed half-way, hand the rest in
  // again. invalid_input: a record larger than a segment takes; nothing of the group was written then.
  [[nodiscard]] virtual Result<std::vector<SequenceNumber>> append(std::span<const RecordParts> group) = 0;

  // Up to `count` unacknowledged records after `after`, oldest first (all: after = nothing).
  [[nodiscard]] virtual std::vector<SequenceNumber> pending(std::optional<SequenceNumber> after,
                                                            std::size_t count) const = 0;
  // not_found: acknowledged or evicted meanwhile. corrupt: its bytes rotted; it is counted and described in a
  // gap record.
  [[nodiscard]] virtual Result<RecordParts> read(SequenceNumber number) const = 0;
  // Again for the same number: nothing happens. Lazy on disk (64 acknowledgements or flush()): a lost
  // acknowledgement costs a resend, which the back office absorbs.
  [[nodiscard]] virtual Status acknowledge(SequenceNumber number) = 0;
  // Writes what acknowledge() left lazy.
  [[nodiscard]] virtual Status flush() = 0;

  [[nodiscard]] virtual QueueDepth depth() const = 0;
  [[nodiscard]] virtual std::string uuid() const = 0;  // hex, made when formatted: part of every record's key
};

// Formats an empty directory, or recovers what is there. Refuses (invalid_input) a directory that holds
// anything else, never one that a power cut left half written. unsupported: written by a newer version.
// unavailable: another process has it open.
[[nodiscard]] Result<std::unique_ptr<RecordQueue>> open_record_queue(const QueueOptions& options);

}  // namespace wayside
