#include "src/delivery/queue/group_commit.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace wayside::flash {

namespace {

// A gap record's list; the back office takes texts of at most 256 KiB (https_api.md).
constexpr std::uint64_t most_gap_list_bytes = 240 * 1024;
// What a gap record takes besides its list, at most.
constexpr std::uint64_t gap_fixed_bytes = 1024;
// A group whose sync failed is tried on so many segments.
constexpr int most_attempts = 3;

}  // namespace

// What one write and one sync put on the device.
struct GroupCommit::Batch {
  Log log = Log::reads;
  Gaps gaps;  // told by the first of the records
  std::vector<FrameHeader> frames;
  std::vector<SealedRecord> records;
  ChainHead chain;  // after it
  [[nodiscard]] std::uint64_t stored_bytes(std::size_t count) const {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i)
      bytes += frames[i].stored_bytes();
    return bytes;
  }
};

GroupCommit::GroupCommit(QueueState& state, LogWriter& writer, Settlement& settlement, Room& room,
                         RecordSealer& sealer, std::uint32_t group_records)
    : state_(state),
      writer_(writer),
      settlement_(settlement),
      room_(room),
      sealer_(sealer),
      group_records_(std::max(group_records, 1U)) {}

Status GroupCommit::check(const RecordParts& parts) const {
  if (parts.type == RecordType::gap)
    return fail(ErrorCode::invalid_input, "gap records are the queue's own: hand in records of another type");
  const std::uint64_t sealed = sealer_.sealed_bytes(parts);
  if (sealed <= state_.segment_bytes && stored_bytes_of(sealed) <= largest_record()) return {};
  return fail(
      ErrorCode::invalid_input,
      fmt::format("a record of {} bytes does not fit a queue segment, which takes records of up to {}: "
                  "make its pictures smaller, or format the queue with larger segments",
                  sealed, largest_record() - frame_header_bytes - trailer_bytes));
}

// After a failure the same records go to another segment under new numbers: whatever the first one holds by
// now, no number ever means two things.
Result<std::size_t> GroupCommit::commit_first(std::span<const RecordParts> records) {
  records = stretch(records);
  const Log log = log_of(records.front().record_class);
  for (int attempt = 1;; ++attempt) {
    Result<std::size_t> taken = commit(log, records);
    if (taken || taken.error().code != ErrorCode::io) return taken;
    if (attempt == most_attempts) {
      return fail(taken.error().context(
          "the group was refused by several segments in turn, so the device is failing: replace it"));
    }
  }
}

Status GroupCommit::tell_gaps_with_retries() {
  for (int attempt = 1;; ++attempt) {
    Status told = tell_gaps();
    if (told || attempt == most_attempts) return told;
  }
}

// A gap record takes an eighth of a segment at most; what does not fit waits for the next one.
std::uint64_t GroupCommit::gap_room() const {
  return std::min<std::uint64_t>(state_.segment_bytes / 8, most_gap_list_bytes + block_bytes);
}

std::size_t GroupCommit::most_gaps() const {
  return (gap_room() - gap_fixed_bytes) / gap_bytes;
}

std::uint64_t GroupCommit::largest_record() const {
  return state_.segment_bytes - segment_header_bytes - gap_room() - contents_bytes(2);
}

// The first records that stand in the same log, as many as one sync takes.
std::span<const RecordParts> GroupCommit::stretch(std::span<const RecordParts> records) const {
  std::size_t count = 1;
  while (count < records.size() && count < group_records_ &&
         log_of(records[count].record_class) == log_of(records.front().record_class)) {
    ++count;
  }
  return records.first(count);
}

Gaps GroupCommit::owed() const {
  const std::lock_guard lock(state_.index_mutex);
  return state_.index.owed(most_gaps());
}

// io: the device refused one.
Status GroupCommit::tell_gaps() {
  while (state_.owes()) {
    if (Result<std::size_t> told = commit(Log::guarded, {}); !told) return fail(told.error());
  }
  return {};
}

