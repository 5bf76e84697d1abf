// The way of a group onto the device: sealed and numbered, room made, written and synced, and only then
// accepted. Gap records for lost numbers go before anything else.
//
// Threads: the writer's. Failure: as RecordQueue::append().
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"

#include "src/delivery/queue/log_writer.hpp"
#include "src/delivery/queue/queue_state.hpp"
#include "src/delivery/queue/room.hpp"
#include "src/delivery/queue/settlement.hpp"

namespace wayside::flash {

// Below the largest number a queue takes no more, so that nothing on the way to it is ever out of range.
inline constexpr std::uint64_t last_number_used = most_number - (std::uint64_t{1} << 20U);

class GroupCommit {
 public:
  // group_records: records a sync at most.
  GroupCommit(QueueState& state, LogWriter& writer, Settlement& settlement, Room& room, RecordSealer& sealer,
              std::uint32_t group_records);

  // invalid_input: it is none that this queue takes.
  [[nodiscard]] Status check(const RecordParts& parts) const;
  // The first of these records that one sync takes; returns how many. They have the last numbers before the
  // next one.
  [[nodiscard]] Result<std::size_t> commit_first(std::span<const RecordParts> records);
  // Everything that is owed, in gap records.
  [[nodiscard]] Status tell_gaps_with_retries();

 private:
  struct Batch;

  [[nodiscard]] std::uint64_t gap_room() const;
  [[nodiscard]] std::size_t most_gaps() const;
  [[nodiscard]] std::uint64_t largest_record() const;
  [[nodiscard]] std::span<const RecordParts> stretch(std::span<const RecordParts> records) const;
  [[nodiscard]] Gaps owed() const;
  [[nodiscard]] Status tell_gaps();
  [[nodiscard]] Result<std::size_t> commit(Log log, std::span<const RecordParts> records);
  [[nodiscard]] Result<Batch> sealed(Log log, std::span<const RecordParts> records) const;
  [[nodiscard]] Result<std::size_t> write(Batch& batch);
  void publish(WritePosition& at, std::uint64_t end, std::vector<StoredRecord> stored,
               const ChainHead& chain);

  QueueState& state_;
  LogWriter& writer_;
  Settlement& settlement_;
  Room& room_;
  RecordSealer& sealer_;
  const std::uint32_t group_records_;
};

}  // namespace wayside::flash
