// The flash queue: records wait here until the back office has them. Bytes and classes only; it knows no plates.
// On disk: record_format.md beside this header.
//
// Threads: append() from one writer thread; pending(), read(), acknowledge() from uploader threads; depth() from any.
// No lock is held across a disk access that another thread would wait for longer than one group commit.
// Failure: exhausted when nothing may be evicted, io when the device failed (the group is kept and written elsewhere),
// corrupt when a record's bytes do not check out (the record is lost and counted, the queue goes on).
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
  std::uint32_t segments = 64;                    // fixed when formatted
  std::uint32_t segment_bytes = 8U << 20U;        // fixed when formatted
  std::uint32_t group_records = 4;                // records a sync at most
};

struct QueueDepth {
  std::uint64_t unacknowledged = 0;  // records waiting for the back office
  std::uint64_t evicted = 0;         // since formatted, unacknowledged records given up for room
  std::uint64_t damaged = 0;         // found unreadable since start
  std::uint32_t segments_free = 0;
  std::uint32_t segments = 0;
};

class RecordQueue {
 public:
  virtual ~RecordQueue() = default;

  // Writes the group and syncs it; only then are its numbers accepted and returned, in order.
  [[nodiscard]] virtual Result<std::vector<SequenceNumber>> append(std::span<const RecordParts> group) = 0;

  // Up to `count` unacknowledged records after `after`, oldest first (all: after = nothing).
  [[nodiscard]] virtual std::vector<SequenceNumber> pending(std::optional<SequenceNumber> after,
                                                            std::size_t count) const = 0;
  // not_found: acknowledged or evicted meanwhile.
  [[nodiscard]] virtual Result<RecordParts> read(SequenceNumber number) const = 0;
  // Lazy on disk: a lost acknowledgement costs a resend, which the back office absorbs.
  [[nodiscard]] virtual Status acknowledge(SequenceNumber number) = 0;
  // Writes what acknowledge() left lazy.
  [[nodiscard]] virtual Status flush() = 0;

  [[nodiscard]] virtual QueueDepth depth() const = 0;
  [[nodiscard]] virtual std::string uuid() const = 0;  // hex, made when formatted: part of every record's key
};

// Formats an empty directory, or recovers what is there. Refuses (invalid_input) a directory that holds anything else,
// never one that a power cut left half written.
[[nodiscard]] Result<std::unique_ptr<RecordQueue>> open_record_queue(const QueueOptions& options);

}  // namespace wayside