// One attempt. io: the device refused, and the segment with it. Everything that moves the numbers on makes
// what was sealed worthless, so it begins again then: a number is in the signed head.
Result<std::size_t> GroupCommit::commit(Log log, std::span<const RecordParts> records) {
  // A segment begun with a larger epoch would not be read again.
  if (state_.next_number > last_number_used || state_.epoch > last_number_used) {
    return fail(ErrorCode::exhausted,
                "the queue's numbers are used up, which no use of it ever does: somebody has changed its "
                "files. Copy the directory for those who look into it, and name an empty one");
  }
  for (;;) {
    Result<Batch> batch = sealed(log, records);
    if (!batch) return fail(batch.error());
    const std::size_t least = records.empty() || batch->gaps.empty() ? 1 : 2;
    if (Status room = room_.make(log, batch->stored_bytes(least)); !room) return fail(room.error());
    if (log == Log::reads && state_.owes()) {
      // Gaps first, and only where nothing stands in the way of the records.
      if (Status told = tell_gaps(); !told) return fail(told.error());
      continue;
    }
    if (log == Log::guarded && owed() != batch->gaps) continue;
    return write(*batch);
  }
}

Result<GroupCommit::Batch> GroupCommit::sealed(Log log, std::span<const RecordParts> records) const {
  Batch batch;
  batch.log = log;
  {
    const std::lock_guard lock(state_.index_mutex);
    batch.chain = state_.index.settled.chain;
  }
  std::uint64_t number = state_.next_number;
  const auto add = [&](RecordType type, RecordClass record_class, SealedRecord record) {
    FrameHeader frame;
    frame.type = type;
    frame.record_class = record_class;
    frame.number = number;
    frame.head = static_cast<std::uint32_t>(record.head.size());
    for (const SealedPart& part : record.parts)
      frame.parts.at(static_cast<std::size_t>(part.kind)) = static_cast<std::uint32_t>(part.bytes.size());
    batch.chain = {SequenceNumber(number), chain_hash(record.head)};
    ++number;
    batch.frames.push_back(frame);
    batch.records.push_back(std::move(record));
  };
  const auto place = [&] { return RecordPlace{state_.uuid, SequenceNumber(number), batch.chain.hash}; };
  if (log == Log::guarded) batch.gaps = owed();
  if (!batch.gaps.empty())
    add(RecordType::gap, RecordClass::ledger, sealer_.sign_gaps(place(), encode(batch.gaps)));
  std::size_t done = 0;
  for (const RecordParts& parts : records) {
    Result<SealedRecord> record = sealer_.seal(place(), parts);
    if (!record && done == 0) return fail(record.error());
    if (!record) break;
    add(parts.type, parts.record_class, std::move(*record));
    ++done;
  }
  return batch;
}

// Writes and syncs as many of the batch's records as fit, in front the gap record; returns how many besides
// that.
Result<std::size_t> GroupCommit::write(Batch& batch) {
  WritePosition& at = *writer_.active(batch.log);
  const std::size_t least = batch.gaps.empty() ? 0 : 1;
  std::size_t count = batch.records.size();
  while (count > least + 1 && !writer_.fits(at, count, batch.stored_bytes(count)))
    --count;
  settlement_.reserve(at, count);
  Bytes frames;
  std::vector<StoredRecord> stored;
  for (std::size_t i = 0; i < count; ++i) {
    FrameHeader& frame = batch.frames[i];
    frame.epoch = at.header.epoch;
    frame.salt = at.header.salt;
    const std::uint64_t offset = at.offset + frames.size();
    encode(frame, batch.records[i], frames);
    stored.push_back({at.header.index,
                      Entry(frame.number, offset, frame.stored_bytes(), frame.type, frame.record_class,
                            frame.has_overview()),
                      i == 0 ? batch.gaps : Gaps{}});
  }
  const ChainHead chain{SequenceNumber(batch.frames[count - 1].number),
                        chain_hash(batch.records[count - 1].head)};
  const Result<std::uint64_t> end = writer_.put(at, frames);
  if (!end) {
    writer_.give_up_segment(batch.log, count, end.error());
    return fail(ErrorCode::io, end.error().message);
  }
  publish(at, *end, std::move(stored), chain);
  return count - least;
}

void GroupCommit::publish(WritePosition& at, std::uint64_t end, std::vector<StoredRecord> stored,
                          const ChainHead& chain) {
  const std::lock_guard lock(state_.index_mutex);
  at.fresh = false;
  at.offset = end;
  state_.index.settled.chain = chain;
  state_.next_number += stored.size();
  for (StoredRecord& record : stored) {
    ++state_.tally.by_class.at(static_cast<std::size_t>(record.entry.record_class()));
    ++state_.tally.by_type.at(static_cast<std::size_t>(record.entry.type()));
    at.entries.push_back(record.entry);
    if (!record.gaps.empty()) state_.index.told(record.gaps);
    state_.index.add(std::move(record));
  }
}

}  // namespace wayside::flash
