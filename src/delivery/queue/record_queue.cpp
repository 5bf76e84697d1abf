#include "wayside/delivery/queue/record_queue.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include "wayside/base/log.hpp"

#include "src/delivery/queue/flash_queue.hpp"
#include "src/delivery/queue/group_commit.hpp"
#include "src/delivery/queue/log_writer.hpp"
#include "src/delivery/queue/queue_state.hpp"
#include "src/delivery/queue/record_reader.hpp"
#include "src/delivery/queue/recovery.hpp"
#include "src/delivery/queue/room.hpp"
#include "src/delivery/queue/settlement.hpp"

namespace wayside::flash {

namespace {

std::uint32_t protected_of(const QueueOptions& options, std::uint32_t segments) {
  const std::uint32_t asked =
      options.protected_segments != 0 ? options.protected_segments : std::max(segments / 8, 2U);
  return std::min(asked, segments - 2);
}

class FlashQueue : public RecordQueue {
 public:
  FlashQueue(std::unique_ptr<Disk> disk, Recovered recovered, const QueueOptions& options)
      : state_(std::move(disk), recovered, options.counters),
        settlement_(state_, std::move(recovered.acknowledgements)),
        writer_(state_, std::move(recovered.active)),
        reader_(state_),
        room_(state_, writer_, settlement_, reader_, protected_of(options, recovered.segments)),
        groups_(state_, writer_, settlement_, room_, *options.sealer, options.group_records),
        unbooked_(recovered.unbooked) {}

  ~FlashQueue() override { settlement_.give_back(); }

  Result<std::vector<SequenceNumber>> append(std::span<const RecordParts> group) override {
    for (const RecordParts& parts : group) {
      if (Status taken = groups_.check(parts); !taken) return fail(taken.error());
    }
    const std::lock_guard writing(writer_mutex_);
    std::vector<SequenceNumber> accepted;
    while (accepted.size() < group.size()) {
      const Result<std::size_t> taken = groups_.commit_first(group.subspan(accepted.size()));
      if (!taken && accepted.empty()) return fail(taken.error());
      if (!taken) break;
      // A gap record took the first number, if there was one.
      const std::uint64_t first = state_.next_number - *taken;
      for (std::size_t i = 0; i < *taken; ++i)
        accepted.emplace_back(first + i);
    }
    return accepted;
  }

  std::vector<WaitingRecord> waiting(Order order, std::optional<SequenceNumber> beyond, std::size_t count,
                                     std::optional<RecordClass> only) const override {
    const std::lock_guard lock(state_.index_mutex);
    return state_.index.waiting(order, beyond, count, only);
  }

  bool is_waiting(SequenceNumber number) const override { return state_.find(number).has_value(); }

  Result<SealedRecord> read(SequenceNumber number) const override { return reader_.read(number); }

  Status acknowledge(SequenceNumber number) override {
    bool enough = false;
    {
      const std::lock_guard lock(state_.index_mutex);
      if (!state_.index.find(number.value())) {
        if (state_.index.settled.numbers.contains(number.value())) return {};
        return fail(RecordReader::not_waiting(number));
      }
      state_.index.settle(number.value());
      enough = ++state_.unwritten >= lazy_acknowledgements;
    }
    return enough ? settlement_.persist(numbers_reserved) : Status{};
  }

  Status flush() override {
    return state_.has_unwritten() ? settlement_.persist(numbers_reserved) : Status{};
  }

  Result<std::uint64_t> skip_through(SequenceNumber highest) override {
    const std::lock_guard writing(writer_mutex_);
    const std::uint64_t first = state_.next_number;
    const std::uint64_t last = highest.value();
    if (last < first) return 0;
    const std::uint64_t skipped = last - first + 1;
    if (skipped > most_skipped || last > last_number_used) {
      state_.count("queue_skips_refused", 1);
      return fail(
          ErrorCode::refused,
          fmt::format("number {} is said to be used, and this queue's next is {}: nothing explains so "
                      "many in between (at most {}), so they are not left out",
                      last, first, most_skipped));
    }
    {
      const std::lock_guard lock(state_.index_mutex);
      state_.index.owe({{{first, last}, GapReason::rolled_back}});
      state_.next_number = last + 1;
      state_.rolled_back += skipped;
    }
    state_.count("queue_numbers_rolled_back", skipped);
    log::error("queue_rolled_back", {{"first", first}, {"last", last}});
    if (Status told = groups_.tell_gaps_with_retries(); !told) return fail(told.error());
    return skipped;
  }

  Status mark_day(std::uint32_t day) override {
    const std::lock_guard writing(writer_mutex_);
    {
      const std::lock_guard lock(state_.index_mutex);
      DayMarks& days = state_.index.settled.days;
      if (!days.mark(day, state_.next_number)) return {};
      days.forget_below(state_.index.oldest().value_or(state_.next_number));
      ++state_.unwritten;
    }
    // So that the day is known after a power cut, also where nothing was recorded on it.
    return settlement_.persist(numbers_reserved);
  }

  Result<std::uint64_t> expire(std::uint32_t day) override {
    const std::lock_guard writing(writer_mutex_);
    std::uint64_t expired = 0;
    {
      const std::lock_guard lock(state_.index_mutex);
      expired = state_.index.expire_below(state_.index.settled.days.before(day));
      state_.unwritten += expired == 0 ? 0 : 1;  // the total is in the acknowledgement block
    }
    if (expired == 0) return 0;
    state_.count("queue_records_expired", expired);
    log::warning("queue_expired", {{"records", expired}});
    if (Status told = groups_.tell_gaps_with_retries(); !told) return fail(told.error());
    return expired;
  }

  QueueDepth depth() const override {
    const std::lock_guard lock(state_.index_mutex);
    const QueueIndex& index = state_.index;
    QueueDepth out;
    out.unacknowledged = index.waiting();
    out.evicted = index.settled.evicted;
    out.expired = index.settled.expired;
    out.damaged = state_.damaged;
    out.interrupted = state_.interrupted;
    out.rolled_back = state_.rolled_back;
    out.failed_syncs = state_.failed_syncs;
    out.segments = static_cast<std::uint32_t>(index.segments().size());
    out.segments_free = index.free_segments();
    if (const std::optional<std::uint64_t> oldest = index.oldest()) out.oldest = SequenceNumber(*oldest);
    out.all_delivered = index.waiting() == 0 && !index.owes();
    return out;
  }

  QueueTally tally() const override {
    const std::lock_guard lock(state_.index_mutex);
    return state_.tally;
  }

  ChainHead chain() const override {
    const std::lock_guard lock(state_.index_mutex);
    return state_.index.settled.chain;
  }

  UnbookedRecords unbooked() const override { return unbooked_; }

  QueueUuid uuid() const override { return state_.uuid; }

 private:
  std::mutex writer_mutex_;  // taken before all others
  QueueState state_;
  Settlement settlement_;
  LogWriter writer_;
  RecordReader reader_;
  Room room_;
  GroupCommit groups_;
  const UnbookedRecords unbooked_;
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
