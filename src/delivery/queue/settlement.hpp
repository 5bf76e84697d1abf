// When the acknowledgement blocks are written: lazily for what is acknowledged, beforehand for numbers that
// are about to be used and for delivered records that are about to be overwritten.
//
// Threads: reserve() and give_back() from the writer; persist() from any. No lock is held across a disk
// access but its own, which nobody waits for who only reads. Failure: counted as a failed sync, and tried
// again with the next block.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "wayside/base/result.hpp"

#include "src/delivery/queue/acknowledgements.hpp"
#include "src/delivery/queue/queue_state.hpp"

namespace wayside::flash {

// Numbers set aside by one write of an acknowledgement block. More make fewer writes, and more numbers to
// skip (and to describe as such) after a power cut.
inline constexpr std::uint64_t numbers_reserved = 64;
// Acknowledgements that may be lost in a power cut; each costs a resend of one record.
inline constexpr std::size_t lazy_acknowledgements = 64;

class Settlement {
 public:
  Settlement(QueueState& state, std::unique_ptr<Acknowledgements> blocks);

  // Writes a block. So many numbers from the next one on are reserved by it; 0: those that are left are given
  // back, which only a clean stop may do.
  Status persist(std::uint64_t reserve_numbers);
  // Before numbers are used, and before delivered records are overwritten, the device must know of it: a
  // number is never handed out twice, and a delivered record never taken for a lost one. A camera whose
  // acknowledgement blocks fail goes on recording all the same.
  void reserve(const WritePosition& at, std::uint64_t numbers);
  // A clean stop: no number is skipped at the next start.
  void give_back();

 private:
  QueueState& state_;
  std::mutex acknowledgement_mutex_;
  const std::unique_ptr<Acknowledgements> blocks_;  // acknowledgement_mutex_
  bool numbers_used_ = false;                       // the writer's own
};

}  // namespace wayside::flash
