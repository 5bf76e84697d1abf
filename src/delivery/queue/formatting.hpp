// The fixed files of a queue: making them, and telling a queue from anything else that may stand in a
// directory.
//
// Threads: at start, one. Failure: invalid_input (a foreign file, a size out of range), exhausted (no room
// for the files), unsupported (a newer version wrote them), io.
#pragma once

#include <optional>
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
};

[[nodiscard]] Result<Survey> survey(Disk& disk, const QueueOptions& options);

// Makes every file anew and returns what survey() will say. On failure it leaves no file behind.
[[nodiscard]] Result<Survey> format(Disk& disk, const QueueOptions& options);

// One segment's file, blank but for its headers.
[[nodiscard]] Status make_segment(Disk& disk, const Survey& queue, std::uint32_t index);

}  // namespace wayside::flash
