#include "wayside/delivery/queue/record_queue.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include "wayside/base/log.hpp"

#include "src/delivery/queue/flash_queue.hpp"
#include "src/delivery/queue/recovery.hpp"

namespace wayside::flash {

namespace {

// Acknowledgements that may be lost in a power cut; each costs a resend of one record.
constexpr std::size_t lazy_acknowledgements = 64;
// Numbers set aside by one write of an acknowledgement block. More make fewer writes, and more numbers to
// skip (and to describe as such) after a power cut.
constexpr std::uint64_t numbers_reserved = 64;
// A gap record's list; the back office takes texts of at most 256 KiB (https_api.md).
constexpr std::uint64_t most_gap_list_bytes = 240 * 1024;
// What a gap record takes besides its list, at most.
constexpr std::uint64_t gap_fixed_bytes = 1024;
// Of records that are carried to another segment, written and synced together.
constexpr std::size_t carried_at_once = std::size_t{1} << 20U;
// A group whose sync failed is tried on so many segments.
constexpr int most_attempts = 3;
// Below the largest number a queue takes no more, so that nothing on the way to it is ever out of range.
constexpr std::uint64_t numbers_kept = 1U << 20U;

class FlashQueue : public RecordQueue {
 public:
  FlashQueue(std::unique_ptr<Disk> disk, Recovered recovered, const QueueOptions& options)
      : disk_(std::move(disk)),
        uuid_(recovered.uuid),
        segment_bytes_(recovered.segment_bytes),
        group_records_(std::max(options.group_records, 1U)),
        protected_segments_(quota(options, recovered.segments)),
        sealer_(*options.sealer),
        counters_(options.counters),
        files_(std::move(recovered.files)),
        acknowledgements_(std::move(recovered.acknowledgements)),
        index_(std::move(recovered.index)),
        next_number_(recovered.next_number),
        epoch_(recovered.newest_epoch),
        active_(std::move(recovered.active)),
        damaged_(recovered.damaged) {
    count("queue_numbers_damaged", damaged_);
    for (const Gap& gap : index_.all_owed()) {
      if (gap.reason == GapReason::interrupted) interrupted_ += gap.numbers.last - gap.numbers.first + 1;
    }
    count("queue_acknowledgement_blocks_ignored", recovered.ignored_blocks);
  }

  // A clean stop gives back the reserved numbers, so that none are skipped at the next start.
  ~FlashQueue() override {
    if (!numbers_used_ && !acknowledgements_dirty()) return;
    if (Status ok = persist(0); !ok) log::error("queue_acknowledgements_unwritten", {{"error", ok.error()}});
  }

  Result<std::vector<SequenceNumber>> append(std::span<const RecordParts> group) override {
    for (const RecordParts& parts : group) {
      if (parts.type == RecordType::gap)
        return fail(ErrorCode::invalid_input,
                    "gap records are the queue's own: hand in records of another type");
      const std::uint64_t sealed = sealer_.sealed_bytes(parts);
      if (sealed > segment_bytes_ || stored_bytes_of(sealed) > largest_record()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("a record of {} bytes does not fit a queue segment, which takes records of up to {}: "
                        "make its pictures smaller, or format the queue with larger segments",
                        sealed, largest_record() - frame_header_bytes - trailer_bytes));
      }
    }
    const std::lock_guard writing(writer_mutex_);
    std::vector<SequenceNumber> accepted;
    while (accepted.size() < group.size()) {
      const Result<std::size_t> taken = commit_with_retries(stretch(group.subspan(accepted.size())));
      if (!taken && accepted.empty()) return fail(taken.error());
      if (!taken) break;
      // A gap record took the first number, if there was one.
      const std::uint64_t first = next_number_ - *taken;
      for (std::size_t i = 0; i < *taken; ++i)
        accepted.emplace_back(first + i);
    }
    return accepted;
  }

