#include "src/delivery/queue/recovery.hpp"

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

#include "src/delivery/queue/formatting.hpp"
#include "src/delivery/queue/segment_scan.hpp"

namespace wayside::flash {

namespace {

// Only what was written last can lack parts that were never synced: a log's newest segment, and those that a
// failed sync sent a group away from. These are checked to the last byte; of older records it suffices at
// start that they are listed, and read() checks the rest before anything is sent.
constexpr std::size_t segments_checked_wholly = 4;
// A queue without acknowledgement blocks skips so many numbers as a segment has room for; records are hardly
// ever smaller than this.
constexpr std::uint64_t smallest_record = 512;
// So many of the newest records are asked whose they are: one may have rotted since it was listed.
constexpr std::size_t heads_looked_at = 16;

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

Status open_files(Disk& disk, const QueueOptions& options, Survey& queue, Recovered& out) {
  const Result<std::vector<Disk::Entry>> entries = disk.list();
  if (!entries) return fail(entries.error());
  const auto readable = [](const std::optional<SegmentHeader>& header) { return header.has_value(); };
  out.lost_places = std::none_of(queue.headers.begin(), queue.headers.end(), readable);
  for (std::uint32_t i = 0; i < queue.segments; ++i) {
    const std::string name = segment_file_name(i);
    const auto there = std::find_if(entries->begin(), entries->end(),
                                    [&](const Disk::Entry& entry) { return entry.name == name; });
    if (there == entries->end()) {
      log::error("queue_file_made_again", {{"file", name}});
      out.lost_places = true;
      if (Status ok = make_segment(disk, options, queue, i); !ok) return ok;
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

struct FoundEntry {
  std::uint32_t segment = 0;
  Entry entry;
};
// Half a million of them in a full queue, so none takes more room than it must, and each can be let go alone.
using FoundEntries = std::deque<FoundEntry>;

// All records of this queue, those of newer epochs first, and the numbers of torn ones.
struct Found {
  FoundEntries records;
  std::map<std::size_t, Gaps> gaps;  // by the gap record's place in records
  std::vector<std::uint64_t> torn;
};

Found scan_all(const Survey& queue, Recovered& out) {
  std::vector<const SegmentHeader*> by_age;
  for (const std::optional<SegmentHeader>& header : queue.headers) {
    if (header && header->epoch != 0) by_age.push_back(&*header);
  }
  std::sort(by_age.begin(), by_age.end(),
            [](const SegmentHeader* a, const SegmentHeader* b) { return a->epoch > b->epoch; });
  Found found;
  std::array<std::size_t, 3> announced{};
  for (const SegmentHeader* header : by_age) {
    if (announced.at(static_cast<std::size_t>(header->log))++ < segments_checked_wholly)
      out.files[header->index]->will_read(0, header->segment_bytes);
  }
  std::array<std::size_t, 3> seen{};
  for (const SegmentHeader* header : by_age) {
    SegmentState& state = out.index.segments()[header->index];
    state.epoch = header->epoch;
    state.log = header->log;
    const auto log = static_cast<std::size_t>(header->log);
    const bool newest = seen.at(log)++ < segments_checked_wholly;
    const DiskFile& file = *out.files[header->index];
    std::optional<SegmentScan> scan = newest ? std::nullopt : read_contents(file, *header);
    if (!scan) scan = scan_segment(file, *header, newest);
    out.newest_epoch = std::max(out.newest_epoch, header->epoch);
    out.next_number = std::max(out.next_number, header->first_number);
    if (!out.active.at(log)) {
      WritePosition& active = out.active.at(log).emplace();
      active.header = *header;
      active.offset = rounded_up(scan->end, block_bytes);
      for (const FoundRecord& record : scan->records)
        active.entries.push_back(record.entry);
      state.active = true;
    }
    for (FoundRecord& record : scan->records) {
      if (!record.gaps.empty()) found.gaps.emplace(found.records.size(), std::move(record.gaps));
      found.records.push_back({header->index, record.entry});
    }
    found.torn.insert(found.torn.end(), scan->torn.begin(), scan->torn.end());
  }
  return found;
}

// Sorts out which numbers wait, which are settled and which are missing.
void account(Found found, bool acknowledgements_found, Recovered& out) {
  Settled& settled = out.index.settled;
  NumberSet present;
  NumberSet described;  // in gap records that are there
  std::uint64_t highest = settled.chain.number.value();
  for (const FoundEntry& record : found.records) {
    present.add(record.entry.number());
    highest = std::max(highest, record.entry.number());
  }
  for (const auto& [place, gaps] : found.gaps) {
    for (const Gap& gap : gaps)
      described.add(gap.numbers);
  }
  for (const std::uint64_t number : found.torn)
    highest = std::max(highest, number);
  out.next_number = std::max({out.next_number, highest + 1, settled.reserved_until});
  if (!acknowledgements_found) {
    // Delivered and lost numbers cannot be told apart any more, so neither is claimed; and a whole segment's
    // worth of numbers is left out, because that many may have been handed out since the highest one found.
    for (const NumberRange& range : present.missing({1, highest}))
      settled.numbers.add(range);
    out.next_number += out.segment_bytes / smallest_record;
  }
  settled.reserved_until = out.next_number;

  for (std::size_t place = 0; !found.records.empty(); ++place, found.records.pop_front()) {
    const FoundEntry& record = found.records.front();
    // A number that was given up is still there until something is written over it.
    const std::uint64_t number = record.entry.number();
    if (settled.numbers.contains(number) || described.contains(number)) continue;
    const auto gaps = found.gaps.find(place);
    out.index.add(
        {record.segment, record.entry, gaps == found.gaps.end() ? Gaps{} : std::move(gaps->second)});
  }
  for (SegmentState& segment : out.index.segments())
    segment.records.close();
  NumberSet known = settled.numbers;
  for (const NumberSet* more : {&present, &described}) {
    for (const NumberRange& range : more->ranges(SIZE_MAX))
      known.add(range);
  }
  Gaps gaps;
  const auto tell = [&](NumberRange range, GapReason reason) {
    if (range.first > range.last) return;
    gaps.push_back({range, reason});
    if (reason == GapReason::damaged) out.damaged += range.last - range.first + 1;
  };
  for (const NumberRange& range : known.missing({1, out.next_number - 1})) {
    // What lay in a file that was gone may have been records with numbers above all that are left.
    const std::uint64_t written = out.lost_places ? range.last : std::min(range.last, highest);
    tell({range.first, written}, GapReason::damaged);
    tell({std::max(range.first, written + 1), range.last}, GapReason::interrupted);
  }
  out.index.owe(gaps);
}

// The records behind the last day's book, of whatever is on the device.
UnbookedRecords unbooked(const FoundEntries& found, const Settled& settled) {
  std::uint64_t book = 0;
  std::uint64_t lowest = settled.chain.number.value() + 1;
  for (const FoundEntry& record : found) {
    lowest = std::min(lowest, record.entry.number());
    if (record.entry.type() == RecordType::coverage) book = std::max(book, record.entry.number());
  }
  UnbookedRecords out;
  out.first = SequenceNumber(book == 0 ? lowest : book + 1);
  out.chain = settled.chain;
  NumberSet counted;  // one that gave up its overview may stand beside the whole one
  for (const FoundEntry& record : found) {
    const Entry& entry = record.entry;
    const bool behind = entry.number() >= out.first.value() && entry.number() <= out.chain.number.value();
    if (!behind || counted.contains(entry.number())) continue;
    counted.add(entry.number());
    ++out.tally.by_class.at(static_cast<std::size_t>(entry.record_class()));
    ++out.tally.by_type.at(static_cast<std::size_t>(entry.type()));
  }
  const std::vector<DayMark>& days = settled.days.all();
  if (days.empty()) return out;
  out.day = days.back().day;
  out.day_open = days.back().number > book;
  return out;
}

// Where the chain goes on, and whose records these are.
Status look_at_newest(const std::vector<FoundEntry>& newest_first, const QueueOptions& options,
                      Recovered& out) {
  bool chained = false;
  for (const FoundEntry& record : newest_first) {
    Bytes frame(record.entry.bytes());
    if (!out.files[record.segment]->read(record.entry.offset(), frame)) continue;
    const Result<DecodedRecord> decoded = decode_record(frame);
    if (!decoded || decoded->header.number != record.entry.number()) continue;
    ChainHead& chain = out.index.settled.chain;
    if (!chained && record.entry.number() > chain.number.value())
      chain = {SequenceNumber(record.entry.number()), chain_hash(decoded->record.head)};
    chained = true;
    const Result<RecordHead> head = decode_head(decoded->record.head);
    if (!head) continue;
    if (head->device_id == options.sealer->device_id()) return {};
    return fail(ErrorCode::invalid_input,
                fmt::format("the queue in {} holds records of device {}, and this camera is device {}: "
                            "deliver them with their own identity first, or set another queue.directory",
                            options.directory.string(), head->device_id, options.sealer->device_id()));
  }
  return {};
}

std::vector<FoundEntry> newest_of(const FoundEntries& records) {
  std::vector<FoundEntry> newest(std::min(records.size(), heads_looked_at));
  std::partial_sort_copy(
      records.begin(), records.end(), newest.begin(), newest.end(),
      [](const FoundEntry& a, const FoundEntry& b) { return a.entry.number() > b.entry.number(); });
  return newest;
}

}  // namespace

Result<Recovered> recover(Disk& disk, const QueueOptions& options) {
  assert(options.sealer != nullptr);
  Result<Survey> queue = survey(disk, options);
  const bool made_over_something = queue && queue->was_something;
  if (queue && !queue->formatted) queue = format(disk, options, *queue);
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
  out.made_over_something = made_over_something;
  out.segments = queue->segments;
  out.segment_bytes = queue->segment_bytes;
  out.index = QueueIndex(queue->segments);
  if (Status ok = open_files(disk, options, *queue, out); !ok) return fail(ok.error());
  Acknowledgements::Loaded loaded = out.acknowledgements->load(out.uuid);
  out.ignored_blocks = loaded.ignored;
  out.index.settled = std::move(loaded.settled);
  Found found = scan_all(*queue, out);
  if (Status ours = look_at_newest(newest_of(found.records), options, out); !ours) return fail(ours.error());
  out.unbooked = unbooked(found.records, out.index.settled);
  account(std::move(found), loaded.found, out);
  log::info("queue_recovered", {{"waiting", out.index.waiting()},
                                {"missing", count_numbers(out.index.all_owed())},
                                {"next_number", out.next_number},
                                {"ignored_blocks", out.ignored_blocks}});
  return out;
}

}  // namespace wayside::flash
