#include "wayside/delivery/queue/record_queue.hpp"

#include <algorithm>
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
// What a gap record takes besides its entries: the document's frame, the record's header and trailer.
constexpr std::size_t gap_document_bytes = 64;
constexpr std::size_t gap_fixed_bytes = 512;
// A receiver takes documents of at most 64 KiB (https_api.md), and a gap is at most 130 bytes of JSON.
constexpr std::size_t most_gaps_a_document = 65'000 / 130;
// A group whose sync failed is tried on so many segments.
constexpr int most_attempts = 3;

class FlashQueue : public RecordQueue {
 public:
  FlashQueue(std::unique_ptr<Disk> disk, Recovered recovered, const QueueOptions& options)
      : disk_(std::move(disk)),
        uuid_(recovered.uuid),
        segment_bytes_(recovered.segment_bytes),
        group_records_(std::max(options.group_records, 1U)),
        counters_(options.counters),
        files_(std::move(recovered.files)),
        acknowledgements_(std::move(recovered.acknowledgements)),
        index_(std::move(recovered.index)),
        next_number_(recovered.next_number),
        epoch_(recovered.newest_epoch),
        active_(recovered.active),
        previous_(recovered.previous),
        damaged_(recovered.damaged) {
    count("queue_numbers_damaged", damaged_);
    count("queue_acknowledgement_blocks_ignored", recovered.ignored_blocks);
  }

  // A clean stop gives back the reserved numbers, so that none are skipped at the next start.
  ~FlashQueue() override {
    if (!numbers_used_ && !acknowledgements_dirty()) return;
    if (Status ok = persist(0); !ok) log::error("queue_acknowledgements_unwritten", {{"error", ok.error()}});
  }

