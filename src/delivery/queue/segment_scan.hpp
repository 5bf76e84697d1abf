// The records of one segment, found again.
//
// Threads: any, each with its own file. Failure: what cannot be read or does not check out is left out.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "src/delivery/queue/disk.hpp"
#include "src/delivery/queue/record_format.hpp"

namespace wayside::flash {

struct FoundRecord {
  Entry entry;
  Gaps gaps;  // of a gap record
};

struct SegmentScan {
  std::vector<FoundRecord> records;          // in the order of their place
  std::vector<std::uint64_t> torn;           // numbers whose frame header reads, and whose record does not
  std::uint64_t end = segment_header_bytes;  // behind the last good record
};

// Looks at every multiple of 64 bytes. wholly: a record is good if everything in it checks out; else header
// and trailer suffice, but for gap records.
[[nodiscard]] SegmentScan scan_segment(const DiskFile& file, const SegmentHeader& segment, bool wholly);

// Calls with every record that checks out wholly, in the order of their place, and with the numbers of torn
// ones. For who wants to see all bytes.
struct SegmentVisitor {
  std::function<void(std::uint64_t offset, const DecodedRecord&)> good;
  std::function<void(std::uint64_t offset, const FrameHeader&)> torn;
};
void visit_segment(const DiskFile& file, const SegmentHeader& segment, const SegmentVisitor& visitor);

// From the table of contents; nothing where there is none.
[[nodiscard]] std::optional<SegmentScan> read_contents(const DiskFile& file, const SegmentHeader& segment);

}  // namespace wayside::flash
