#include "src/delivery/queue/queue_index.hpp"

#include <algorithm>
#include <utility>

namespace wayside::flash {

void QueueIndex::add(StoredRecord record) {
  SegmentState& segment = segments_[record.segment];
  ++segment.waiting;
  if (record.record_class == RecordClass::hit) ++segment.hits;
  records_.emplace(record.number, std::move(record));
}

const StoredRecord* QueueIndex::find(std::uint64_t number) const {
  const auto it = records_.find(number);
  return it == records_.end() ? nullptr : &it->second;
}

std::vector<SequenceNumber> QueueIndex::pending(std::uint64_t after, std::size_t count) const {
  std::vector<SequenceNumber> out;
  for (auto it = records_.upper_bound(after); it != records_.end() && out.size() < count; ++it) {
    out.emplace_back(it->first);
  }
  return out;
}

void QueueIndex::remove(std::map<std::uint64_t, StoredRecord>::iterator it) {
  SegmentState& segment = segments_[it->second.segment];
  --segment.waiting;
  if (it->second.record_class == RecordClass::hit) --segment.hits;
  records_.erase(it);
}

void QueueIndex::settle(std::uint64_t number) {
  const auto it = records_.find(number);
  if (it == records_.end()) return;
  for (const Gap& gap : it->second.gaps)
    settled.numbers.add(gap.numbers);
  settled.numbers.add(number);
  remove(it);
}

void QueueIndex::lose(std::uint64_t number) {
  const auto it = records_.find(number);
  if (it == records_.end()) return;
  Gaps lost = it->second.gaps;
  lost.push_back({{number, number}, GapReason::damaged});
  remove(it);
  owe(lost);
}

void QueueIndex::evict(std::uint32_t segment) {
  Gaps lost;
  for (auto it = records_.begin(); it != records_.end();) {
    const auto record = it++;
    if (record->second.segment != segment) continue;
    lost.insert(lost.end(), record->second.gaps.begin(), record->second.gaps.end());
    lost.push_back({{record->first, record->first}, GapReason::evicted});
    if (record->second.record_class != RecordClass::gap) ++settled.evicted;
    remove(record);
  }
  owe(lost);
}

Gaps QueueIndex::take_owed(std::size_t most) {
  if (owed_.size() <= most) return std::exchange(owed_, {});
  const auto split = owed_.begin() + static_cast<std::ptrdiff_t>(most);
  Gaps taken(owed_.begin(), split);
  owed_.erase(owed_.begin(), split);
  return taken;
}

void QueueIndex::owe(const Gaps& gaps) {
  owed_.insert(owed_.end(), gaps.begin(), gaps.end());
  owed_ = joined(std::move(owed_));
}

std::optional<std::uint32_t> QueueIndex::free_segment() const {
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].failed || segments_[i].waiting != 0) continue;
    if (!best || segments_[i].epoch < segments_[*best].epoch) best = i;
  }
  return best;
}

std::optional<std::uint32_t> QueueIndex::eviction_victim() const {
  std::optional<std::uint32_t> best;
  const auto rank = [&](std::uint32_t i) { return std::pair(segments_[i].hits != 0, segments_[i].epoch); };
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].failed) continue;
    if (!best || rank(i) < rank(*best)) best = i;
  }
  return best;
}

}  // namespace wayside::flash
