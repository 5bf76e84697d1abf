#include "src/delivery/queue/segment_scan.hpp"

#include <algorithm>

namespace wayside::flash {

namespace {

// Reads ahead, so that looking at every 64 bytes is not a system call each.
class Window {
 public:
  Window(const DiskFile& file, std::uint64_t end, std::size_t ahead)
      : file_(file), end_(end), ahead_(ahead) {}

  // Empty: it cannot be read. Valid until the next call.
  ByteView at(std::uint64_t offset, std::size_t length) {
    if (length > end_ || offset > end_ - length) return {};
    if (offset < start_ || offset + length > start_ + bytes_.size()) {
      bytes_.resize(std::min<std::uint64_t>(std::max(length, ahead_), end_ - offset));
      start_ = offset;
      if (!file_.read(start_, bytes_)) {
        // Something in what was read ahead may be unreadable, and this not.
        bytes_.resize(length);
        if (!file_.read(start_, bytes_)) bytes_.clear();
      }
      if (bytes_.empty()) return {};
    }
    return ByteView(bytes_).subspan(offset - start_, length);
  }

 private:
  const DiskFile& file_;
  std::uint64_t end_;
  std::size_t ahead_;
  std::uint64_t start_ = 0;
  Bytes bytes_;
};

constexpr std::size_t read_ahead = 256 * 1024;
constexpr std::size_t hop = block_bytes;

std::optional<FrameHeader> frame_at(Window& window, const SegmentHeader& segment, std::uint64_t offset) {
  const ByteView bytes = window.at(offset, frame_header_bytes);
  if (bytes.empty()) return std::nullopt;
  Result<FrameHeader> header = decode_frame_header(bytes);
  if (!header || header->epoch != segment.epoch || header->salt != segment.salt ||
      header->stored_bytes() > segment.segment_bytes - offset) {
    return std::nullopt;
  }
  return *header;
}

// Where the search goes on: a block that the device cannot read is not asked for again and again.
std::uint64_t behind(Window& window, std::uint64_t offset) {
  return window.at(offset, frame_header_bytes).empty() ? rounded_up(offset + 1, block_bytes)
                                                       : offset + frame_step;
}

Entry entry_of(const FrameHeader& header, std::uint64_t offset) {
  return {header.number,        offset, header.stored_bytes(), header.type, header.record_class,
          header.has_overview()};
}

}  // namespace

// After anything unreadable the search goes on 64 bytes further, in the newest segment too: stopping at the
// first bad record would lose the accepted ones behind it.
void visit_segment(const DiskFile& file, const SegmentHeader& segment, const SegmentVisitor& visitor) {
  Window window(file, segment.segment_bytes, read_ahead);
  for (std::uint64_t offset = segment_header_bytes; offset + frame_header_bytes <= segment.segment_bytes;) {
    const std::optional<FrameHeader> header = frame_at(window, segment, offset);
    if (!header) {
      offset = behind(window, offset);
      continue;
    }
    const ByteView frame = window.at(offset, header->stored_bytes());
    const Result<DecodedRecord> record =
        frame.empty() ? fail(ErrorCode::io, "unreadable") : decode_record(frame);
    if (record) {
      visitor.good(offset, *record);
      offset += header->stored_bytes();
    } else {
      visitor.torn(offset, *header);
      offset += frame_step;
    }
  }
}

SegmentScan scan_segment(const DiskFile& file, const SegmentHeader& segment, bool wholly) {
  SegmentScan out;
  if (wholly) {
    visit_segment(file, segment,
                  {[&](std::uint64_t offset, const DecodedRecord& record) {
                     out.records.push_back({entry_of(record.header, offset), record.gaps});
                     out.end = offset + record.header.stored_bytes();
                   },
                   [&](std::uint64_t, const FrameHeader& header) { out.torn.push_back(header.number); }});
    return out;
  }
  Window headers(file, segment.segment_bytes, hop);
  Window search(file, segment.segment_bytes, read_ahead);
  bool searching = false;
  for (std::uint64_t offset = segment_header_bytes; offset + frame_header_bytes <= segment.segment_bytes;) {
    Window& window = searching ? search : headers;
    const std::optional<FrameHeader> header = frame_at(window, segment, offset);
    if (!header) {
      // Up to the next block these may be the zeros behind a group's last record.
      searching = searching || offset % block_bytes == 0;
      offset = behind(window, offset);
      continue;
    }
    searching = false;
    const std::uint64_t bytes = header->stored_bytes();
    FoundRecord found{entry_of(*header, offset), {}};
    bool good = false;
    if (header->type == RecordType::gap) {
      Bytes frame(bytes);
      Result<DecodedRecord> record =
          file.read(offset, frame) ? decode_record(frame) : fail(ErrorCode::io, "unreadable");
      good = record.has_value();
      if (good) found.gaps = std::move(record->gaps);
    } else {
      const ByteView tail = headers.at(offset + bytes - trailer_bytes, trailer_bytes);
      good = trailer_belongs(tail, header->number);
    }
    if (!good) {
      out.torn.push_back(header->number);
      offset += frame_step;
      continue;
    }
    offset += bytes;
    out.end = offset;
    out.records.push_back(std::move(found));
  }
  return out;
}

std::optional<SegmentScan> read_contents(const DiskFile& file, const SegmentHeader& segment) {
  Bytes table(block_bytes);
  if (!file.read(segment.segment_bytes - table.size(), table)) return std::nullopt;
  const Result<std::uint64_t> length = contents_length(table, segment);
  if (!length) return std::nullopt;
  if (*length > table.size()) {
    table.resize(*length);
    if (!file.read(segment.segment_bytes - table.size(), table)) return std::nullopt;
  }
  const Result<std::vector<Entry>> entries = decode_contents(table, segment);
  if (!entries) return std::nullopt;
  SegmentScan out;
  for (const Entry& entry : *entries) {
    FoundRecord found{entry, {}};
    if (entry.type() == RecordType::gap) {
      Bytes frame(entry.bytes());
      if (!file.read(entry.offset(), frame)) return std::nullopt;
      Result<DecodedRecord> record = decode_record(frame);
      if (!record || record->header.number != entry.number()) return std::nullopt;
      found.gaps = std::move(record->gaps);
    }
    out.end = entry.offset() + entry.bytes();
    out.records.push_back(std::move(found));
  }
  return out;
}

}  // namespace wayside::flash
