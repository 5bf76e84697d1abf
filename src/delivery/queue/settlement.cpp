#include "src/delivery/queue/settlement.hpp"

#include <algorithm>
#include <utility>

#include "wayside/base/log.hpp"

namespace wayside::flash {

Settlement::Settlement(QueueState& state, std::unique_ptr<Acknowledgements> blocks)
    : state_(state), blocks_(std::move(blocks)) {}

Status Settlement::persist(std::uint64_t reserve_numbers) {
  const std::lock_guard writing(acknowledgement_mutex_);
  Settled settled;
  std::size_t written = 0;
  {
    const std::lock_guard lock(state_.index_mutex);
    settled = state_.index.settled;
    settled.reserved_until = state_.next_number + reserve_numbers;
    // Only a clean stop gives numbers back; a batch may be on its way with those reserved earlier.
    if (reserve_numbers != 0)
      settled.reserved_until = std::max(settled.reserved_until, state_.index.settled.reserved_until);
    written = std::exchange(state_.unwritten, 0);
  }
  Status ok = blocks_->store(state_.uuid, settled);
  const std::lock_guard lock(state_.index_mutex);
  if (ok) {
    state_.index.settled.reserved_until = settled.reserved_until;
  } else {
    state_.unwritten += written;
    ++state_.failed_syncs;
    state_.count("queue_syncs_failed", 1);
  }
  return ok;
}

void Settlement::reserve(const WritePosition& at, std::uint64_t numbers) {
  numbers_used_ = true;
  const std::uint64_t end = state_.next_number + numbers;
  bool needed = false;
  {
    // Waits for a block that is on its way: it may hold what must be on the device first.
    const std::lock_guard writing(acknowledgement_mutex_);
    const std::lock_guard lock(state_.index_mutex);
    needed = end > state_.index.settled.reserved_until || (at.fresh && at.reuses && state_.unwritten != 0);
  }
  if (!needed) return;
  if (Status ok = persist(numbers + numbers_reserved); !ok)
    log::error("queue_acknowledgements_unwritten", {{"error", ok.error()}});
}

void Settlement::give_back() {
  {
    const std::lock_guard lock(state_.index_mutex);
    const bool set_aside = state_.index.settled.reserved_until > state_.next_number;
    if (!numbers_used_ && !set_aside && state_.unwritten == 0) return;
  }
  if (Status ok = persist(0); !ok) log::error("queue_acknowledgements_unwritten", {{"error", ok.error()}});
}

}  // namespace wayside::flash