  std::vector<WaitingRecord> waiting(Order order, std::optional<SequenceNumber> beyond, std::size_t count,
                                     std::optional<RecordClass> only) const override {
    const std::lock_guard lock(index_mutex_);
    return index_.waiting(order, beyond, count, only);
  }

  bool is_waiting(SequenceNumber number) const override { return find(number).has_value(); }

  Result<SealedRecord> read(SequenceNumber number) const override {
    // A record may lose its overview, and so move, while it is being read; and a read error may pass. Two in
    // a row from the same place do not.
    std::optional<StoredRecord> place = find(number);
    for (int failures = 0; place; ++failures) {
      Result<SealedRecord> record = read_at(*place);
      if (record) return record;
      const std::optional<StoredRecord> now = find(number);
      const bool moved = !now || now->segment != place->segment;
      if (!moved && failures >= 1) return give_up_damaged(number, record.error());
      if (moved) failures = -1;
      place = now;
    }
    return fail(not_waiting(number));
  }

  Status acknowledge(SequenceNumber number) override {
    bool enough = false;
    {
      const std::lock_guard lock(index_mutex_);
      if (!index_.find(number.value())) {
        if (index_.settled.numbers.contains(number.value())) return {};
        return fail(not_waiting(number));
      }
      index_.settle(number.value());
      enough = ++unwritten_ >= lazy_acknowledgements;
    }
    return enough ? persist(numbers_reserved) : Status{};
  }

  Status flush() override { return acknowledgements_dirty() ? persist(numbers_reserved) : Status{}; }

  Status mark_day(std::uint32_t day) override {
    const std::lock_guard writing(writer_mutex_);
    const std::lock_guard lock(index_mutex_);
    DayMarks& days = index_.settled.days;
    if (!days.mark(day, next_number_)) return {};
    days.forget_below(index_.oldest().value_or(next_number_));
    ++unwritten_;
    return {};
  }

  Result<std::uint64_t> expire(std::uint32_t day) override {
    const std::lock_guard writing(writer_mutex_);
    std::uint64_t expired = 0;
    {
      const std::lock_guard lock(index_mutex_);
      expired = index_.expire_below(index_.settled.days.before(day));
      unwritten_ += expired == 0 ? 0 : 1;  // the total is in the acknowledgement block
    }
    if (expired == 0) return 0;
    count("queue_records_expired", expired);
    log::warning("queue_expired", {{"records", expired}});
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      Status told = tell_gaps();
      if (told) return expired;
      if (attempt + 1 == most_attempts) return fail(told.error());
    }
    return expired;
  }

  QueueDepth depth() const override {
    const std::lock_guard lock(index_mutex_);
    QueueDepth out;
    out.unacknowledged = index_.waiting();
    out.evicted = index_.settled.evicted;
    out.expired = index_.settled.expired;
    out.damaged = damaged_;
    out.interrupted = interrupted_;
    out.failed_syncs = failed_syncs_;
    out.segments = static_cast<std::uint32_t>(index_.segments().size());
    out.segments_free = index_.free_segments();
    if (const std::optional<std::uint64_t> oldest = index_.oldest()) out.oldest = SequenceNumber(*oldest);
    return out;
  }

  QueueTally tally() const override {
    const std::lock_guard lock(index_mutex_);
    return tally_;
  }

  ChainHead chain() const override {
    const std::lock_guard lock(index_mutex_);
    return index_.settled.chain;
  }

  QueueUuid uuid() const override { return uuid_; }

 private:
  // What one write and one sync put on the device.
  struct Batch {
    Log log = Log::reads;
    Gaps gaps;  // told by the first of the records
    std::vector<FrameHeader> frames;
    std::vector<SealedRecord> records;
    ChainHead chain;  // after it
    [[nodiscard]] std::uint64_t stored_bytes(std::size_t count) const {
      std::uint64_t bytes = 0;
      for (std::size_t i = 0; i < count; ++i) {
        FrameHeader lengths = frames[i];
        bytes += lengths.stored_bytes();
      }
      return bytes;
    }
  };

