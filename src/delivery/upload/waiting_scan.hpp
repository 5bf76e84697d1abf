// Walks over the queue's waiting records a few at a time, so that nobody lists all of them.
//
// Threads: one. Ownership: the queue outlives it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/upload/number_ranges.hpp"

namespace wayside::upload {

class WaitingScan {
 public:
  WaitingScan(const RecordQueue& queue, RecordQueue::Order order, std::optional<RecordClass> only = {},
              std::optional<SequenceNumber> beyond = {})
      : queue_(queue), order_(order), only_(only), beyond_(beyond) {}

  std::optional<WaitingRecord> next() {
    if (at_ == fetched_.size()) {
      if (ended_) return std::nullopt;
      fetched_ = queue_.waiting(order_, beyond_, at_once_, only_);
      ended_ = fetched_.size() < at_once_;
      at_ = 0;
      at_once_ = std::min(at_once_ * 2, most_at_once);
      if (fetched_.empty()) return std::nullopt;
      beyond_ = fetched_.back().number;
    }
    return fetched_[at_++];
  }

  // Goes on behind the range, in the order of the scan.
  void pass(const NumberRange& range) {
    const bool ascending = order_ == RecordQueue::Order::oldest_first;
    const auto within = [&](const WaitingRecord& record) {
      return ascending ? record.number.value() <= range.last : record.number.value() >= range.first;
    };
    while (at_ < fetched_.size() && within(fetched_[at_]))
      ++at_;
    if (at_ < fetched_.size() || ended_) return;
    beyond_ = SequenceNumber(ascending ? range.last : range.first);
    at_once_ = first_at_once;
  }

 private:
  static constexpr std::size_t first_at_once = 16;
  static constexpr std::size_t most_at_once = 128;

  const RecordQueue& queue_;
  RecordQueue::Order order_;
  std::optional<RecordClass> only_;
  std::optional<SequenceNumber> beyond_;
  std::size_t at_once_ = first_at_once;
  std::vector<WaitingRecord> fetched_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace wayside::upload
