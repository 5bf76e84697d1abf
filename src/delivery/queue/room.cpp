#include "src/delivery/queue/room.hpp"

#include <algorithm>
#include <optional>

#include "wayside/base/log.hpp"

namespace wayside::flash {

namespace {

// Of records that are carried to another segment, written and synced together.
constexpr std::size_t carried_at_once = std::size_t{1} << 20U;

}  // namespace

Room::Room(QueueState& state, LogWriter& writer, Settlement& settlement, const RecordReader& reader,
           std::uint32_t protected_segments)
    : state_(state),
      writer_(writer),
      settlement_(settlement),
      reader_(reader),
      protected_segments_(protected_segments) {}

Status Room::make(Log log, std::uint64_t bytes) {
  std::optional<WritePosition>& at = writer_.active(log);
  for (;;) {
    if (at && writer_.fits(*at, 2, bytes)) return {};
    if (at) writer_.leave(log);
    if (log == Log::guarded) break;
    const Result<bool> thinned = thin_oldest(bytes);
    if (!thinned) return fail(thinned.error());
    if (state_.owes()) return {};
    if (!*thinned) break;
  }
  std::uint64_t evicted = 0;
  std::optional<std::uint32_t> chosen;
  {
    const std::lock_guard lock(state_.index_mutex);
    evicted = give_up_for(log);
    state_.unwritten += evicted == 0 ? 0 : 1;  // the total is in the acknowledgement block
    chosen = state_.index.free_segment();
    if (chosen && (log == Log::guarded || !state_.index.owes())) writer_.begin(log, *chosen);
  }
  tell_evicted(evicted);
  if (chosen) return {};
  return fail(ErrorCode::exhausted, "every segment of the queue has failed: replace the device");
}

// Segments that stay free when the log takes one: one always, for what has to be told before anything is
// overwritten, and from the reads what the protected log has not used yet of its own.
std::uint32_t Room::kept_free(Log log) const {
  const std::uint32_t in_use = state_.index.used_by(Log::guarded);
  const bool owed_to_it = log == Log::reads && in_use < protected_segments_;
  return owed_to_it ? std::max(1U, protected_segments_ - in_use) : 1U;
}

// A segment is about to be taken for the log: afterwards enough others are free, if there is any way.
std::uint64_t Room::give_up_for(Log log) {
  QueueIndex& index = state_.index;
  std::uint64_t evicted = 0;
  for (;;) {
    const std::uint32_t free = index.free_segments();
    if (free > kept_free(log)) return evicted;
    std::optional<std::uint32_t> victim = index.oldest_of(Log::reads);
    if (!victim && free <= 1) victim = index.oldest_of(Log::guarded);
    if (!victim) return evicted;
    evicted += index.evict(*victim, false);
  }
}

// The reads need a segment and the oldest of theirs must go: its records are carried into the one that is
// begun, without their overviews; those that have none any more are given up. True: something was done, so
// look again. False: nothing has to go, or thinning does not help. io: the device refused.
Result<bool> Room::thin_oldest(std::uint64_t bytes) {
  if (bytes > state_.segment_bytes / 4) return false;
  std::uint32_t victim = 0;
  std::uint32_t target = 0;
  std::vector<Entry> whole;
  std::uint64_t evicted = 0;
  {
    const std::lock_guard lock(state_.index_mutex);
    QueueIndex& index = state_.index;
    const std::optional<std::uint32_t> oldest = index.oldest_of(Log::reads);
    const std::optional<std::uint32_t> free = index.free_segment();
    if (index.free_segments() > kept_free(Log::reads) || !oldest || !free || index.segments()[*free].untold)
      return false;
    victim = *oldest;
    target = *free;
    for (const Entry& entry : index.segments()[victim].records.entries()) {
      if (!entry.gone() && entry.has_overview()) whole.push_back(entry);
    }
    if (whole.size() < index.segments()[victim].records.size()) {
      evicted = index.evict(victim, true);
      ++state_.unwritten;
    }
  }
  tell_evicted(evicted);
  if (evicted != 0) return true;
  if (!shrinks_to_half(victim, whole)) return false;
  {
    const std::lock_guard lock(state_.index_mutex);
    writer_.begin(Log::reads, target);
  }
  settlement_.reserve(*writer_.active(Log::reads), 0);
  Bytes frames;
  std::vector<StoredRecord> moved;
  for (const Entry& entry : whole) {
    const Result<DecodedRecord> found = reader_.decoded_at({victim, entry, {}});
    if (!found) {
      // Said as damaged where it is read to be sent, or given up with the segment.
      log::warning("queue_record_not_carried", {{"number", entry.number()}, {"error", found.error()}});
      continue;
    }
    carry(*found, frames, moved);
    if (frames.size() < carried_at_once) continue;
    if (Status ok = write_carried(frames, moved); !ok) return fail(ok.error());
  }
  if (Status ok = write_carried(frames, moved); !ok) return fail(ok.error());
  {
    // What could not be carried.
    const std::lock_guard lock(state_.index_mutex);
    evicted = state_.index.evict(victim, false);
  }
  tell_evicted(evicted);
  return true;
}

bool Room::shrinks_to_half(std::uint32_t segment, const std::vector<Entry>& entries) const {
  std::uint64_t bytes = 0;
  Bytes start(frame_header_bytes);
  for (const Entry& entry : entries) {
    if (!state_.files[segment]->read(entry.offset(), start)) continue;
    Result<FrameHeader> header = decode_frame_header(start);
    if (!header) continue;
    header->parts.at(static_cast<std::size_t>(PartKind::overview)) = 0;
    bytes += header->stored_bytes();
  }
  return bytes <= state_.segment_bytes / 2;
}

void Room::carry(const DecodedRecord& found, Bytes& frames, std::vector<StoredRecord>& moved) {
  const WritePosition& at = *writer_.active(Log::reads);
  SealedRecord record = found.record;
  std::erase_if(record.parts, [](const SealedPart& part) { return part.kind == PartKind::overview; });
  FrameHeader frame = found.header;
  frame.epoch = at.header.epoch;
  frame.salt = at.header.salt;
  const std::uint64_t offset = at.offset + frames.size();
  encode(frame, record, frames);
  moved.push_back({at.header.index,
                   Entry(frame.number, offset, frame.stored_bytes(), frame.type, frame.record_class, false),
                   {}});
}

Status Room::write_carried(Bytes& frames, std::vector<StoredRecord>& moved) {
  if (moved.empty()) return {};
  WritePosition& at = *writer_.active(Log::reads);
  const Result<std::uint64_t> end = writer_.put(at, frames);
  if (!end) {
    writer_.give_up_segment(Log::reads, 0, end.error());
    return fail(ErrorCode::io, end.error().message);
  }
  {
    const std::lock_guard lock(state_.index_mutex);
    at.fresh = false;
    at.offset = *end;
    for (const StoredRecord& record : moved) {
      at.entries.push_back(record.entry);
      state_.index.move(record);
    }
    state_.index.settled.overviews += moved.size();
    ++state_.unwritten;
  }
  state_.count("queue_overviews_given_up", moved.size());
  log::warning("queue_overviews_given_up", {{"records", moved.size()}});
  frames.clear();
  moved.clear();
  return {};
}

void Room::tell_evicted(std::uint64_t records) const {
  if (records == 0) return;
  state_.count("queue_records_evicted", records);
  log::warning("queue_evicted", {{"records", records}});
}

}  // namespace wayside::flash
