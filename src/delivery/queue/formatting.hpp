// The fixed files of a queue: making them, and telling a queue from anything else that may stand in a
// directory.
//
// Threads: at start, one. Failure: invalid_input (a foreign file, a size out of range), exhausted (no room
// for the files), unsupported (a newer version wrote them), unavailable (given up by
// QueueOptions::on_segment_made), io.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/disk.hpp"
#include "src/delivery/queue/record_format.hpp"

namespace wayside::flash {

[[nodiscard]] std::string segment_file_name(std::uint32_t index);  // "seg-0007"

// What the files say before any record is looked at.
struct Survey {
  bool formatted = false;
  QueueUuid uuid{};
  std::uint32_t segments = 0;
  std::uint32_t segment_bytes = 0;
  bool was_something = false;  // not formatted, but its files hold bytes that are none of a queue's
  std::vector<std::optional<SegmentHeader>>
      headers;  // by segment; nothing: no file, or no readable header of this queue
  // Segments, of whatever queue, whose files are as large as configured, were written out whole and hold no
  // record: as formatting that was cut off leaves them.
  std::set<std::uint32_t> blank;
};

[[nodiscard]] Result<Survey> survey(Disk& disk, const QueueOptions& options);

// Makes a queue with a uuid of its own out of what survey() found and returns what it will say. Blank files
// are not written out again. On failure it leaves no file behind, but where it was given up: those that are
// made are blank the next time.
[[nodiscard]] Result<Survey> format(Disk& disk, const QueueOptions& options, const Survey& found);

// One segment's file, blank but for its headers, and tells whoever waits for it.
[[nodiscard]] Status make_segment(Disk& disk, const QueueOptions& options, const Survey& queue,
                                  std::uint32_t index);

}  // namespace wayside::flash