  static std::uint32_t quota(const QueueOptions& options, std::uint32_t segments) {
    const std::uint32_t asked =
        options.protected_segments != 0 ? options.protected_segments : std::max(segments / 8, 2U);
    return std::min(asked, segments - 2);
  }

  // A gap record takes an eighth of a segment at most; what does not fit waits for the next one.
  [[nodiscard]] std::uint64_t gap_room() const {
    return std::min<std::uint64_t>(segment_bytes_ / 8, most_gap_list_bytes + block_bytes);
  }
  [[nodiscard]] std::size_t most_gaps() const { return (gap_room() - gap_fixed_bytes) / gap_bytes; }
  [[nodiscard]] std::uint64_t largest_record() const {
    return segment_bytes_ - segment_header_bytes - gap_room() - contents_bytes(2);
  }

  // The first records that stand in the same log, as many as one sync takes.
  [[nodiscard]] std::span<const RecordParts> stretch(std::span<const RecordParts> records) const {
    std::size_t count = 1;
    while (count < records.size() && count < group_records_ &&
           log_of(records[count].record_class) == log_of(records.front().record_class)) {
      ++count;
    }
    return records.first(count);
  }

  // Writes and syncs the first of these records. After a failure the same records go to another segment under
  // new numbers: whatever the first one holds by now, no number ever means two things.
  Result<std::size_t> commit_with_retries(std::span<const RecordParts> records) {
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

  // One attempt. io: the device refused, and the segment with it. Everything that moves the numbers on makes
  // what was sealed worthless, so it begins again then: a number is in the signed head.
  Result<std::size_t> commit(Log log, std::span<const RecordParts> records) {
    if (next_number_ > most_number - numbers_kept) {
      return fail(
          ErrorCode::exhausted,
          "the queue's numbers are used up, which no use of it ever does: somebody has changed its "
          "acknowledgement blocks. Copy the directory for those who look into it, and name an empty one");
    }
    for (;;) {
      Result<Batch> batch = sealed(log, records);
      if (!batch) return fail(batch.error());
      if (Status room = make_room(log, batch->stored_bytes(records.empty()       ? 1
                                                           : batch->gaps.empty() ? 1
                                                                                 : 2));
          !room) {
        return fail(room.error());
      }
      if (log == Log::reads && owes()) {
        // Gaps first, and only where nothing stands in the way of the records.
        if (Status told = tell_gaps(); !told) return fail(told.error());
        continue;
      }
      if (log == Log::guarded && owed() != batch->gaps) continue;
      return write(*batch);
    }
  }

  // Everything that is owed, in gap records. io: the device refused one.
  Status tell_gaps() {
    while (owes()) {
      if (Result<std::size_t> told = commit(Log::guarded, {}); !told) return fail(told.error());
    }
    return {};
  }

  [[nodiscard]] bool owes() const {
    const std::lock_guard lock(index_mutex_);
    return index_.owes();
  }
  [[nodiscard]] Gaps owed() const {
    const std::lock_guard lock(index_mutex_);
    return index_.owed(most_gaps());
  }

  Result<Batch> sealed(Log log, std::span<const RecordParts> records) const {
    Batch batch;
    batch.log = log;
    batch.chain = chain();
    std::uint64_t number = next_number_;
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
    const auto place = [&] { return RecordPlace{uuid_, SequenceNumber(number), batch.chain.hash}; };
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

  [[nodiscard]] std::optional<WritePosition>& active(Log log) {
    return active_[static_cast<std::size_t>(log)];
  }

  [[nodiscard]] bool fits(const WritePosition& at, std::size_t records, std::uint64_t bytes) const {
    return rounded_up(at.offset + bytes, block_bytes) + contents_bytes(at.entries.size() + records) <=
           segment_bytes_;
  }

  // Afterwards the log has a segment with room for so many bytes, or others were given up and their numbers
  // are owed: the reads begin a segment only once those are told.
  Status make_room(Log log, std::uint64_t bytes) {
    std::optional<WritePosition>& at = active(log);
    for (;;) {
      if (at && fits(*at, 2, bytes)) return {};
      if (at) leave(log);
      if (log == Log::guarded) break;
      const Result<bool> thinned = thin_oldest(bytes);
      if (!thinned) return fail(thinned.error());
      if (owes()) return {};
      if (!*thinned) break;
    }
    std::uint64_t evicted = 0;
    std::optional<std::uint32_t> chosen;
    {
      const std::lock_guard lock(index_mutex_);
      evicted = give_up_for(log);
      unwritten_ += evicted == 0 ? 0 : 1;  // the total is in the acknowledgement block
      chosen = index_.free_segment();
      if (chosen && (log == Log::guarded || !index_.owes())) begin(log, *chosen);
    }
    tell_evicted(evicted);
    if (chosen) return {};
    return fail(ErrorCode::exhausted, "every segment of the queue has failed: replace the device");
  }

  void tell_evicted(std::uint64_t records) const {
    if (records == 0) return;
    count("queue_records_evicted", records);
    log::warning("queue_evicted", {{"records", records}});
  }

  // Segments that stay free when the log takes one: one always, for what has to be told before anything is
  // overwritten, and from the reads what the protected log has not used yet of its own.
  [[nodiscard]] std::uint32_t kept_free(Log log) const {
    const std::uint32_t in_use = index_.used_by(Log::guarded);
    const bool owed_to_it = log == Log::reads && in_use < protected_segments_;
    return owed_to_it ? std::max(1U, protected_segments_ - in_use) : 1U;
  }

  // The reads need a segment and the oldest of theirs must go: its records are carried into the one that is
  // begun, without their overviews; those that have none any more are given up. True: something was done, so
  // look again. False: nothing has to go, or thinning does not help. io: the device refused.
  Result<bool> thin_oldest(std::uint64_t bytes) {
    if (bytes > segment_bytes_ / 4) return false;
    std::uint32_t victim = 0;
    std::uint32_t target = 0;
    std::vector<Entry> whole;
    std::uint64_t evicted = 0;
    {
      const std::lock_guard lock(index_mutex_);
      const std::optional<std::uint32_t> oldest = index_.oldest_of(Log::reads);
      const std::optional<std::uint32_t> free = index_.free_segment();
      if (index_.free_segments() > kept_free(Log::reads) || !oldest || !free ||
          index_.segments()[*free].untold) {
        return false;
      }
      victim = *oldest;
      target = *free;
      for (const Entry& entry : index_.segments()[victim].records.entries()) {
        if (!entry.gone() && entry.has_overview()) whole.push_back(entry);
      }
      if (whole.size() < index_.segments()[victim].records.size()) {
        evicted = index_.evict(victim, true);
        ++unwritten_;
      }
    }
    tell_evicted(evicted);
    if (evicted != 0) return true;
    if (!shrinks_to_half(victim, whole)) return false;
    {
      const std::lock_guard lock(index_mutex_);
      begin(Log::reads, target);
    }
    reserve(Log::reads, 0);
    Bytes frames;
    std::vector<StoredRecord> moved;
    for (const Entry& entry : whole) {
      const Result<DecodedRecord> found = decoded_at({victim, entry, {}});
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
      const std::lock_guard lock(index_mutex_);
      evicted = index_.evict(victim, false);
    }
    tell_evicted(evicted);
    return true;
  }

  [[nodiscard]] bool shrinks_to_half(std::uint32_t segment, const std::vector<Entry>& entries) const {
    std::uint64_t bytes = 0;
    Bytes start(frame_header_bytes);
    for (const Entry& entry : entries) {
      if (!files_[segment]->read(entry.offset(), start)) continue;
      Result<FrameHeader> header = decode_frame_header(start);
      if (!header) continue;
      header->parts.at(static_cast<std::size_t>(PartKind::overview)) = 0;
      bytes += header->stored_bytes();
    }
    return bytes <= segment_bytes_ / 2;
  }

  void carry(const DecodedRecord& found, Bytes& frames, std::vector<StoredRecord>& moved) {
    const WritePosition& at = *active(Log::reads);
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

  Status write_carried(Bytes& frames, std::vector<StoredRecord>& moved) {
    if (moved.empty()) return {};
    WritePosition& at = *active(Log::reads);
    const Result<std::uint64_t> end = put(at, frames);
    if (!end) {
      give_up_segment(Log::reads, 0, end.error());
      return fail(ErrorCode::io, end.error().message);
    }
    {
      const std::lock_guard lock(index_mutex_);
      at.fresh = false;
      at.offset = *end;
      for (const StoredRecord& record : moved) {
        at.entries.push_back(record.entry);
        index_.move(record);
      }
      index_.settled.overviews += moved.size();
      ++unwritten_;
    }
    count("queue_overviews_given_up", moved.size());
    log::warning("queue_overviews_given_up", {{"records", moved.size()}});
    frames.clear();
    moved.clear();
    return {};
  }

  // Frames to where the log writes, headers in front where the segment is fresh, and synced. Returns where
  // the next go.
  Result<std::uint64_t> put(const WritePosition& at, const Bytes& frames) {
    Bytes bytes;
    if (at.fresh) {
      bytes.resize(segment_header_bytes);
      encode(at.header, std::span(bytes).first(block_bytes));
      encode(at.header, std::span(bytes).subspan(block_bytes));
    }
    bytes.insert(bytes.end(), frames.begin(), frames.end());
    bytes.resize(rounded_up(bytes.size(), block_bytes));
    const std::uint64_t start = at.fresh ? 0 : at.offset;
    DiskFile& file = *files_[at.header.index];
    if (Status ok = file.write(start, bytes); !ok) return fail(ok.error());
    if (Status ok = file.sync(); !ok) return fail(ok.error());
    return start + bytes.size();
  }

  // A segment is about to be taken for the log: afterwards enough others are free, if there is any way.
  std::uint64_t give_up_for(Log log) {
    std::uint64_t evicted = 0;
    for (;;) {
      const std::uint32_t free = index_.free_segments();
      if (free > kept_free(log)) return evicted;
      std::optional<std::uint32_t> victim = index_.oldest_of(Log::reads);
      if (!victim && free <= 1) victim = index_.oldest_of(Log::guarded);
      if (!victim) return evicted;
      evicted += index_.evict(*victim, false);
    }
  }

  void begin(Log log, std::uint32_t segment) {
    SegmentState& state = index_.segments()[segment];
    WritePosition& at = active(log).emplace();
    at.fresh = true;
    at.reuses = state.epoch != 0;
    at.header.uuid = uuid_;
    at.header.log = log;
    at.header.index = segment;
    at.header.segments = static_cast<std::uint32_t>(files_.size());
    at.header.segment_bytes = segment_bytes_;
    at.header.epoch = ++epoch_;
    at.header.first_number = next_number_;
    randombytes_buf(&at.header.salt, sizeof at.header.salt);
    state.epoch = epoch_;
    state.log = log;
    state.active = true;
  }

  // The table of contents is a help: it is not synced, and does without where the device refuses it.
  void leave(Log log) {
    const WritePosition at = *std::exchange(active(log), std::nullopt);
    {
      const std::lock_guard lock(index_mutex_);
      SegmentState& state = index_.segments()[at.header.index];
      state.active = false;
      state.records.close();
    }
    if (at.fresh) return;
    const Bytes table = encode_contents(at.entries, at.header);
    if (Status ok = files_[at.header.index]->write(segment_bytes_ - table.size(), table); !ok)
      log::warning("queue_contents_unwritten", {{"segment", at.header.index}, {"error", ok.error()}});
  }

  // Writes and syncs as many of the batch's records as fit, in front the gap record; returns how many besides
  // that.
  Result<std::size_t> write(Batch& batch) {
    WritePosition& at = *active(batch.log);
    const std::size_t least = batch.gaps.empty() ? 0 : 1;
    std::size_t count = batch.records.size();
    while (count > least + 1 && !fits(at, count, batch.stored_bytes(count)))
      --count;
    reserve(batch.log, count);
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
    const Result<std::uint64_t> end = put(at, frames);
    if (!end) {
      give_up_segment(batch.log, count, end.error());
      return fail(ErrorCode::io, end.error().message);
    }
    publish(at, *end, std::move(stored), chain);
    return count - least;
  }

  void publish(WritePosition& at, std::uint64_t end, std::vector<StoredRecord> stored,
               const ChainHead& chain) {
    const std::lock_guard lock(index_mutex_);
    at.fresh = false;
    at.offset = end;
    index_.settled.chain = chain;
    next_number_ += stored.size();
    for (StoredRecord& record : stored) {
      ++tally_.by_class.at(static_cast<std::size_t>(record.entry.record_class()));
      ++tally_.by_type.at(static_cast<std::size_t>(record.entry.type()));
      at.entries.push_back(record.entry);
      if (!record.gaps.empty()) index_.told(record.gaps);
      index_.add(std::move(record));
    }
  }

  void give_up_segment(Log log, std::uint64_t numbers, const Error& error) {
    const std::uint32_t segment = active(log)->header.index;
    {
      const std::lock_guard lock(index_mutex_);
      SegmentState& state = index_.segments()[segment];
      state.failed = true;
      state.active = false;
      if (numbers != 0) index_.owe({{{next_number_, next_number_ + numbers - 1}, GapReason::interrupted}});
      interrupted_ += numbers;
      next_number_ += numbers;
      active(log).reset();
      ++failed_syncs_;
    }
    count("queue_syncs_failed", 1);
    log::error("queue_sync_failed", {{"segment", segment}, {"error", error}});
  }

  // Before numbers are used, and before delivered records are overwritten, the device must know of it: a
  // number is never handed out twice, and a delivered record never taken for a lost one. A camera whose
  // acknowledgement blocks fail goes on recording all the same.
  void reserve(Log log, std::uint64_t numbers) {
    numbers_used_ = true;
    const WritePosition& at = *active(log);
    const std::uint64_t end = next_number_ + numbers;
    bool needed = false;
    {
      // Waits for a block that is on its way: it may hold what must be on the device first.
      const std::lock_guard writing(acknowledgement_mutex_);
      const std::lock_guard lock(index_mutex_);
      needed = end > index_.settled.reserved_until || (at.fresh && at.reuses && unwritten_ != 0);
    }
    if (!needed) return;
    if (Status ok = persist(numbers + numbers_reserved); !ok) {
      log::error("queue_acknowledgements_unwritten", {{"error", ok.error()}});
    }
  }

  [[nodiscard]] bool acknowledgements_dirty() const {
    const std::lock_guard lock(index_mutex_);
    return unwritten_ != 0;
  }

  Status persist(std::uint64_t reserve_numbers) {
    const std::lock_guard writing(acknowledgement_mutex_);
    Settled settled;
    std::size_t written = 0;
    {
      const std::lock_guard lock(index_mutex_);
      settled = index_.settled;
      settled.reserved_until = next_number_ + reserve_numbers;
      // Only a clean stop gives numbers back; a batch may be on its way with those reserved earlier.
      if (reserve_numbers != 0)
        settled.reserved_until = std::max(settled.reserved_until, index_.settled.reserved_until);
      written = std::exchange(unwritten_, 0);
    }
    Status ok = acknowledgements_->store(uuid_, settled);
    const std::lock_guard lock(index_mutex_);
    if (ok) {
      index_.settled.reserved_until = settled.reserved_until;
    } else {
      unwritten_ += written;
      ++failed_syncs_;
      count("queue_syncs_failed", 1);
    }
    return ok;
  }

  [[nodiscard]] std::optional<StoredRecord> find(SequenceNumber number) const {
    const std::lock_guard lock(index_mutex_);
    return index_.find(number.value());
  }

  [[nodiscard]] Result<SealedRecord> read_at(const StoredRecord& place) const {
    Result<DecodedRecord> found = decoded_at(place);
    if (!found) return fail(found.error());
    return std::move(found->record);
  }

  [[nodiscard]] Result<DecodedRecord> decoded_at(const StoredRecord& place) const {
    Bytes bytes(place.entry.bytes());
    if (Status ok = files_[place.segment]->read(place.entry.offset(), bytes); !ok) return fail(ok.error());
    Result<DecodedRecord> record = decode_record(bytes);
    if (!record) return fail(record.error());
    if (record->header.number != place.entry.number())
      return fail(ErrorCode::corrupt, "another record stands in its place");
    return record;
  }

  [[nodiscard]] tl::unexpected<Error> give_up_damaged(SequenceNumber number, const Error& error) const {
    {
      const std::lock_guard lock(index_mutex_);
      // Given up and overwritten while it was being read: nothing is damaged.
      if (!index_.find(number.value())) return fail(not_waiting(number));
      index_.lose(number.value());
      ++damaged_;
    }
    count("queue_numbers_damaged", 1);
    log::error("queue_record_damaged", {{"number", number.value()}, {"error", error}});
    return fail(ErrorCode::corrupt, fmt::format("record {} is unreadable on the device and was given up: {}",
                                                number.value(), error.message));
  }

  static Error not_waiting(SequenceNumber number) {
    return Error{
        ErrorCode::not_found,
        fmt::format("record {} does not wait any more: it was delivered or given up", number.value())};
  }

  void count(std::string_view name, std::uint64_t n) const {
    if (counters_ != nullptr) counters_->counter(name).add(n);
  }

  const std::unique_ptr<Disk> disk_;  // holds the directory's lock
  const QueueUuid uuid_;
  const std::uint32_t segment_bytes_;
  const std::uint32_t group_records_;
  const std::uint32_t protected_segments_;
  RecordSealer& sealer_;
  CounterSet* const counters_;
  const std::vector<std::unique_ptr<DiskFile>> files_;

  // Taken in this order: writer, acknowledgement, index. Only the index lock guards what readers need, and it
  // is never held across a disk access.
  std::mutex writer_mutex_;
  std::mutex acknowledgement_mutex_;
  mutable std::mutex index_mutex_;
  const std::unique_ptr<Acknowledgements> acknowledgements_;  // acknowledgement_mutex_
  mutable QueueIndex index_;   // index_mutex_, like all below; those that only append() changes it may read
  std::size_t unwritten_ = 0;  // changes of what is settled since the last block
  std::uint64_t next_number_;
  std::uint64_t epoch_;
  std::array<std::optional<WritePosition>, 3> active_;  // by Log; the writer's own
  mutable std::uint64_t damaged_;
  std::uint64_t interrupted_ = 0;
  std::uint64_t failed_syncs_ = 0;
  QueueTally tally_;
  bool numbers_used_ = false;  // the writer's own
};

}  // namespace

Result<std::unique_ptr<RecordQueue>> open_queue(std::unique_ptr<Disk> disk, const QueueOptions& options) {
  if (sodium_init() < 0)
    return fail(ErrorCode::io, "libsodium cannot start, so there is no randomness to be had");
  Result<Recovered> recovered = recover(*disk, options);
  if (!recovered) return fail(recovered.error());
  return std::make_unique<FlashQueue>(std::move(disk), std::move(*recovered), options);
}

}  // namespace wayside::flash

namespace wayside {

Result<std::unique_ptr<RecordQueue>> open_record_queue(const QueueOptions& options) {
  Result<std::unique_ptr<flash::Disk>> disk = flash::open_posix_disk(options.directory);
  if (!disk) return fail(disk.error());
  return flash::open_queue(std::move(*disk), options);
}

}  // namespace wayside