  Result<std::vector<SequenceNumber>> append(std::span<const RecordParts> group) override {
    for (const RecordParts& parts : group) {
      if (parts.record_class == RecordClass::gap) {
        return fail(ErrorCode::invalid_input,
                    "gap records are the queue's own: hand in ordinary records or hits");
      }
      const std::size_t payload = parts.document.size() + parts.plate.size() + parts.overview.size();
      if (payload > segment_bytes_ || sized(parts, 0).stored_bytes() > largest_record()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("a record of {} bytes does not fit a queue segment, which takes records of up to {}: "
                        "make its pictures smaller, or format the queue with larger segments",
                        payload, largest_record() - block_bytes));
      }
    }
    const std::lock_guard writing(writer_mutex_);
    std::vector<SequenceNumber> accepted;
    while (accepted.size() < group.size()) {
      const auto rest = group.subspan(accepted.size());
      const Result<std::size_t> taken =
          commit(rest.first(std::min<std::size_t>(rest.size(), group_records_)));
      if (!taken && accepted.empty()) return fail(taken.error());
      if (!taken) break;
      // Gap records took the first numbers, if there were any.
      const std::uint64_t first = next_number_ - *taken;
      for (std::size_t i = 0; i < *taken; ++i)
        accepted.emplace_back(first + i);
    }
    return accepted;
  }

  std::vector<SequenceNumber> pending(std::optional<SequenceNumber> after, std::size_t count) const override {
    const std::lock_guard lock(index_mutex_);
    return index_.pending(after ? after->value() : 0, count);
  }

  Result<RecordParts> read(SequenceNumber number) const override {
    const std::optional<StoredRecord> place = find(number);
    if (!place) return fail(not_waiting(number));
    // A read error may pass; two in a row do not.
    Result<RecordParts> parts = read_at(*place);
    if (!parts) parts = read_at(*place);
    if (parts) return parts;
    {
      const std::lock_guard lock(index_mutex_);
      // Evicted and overwritten while it was being read: nothing is damaged.
      if (index_.find(number.value()) == nullptr) return fail(not_waiting(number));
      index_.lose(number.value());
      ++damaged_;
    }
    count("queue_numbers_damaged", 1);
    log::error("queue_record_damaged", {{"number", number.value()}, {"error", parts.error()}});
    return fail(ErrorCode::corrupt, fmt::format("record {} is unreadable on the device and was given up: {}",
                                                number.value(), parts.error().message));
  }

  Status acknowledge(SequenceNumber number) override {
    bool enough = false;
    {
      const std::lock_guard lock(index_mutex_);
      if (index_.find(number.value()) == nullptr) {
        if (index_.settled.numbers.contains(number.value())) return {};
        return fail(not_waiting(number));
      }
      index_.settle(number.value());
      enough = ++unwritten_ >= lazy_acknowledgements;
    }
    return enough ? persist(numbers_reserved) : Status{};
  }

  Status flush() override { return acknowledgements_dirty() ? persist(numbers_reserved) : Status{}; }

  QueueDepth depth() const override {
    const std::lock_guard lock(index_mutex_);
    QueueDepth out;
    out.unacknowledged = index_.waiting();
    out.evicted = index_.settled.evicted;
    out.damaged = damaged_;
    out.failed_syncs = failed_syncs_;
    out.segments = static_cast<std::uint32_t>(index_.segments().size());
    for (std::uint32_t i = 0; i < out.segments; ++i) {
      const SegmentState& segment = index_.segments()[i];
      const bool is_active = active_ && active_->segment == i;
      if (!is_active && !segment.failed && segment.waiting == 0) ++out.segments_free;
    }
    return out;
  }

  std::string uuid() const override { return to_hex(uuid_); }

 private:
  // What one write and one sync put on the device.
  struct Batch {
    WritePosition at;
    bool opens_segment = false;  // the segment's header goes in front
    bool reuses = false;         // and older records stood there
    Gaps gaps;
    std::size_t records = 0;
    std::uint64_t evicted = 0;  // records given up to make room for it
    [[nodiscard]] std::size_t numbers() const { return records + (gaps.empty() ? 0 : 1); }
  };

  // A gap record takes an eighth of a segment at most; what does not fit waits for the next one.
  [[nodiscard]] std::uint64_t gap_room() const { return segment_bytes_ / 8 / block_bytes * block_bytes; }
  [[nodiscard]] std::size_t most_gaps() const {
    return std::min<std::size_t>((gap_room() - gap_fixed_bytes) / gap_entry_bytes, most_gaps_a_document);
  }
  [[nodiscard]] std::uint64_t largest_record() const {
    return segment_bytes_ - segment_header_bytes - gap_room();
  }

  // Writes and syncs the first records that fit one segment together. After a failure the same records go to
  // another segment under new numbers: whatever the first one holds by now, no number ever means two things.
  Result<std::size_t> commit(std::span<const RecordParts> records) {
    Error last{ErrorCode::io, "nothing was tried"};
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      Result<Batch> batch = plan(records);
      if (!batch) return fail(batch.error());
      if (batch->evicted != 0) {
        count("queue_records_evicted", batch->evicted);
        log::warning("queue_evicted", {{"segment", batch->at.segment}, {"records", batch->evicted}});
      }
      reserve(*batch);
      std::vector<StoredRecord> stored;
      Sha256 previous = previous_;
      const Bytes bytes = encode_batch(*batch, records, stored, previous);
      DiskFile& file = *files_[batch->at.segment];
      Status written = file.write(batch->opens_segment ? 0 : batch->at.offset, bytes);
      if (written) written = file.sync();
      if (written) {
        publish(*batch, std::move(stored), previous);
        return batch->records;
      }
      give_up_segment(*batch, written.error());
      last = written.error();
    }
    return fail(last.context(
        "the group was refused by several segments in turn, so the device is failing: replace it"));
  }

  // Decides where the next batch goes and what is in it; evicts when nothing is free.
  Result<Batch> plan(std::span<const RecordParts> records) {
    const std::lock_guard lock(index_mutex_);
    Batch batch;
    const auto gap_bytes = [&] {
      const std::size_t entries = std::min(index_.owed().size(), most_gaps());
      return entries == 0
                 ? 0
                 : sized(RecordParts{}, gap_document_bytes + entries * gap_entry_bytes).stored_bytes();
    };
    const std::uint64_t first_needs = gap_bytes() + sized(records.front(), 0).stored_bytes();
    if (active_ && active_->offset + first_needs <= segment_bytes_) {
      batch.at = *active_;
    } else {
      active_.reset();
      std::optional<std::uint32_t> chosen = index_.free_segment();
      if (!chosen) {
        chosen = index_.eviction_victim();
        if (!chosen)
          return fail(ErrorCode::exhausted, "every segment of the queue has failed: replace the device");
        const std::uint64_t before = index_.settled.evicted;
        index_.evict(*chosen);
        batch.evicted = index_.settled.evicted - before;
        ++unwritten_;  // the total is in the acknowledgement block
      }
      SegmentState& segment = index_.segments()[*chosen];
      batch.opens_segment = true;
      batch.reuses = segment.epoch != 0;
      segment.epoch = ++epoch_;
      batch.at = {*chosen, segment_header_bytes, new_header(*chosen)};
    }
    std::uint64_t end = batch.at.offset + gap_bytes();
    while (batch.records < records.size()) {
      end += sized(records[batch.records], 0).stored_bytes();
      if (end > segment_bytes_) break;
      ++batch.records;
    }
    batch.gaps = index_.take_owed(most_gaps());
    return batch;
  }

  SegmentHeader new_header(std::uint32_t segment) const {
    SegmentHeader header{
        uuid_, segment, static_cast<std::uint32_t>(files_.size()), segment_bytes_, epoch_, 0, next_number_};
    randombytes_buf(&header.salt, sizeof header.salt);
    return header;
  }

  // Before numbers are used, and before delivered records are overwritten, the device must know of it: a
  // number is never handed out twice, and a delivered record never taken for a lost one. A camera whose
  // acknowledgement blocks fail goes on recording all the same.
  void reserve(const Batch& batch) {
    numbers_used_ = true;
    const std::uint64_t end = next_number_ + batch.numbers();
    bool needed = false;
    {
      // Waits for a block that is on its way: it may hold what must be on the device first.
      const std::lock_guard writing(acknowledgement_mutex_);
      const std::lock_guard lock(index_mutex_);
      needed = end > index_.settled.reserved_until || (batch.reuses && unwritten_ != 0);
    }
    if (!needed) return;
    if (Status ok = persist(batch.numbers() + numbers_reserved); !ok) {
      log::error("queue_acknowledgements_unwritten", {{"error", ok.error()}});
    }
  }

  Bytes encode_batch(const Batch& batch, std::span<const RecordParts> records,
                     std::vector<StoredRecord>& stored, Sha256& previous) const {
    Bytes out;
    std::uint64_t offset = batch.at.offset;
    if (batch.opens_segment) {
      out.resize(segment_header_bytes);
      encode(batch.at.header, std::span(out).first(block_bytes));
      encode(batch.at.header, std::span(out).subspan(block_bytes));
    }
    std::uint64_t number = next_number_;
    const auto add = [&](RecordType type, const RecordParts& parts, const Gaps& gaps) {
      RecordHeader header;
      header.type = type;
      header.record_class = parts.record_class;
      header.uuid = uuid_;
      header.epoch = batch.at.header.epoch;
      header.salt = batch.at.header.salt;
      header.number = number++;
      header.previous = previous;
      previous = encode(header, parts, gaps.empty() ? Bytes{} : encode(gaps), out);
      const auto bytes = static_cast<std::uint32_t>(header.stored_bytes());
      stored.push_back({header.number, batch.at.segment, bytes, offset, parts.record_class, gaps});
      offset += bytes;
    };
    if (!batch.gaps.empty()) {
      RecordParts parts;
      parts.record_class = RecordClass::gap;
      const std::string document = to_json(batch.gaps);
      parts.document.assign(document.begin(), document.end());
      add(RecordType::gap, parts, batch.gaps);
    }
    for (const RecordParts& parts : records.first(batch.records))
      add(RecordType::capture, parts, {});
    return out;
  }

  void publish(const Batch& batch, std::vector<StoredRecord> stored, const Sha256& previous) {
    const std::lock_guard lock(index_mutex_);
    active_ = batch.at;
    active_->offset = stored.back().offset + stored.back().bytes;
    previous_ = previous;
    next_number_ += stored.size();
    for (StoredRecord& record : stored)
      index_.add(std::move(record));
  }

  void give_up_segment(const Batch& batch, const Error& error) {
    {
      const std::lock_guard lock(index_mutex_);
      index_.segments()[batch.at.segment].failed = true;
      index_.owe(batch.gaps);
      index_.owe({{{next_number_, next_number_ + batch.numbers() - 1}, GapReason::interrupted}});
      next_number_ += batch.numbers();
      active_.reset();
      ++failed_syncs_;
    }
    count("queue_syncs_failed", 1);
    log::error("queue_sync_failed", {{"segment", batch.at.segment}, {"error", error}});
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
    const StoredRecord* record = index_.find(number.value());
    return record == nullptr ? std::nullopt : std::optional(*record);
  }

  [[nodiscard]] Result<RecordParts> read_at(const StoredRecord& place) const {
    Bytes bytes(place.bytes);
    if (Status ok = files_[place.segment]->read(place.offset, bytes); !ok) return fail(ok.error());
    Result<DecodedRecord> record = decode_record(bytes);
    if (!record) return fail(record.error());
    if (record->header.number != place.number || record->header.uuid != uuid_) {
      return fail(ErrorCode::corrupt, "another record stands in its place");
    }
    return std::move(record->parts);
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
  std::optional<WritePosition> active_;
  Sha256 previous_;
  mutable std::uint64_t damaged_;
  std::uint64_t failed_syncs_ = 0;
  bool numbers_used_ = false;  // append() only
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
