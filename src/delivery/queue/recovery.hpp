// What is in a queue's files, found again at start. Writes nothing to a sound queue, so recovering twice, or
// a crash while recovering, changes nothing; numbers that are missing are owed to the first gap record
// appended later.
//
// Threads: at start, one. Failure: as open_record_queue().
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "src/delivery/queue/acknowledgements.hpp"
#include "src/delivery/queue/disk.hpp"
#include "src/delivery/queue/queue_index.hpp"
#include "src/delivery/queue/record_format.hpp"

namespace wayside::flash {

// Where the next record of a log goes.
struct WritePosition {
  SegmentHeader header;
  std::uint64_t offset = segment_header_bytes;
  bool fresh = false;          // the headers have not been written
  bool reuses = false;         // and older records stand there
  std::vector<Entry> entries;  // in the segment, for its table of contents
};

struct Recovered {
  QueueUuid uuid{};
  std::uint32_t segments = 0;
  std::uint32_t segment_bytes = 0;
  std::vector<std::unique_ptr<DiskFile>> files;  // by segment
  std::unique_ptr<Acknowledgements> acknowledgements;
  QueueIndex index{0};
  std::uint64_t next_number = 1;
  std::uint64_t newest_epoch = 0;
  std::array<std::optional<WritePosition>, 3> active;  // by Log
  bool made_over_something = false;                    // a directory of files of which none was readable
  bool lost_places = false;                            // a segment file was missing or cut short
  UnbookedRecords unbooked;
  std::uint64_t damaged = 0;         // numbers missing that were written, or lay in lost places
  std::uint32_t ignored_blocks = 0;  // acknowledgement blocks that do not check out
};

// Formats an empty directory first.
[[nodiscard]] Result<Recovered> recover(Disk& disk, const QueueOptions& options);

}  // namespace wayside::flash
