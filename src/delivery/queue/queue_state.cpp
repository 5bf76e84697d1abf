#include "src/delivery/queue/queue_state.hpp"

#include <utility>

namespace wayside::flash {

QueueState::QueueState(std::unique_ptr<Disk> its_disk, Recovered& recovered, CounterSet* its_counters)
    : disk(std::move(its_disk)),
      uuid(recovered.uuid),
      segment_bytes(recovered.segment_bytes),
      files(std::move(recovered.files)),
      counters(its_counters),
      index(std::move(recovered.index)),
      next_number(recovered.next_number),
      epoch(recovered.newest_epoch),
      damaged(recovered.damaged) {
  count("queue_numbers_damaged", damaged);
  for (const Gap& gap : index.all_owed()) {
    if (gap.reason == GapReason::interrupted) interrupted += gap.numbers.last - gap.numbers.first + 1;
  }
  count("queue_acknowledgement_blocks_ignored", recovered.ignored_blocks);
  count("queue_unreadable_made_anew", recovered.made_over_something ? 1 : 0);
}

std::optional<StoredRecord> QueueState::find(SequenceNumber number) const {
  const std::lock_guard lock(index_mutex);
  return index.find(number.value());
}

bool QueueState::owes() const {
  const std::lock_guard lock(index_mutex);
  return index.owes();
}

bool QueueState::has_unwritten() const {
  const std::lock_guard lock(index_mutex);
  return unwritten != 0;
}

void QueueState::count(std::string_view name, std::uint64_t n) const {
  if (counters != nullptr) counters->counter(name).add(n);
}

}  // namespace wayside::flash
