#include "src/delivery/queue/recovery.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

#include "src/delivery/queue/formatting.hpp"

namespace wayside::flash {

namespace {

// Only what was written last can lack parts that were never synced: the newest segment, and those that a
// failed sync sent a group away from. These are checked to the last byte; of older records the header and the
// trailer suffice at start, and read() checks the rest before anything is sent.
constexpr std::size_t segments_checked_wholly = 4;

struct Scanned {
  std::vector<StoredRecord> records;
  std::uint64_t end = segment_header_bytes;  // behind the last good record
  std::optional<Sha256> last_hash;
};

// The record that starts at the offset, if a good one of this segment's epoch does.
std::optional<StoredRecord> record_at(const DiskFile& file, const SegmentHeader& segment,
                                      std::uint64_t offset, ByteView block, bool wholly) {
  const Result<RecordHeader> header = decode_record_header(block);
  if (!header || header->uuid != segment.uuid || header->epoch != segment.epoch ||
      header->salt != segment.salt) {
    return std::nullopt;
  }
  const std::uint64_t bytes = header->stored_bytes();
  if (bytes > segment.segment_bytes - offset) return std::nullopt;
  StoredRecord found{header->number, segment.index,        static_cast<std::uint32_t>(bytes),
                     offset,         header->record_class, {}};
  if (wholly || header->type == RecordType::gap) {
    Bytes record(bytes);
    if (!file.read(offset, record)) return std::nullopt;
    Result<DecodedRecord> decoded = decode_record(record);
    if (!decoded) return std::nullopt;
    found.gaps = std::move(decoded->gaps);
    return found;
  }
  Bytes tail(trailer_bytes);
  if (!file.read(offset + bytes - trailer_bytes, tail) || !trailer_belongs(tail, header->number))
    return std::nullopt;
  return found;
}

// After anything unreadable the search goes on at the next block, in the newest segment too: stopping at the
// first bad record would lose the accepted ones behind it.
Scanned scan(const DiskFile& file, const SegmentHeader& segment, bool wholly) {
  Scanned out;
  Bytes block(block_bytes);
  for (std::uint64_t offset = segment_header_bytes; offset + block_bytes <= segment.segment_bytes;) {
    std::optional<StoredRecord> found;
    if (file.read(offset, block)) found = record_at(file, segment, offset, block, wholly);
    if (!found) {
      offset += block_bytes;
      continue;
    }
    offset += found->bytes;
    out.end = offset;
    out.last_hash = chain_hash(block);
    out.records.push_back(std::move(*found));
  }
  return out;
}

Result<std::unique_ptr<DiskFile>> open_acknowledgements(Disk& disk, const std::vector<Disk::Entry>& entries,
                                                        int which) {
  const std::string name = Acknowledgements::file_name(which);
  const bool whole = std::any_of(entries.begin(), entries.end(), [&](const Disk::Entry& entry) {
    return entry.name == name && entry.bytes == acknowledgement_file_bytes;
  });
  if (!whole) {
    log::error("queue_file_made_again", {{"file", name}});
    if (Status ok = disk.create(name, acknowledgement_file_bytes); !ok) return fail(ok.error());
  }
  return disk.open(name);
}

Status open_files(Disk& disk, Survey& queue, Recovered& out) {
  const Result<std::vector<Disk::Entry>> entries = disk.list();
  if (!entries) return fail(entries.error());
  for (std::uint32_t i = 0; i < queue.segments; ++i) {
    const std::string name = segment_file_name(i);
    const auto there = std::find_if(entries->begin(), entries->end(),
                                    [&](const Disk::Entry& entry) { return entry.name == name; });
    if (there == entries->end()) {
      log::error("queue_file_made_again", {{"file", name}});
      out.lost_places = true;
      if (Status ok = make_segment(disk, queue, i); !ok) return ok;
    } else if (there->bytes < queue.segment_bytes) {
      // What is still there may be records.
      log::error("queue_file_cut_short", {{"file", name}, {"bytes", there->bytes}});
      out.lost_places = true;
      if (Status ok = disk.lengthen(name, queue.segment_bytes); !ok) return ok;
    }
    Result<std::unique_ptr<DiskFile>> file = disk.open(name);
    if (!file) return fail(file.error());
    out.files.push_back(std::move(*file));
  }
  Result<std::unique_ptr<DiskFile>> first = open_acknowledgements(disk, *entries, 0);
  if (!first) return fail(first.error());
  Result<std::unique_ptr<DiskFile>> second = open_acknowledgements(disk, *entries, 1);
  if (!second) return fail(second.error());
  out.acknowledgements = std::make_unique<Acknowledgements>(std::move(*first), std::move(*second));
  return {};
}

// All records of this queue, those of newer epochs first.
std::vector<StoredRecord> scan_all(const Survey& queue, Recovered& out) {
  std::vector<const SegmentHeader*> by_age;
  for (const std::optional<SegmentHeader>& header : queue.headers) {
    if (header && header->epoch != 0) by_age.push_back(&*header);
  }
  std::sort(by_age.begin(), by_age.end(),
            [](const SegmentHeader* a, const SegmentHeader* b) { return a->epoch > b->epoch; });
  std::vector<StoredRecord> records;
  bool has_previous = false;
  for (std::size_t i = 0; i < by_age.size(); ++i) {
    const SegmentHeader& header = *by_age[i];
    out.index.segments()[header.index].epoch = header.epoch;
    Scanned scanned = scan(*out.files[header.index], header, i < segments_checked_wholly);
    if (i == 0) {
      out.newest_epoch = header.epoch;
      out.active = WritePosition{header.index, scanned.end, header};
    }
    if (!has_previous && scanned.last_hash) {
      out.previous = *scanned.last_hash;
      has_previous = true;
    }
    out.next_number = std::max(out.next_number, header.first_number);
    std::move(scanned.records.begin(), scanned.records.end(), std::back_inserter(records));
  }
  return records;
}

// Sorts out which numbers wait, which are settled and which are missing.
void account(std::vector<StoredRecord> records, bool acknowledgements_found, Recovered& out) {
  Settled& settled = out.index.settled;
  NumberSet found;
  NumberSet described;  // in gap records that are there
  std::uint64_t highest = 0;
  for (const StoredRecord& record : records) {
    found.add(record.number);
    highest = std::max(highest, record.number);
    for (const Gap& gap : record.gaps)
      described.add(gap.numbers);
  }
  out.next_number = std::max({out.next_number, highest + 1, settled.reserved_until});
  if (!acknowledgements_found) {
    // Delivered and lost numbers cannot be told apart any more, so neither is claimed; and a whole segment's
    // worth of numbers is left out, because that many may have been handed out since the highest one found.
    for (const NumberRange& range : found.missing({1, highest}))
      settled.numbers.add(range);
    out.next_number += out.segment_bytes / block_bytes;
  }
  settled.reserved_until = out.next_number;

  for (StoredRecord& record : records) {
    // A number that was given up can still be there where the write over it did not come through.
    const std::uint64_t number = record.number;
    if (settled.numbers.contains(number) || described.contains(number)) continue;
    if (out.index.find(number) != nullptr) continue;
    out.index.add(std::move(record));
  }
  NumberSet known = settled.numbers;
  for (const NumberSet* more : {&found, &described}) {
    for (const NumberRange& range : more->ranges(SIZE_MAX))
      known.add(range);
  }
  Gaps gaps;
  for (const NumberRange& range : known.missing({1, out.next_number - 1})) {
    // What lay in a file that was gone may have been records with numbers above all that are left.
    const bool damaged = range.first <= highest || out.lost_places;
    gaps.push_back({range, damaged ? GapReason::damaged : GapReason::interrupted});
    if (damaged) out.damaged += range.last - range.first + 1;
  }
  out.index.owe(gaps);
}

}  // namespace

Result<Recovered> recover(Disk& disk, const QueueOptions& options) {
  Result<Survey> queue = survey(disk, options);
  if (queue && !queue->formatted) queue = format(disk, options);
  if (!queue) return fail(queue.error());
  if (queue->segments != options.segments || queue->segment_bytes != options.segment_bytes) {
    // Making it anew would lose what is in it.
    log::warning("queue_keeps_its_size", {{"segments", queue->segments},
                                          {"segment_bytes", queue->segment_bytes},
                                          {"configured_segments", options.segments},
                                          {"configured_segment_bytes", options.segment_bytes}});
  }

  Recovered out;
  out.uuid = queue->uuid;
  out.segments = queue->segments;
  out.segment_bytes = queue->segment_bytes;
  out.index = QueueIndex(queue->segments);
  if (Status ok = open_files(disk, *queue, out); !ok) return fail(ok.error());
  Acknowledgements::Loaded loaded = out.acknowledgements->load(out.uuid);
  out.ignored_blocks = loaded.ignored;
  out.index.settled = std::move(loaded.settled);
  account(scan_all(*queue, out), loaded.found, out);
  log::info("queue_recovered", {{"waiting", out.index.waiting()},
                                {"missing", count_numbers(out.index.owed())},
                                {"next_number", out.next_number},
                                {"ignored_blocks", out.ignored_blocks}});
  return out;
}

}  // namespace wayside::flash
