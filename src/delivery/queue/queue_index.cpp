#include "src/delivery/queue/queue_index.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace wayside::flash {

namespace {

template <class Entries>
auto at_or_above(Entries& entries, std::uint64_t number) {
  return std::lower_bound(entries.begin(), entries.end(), number,
                          [](const Entry& entry, std::uint64_t n) { return entry.number() < n; });
}

}  // namespace

void SegmentRecords::add(const Entry& entry) {
  const std::uint64_t number = entry.number();
  first_ = size() == 0 ? number : std::min(first_, number);
  last_ = size() == 0 ? number : std::max(last_, number);
  const auto it = at_or_above(entries_, number);
  if (it != entries_.end() && it->number() == number) {
    gone_ -= it->gone() ? 1 : 0;
    *it = entry;
  } else {
    entries_.insert(it, entry);
  }
}

const Entry* SegmentRecords::find(std::uint64_t number) const {
  if (size() == 0 || number < first_ || number > last_) return nullptr;
  const auto it = at_or_above(entries_, number);
  return it == entries_.end() || it->number() != number || it->gone() ? nullptr : &*it;
}

void SegmentRecords::remove(std::uint64_t number) {
  const auto it = at_or_above(entries_, number);
  assert(it != entries_.end() && it->number() == number && !it->gone());
  it->set_gone();
  ++gone_;
  if (gone_ == entries_.size()) {
    entries_ = {};
    gone_ = 0;
    return;
  }
  const auto waits = [](const Entry& entry) { return !entry.gone(); };
  if (number == first_) first_ = std::find_if(it, entries_.end(), waits)->number();
  if (number == last_) last_ = std::find_if(std::make_reverse_iterator(it), entries_.rend(), waits)->number();
  if (gone_ > 64 && gone_ > entries_.size() / 2) {
    std::erase_if(entries_, [](const Entry& entry) { return entry.gone(); });
    gone_ = 0;
  }
}

void QueueIndex::add(StoredRecord record) {
  const std::uint64_t number = record.entry.number();
  if (const std::optional<Place> there = place_of(number)) {
    if (there->entry->bytes() >= record.entry.bytes()) return;
    remove(there->segment, number);
  }
  segments_[record.segment].records.add(record.entry);
  ++waiting_;
  if (!record.gaps.empty()) gap_lists_[number] = std::move(record.gaps);
}

std::optional<QueueIndex::Place> QueueIndex::place_of(std::uint64_t number) const {
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    if (const Entry* entry = segments_[i].records.find(number)) return Place{i, entry};
  }
  return std::nullopt;
}

std::optional<StoredRecord> QueueIndex::find(std::uint64_t number) const {
  const std::optional<Place> place = place_of(number);
  if (!place) return std::nullopt;
  const auto gaps = gap_lists_.find(number);
  return StoredRecord{place->segment, *place->entry, gaps == gap_lists_.end() ? Gaps{} : gaps->second};
}

// Segments in the order of their first (last) numbers; each gives the first `count` it has beyond, until no
// further segment can have any that belongs in front.
std::vector<WaitingRecord> QueueIndex::waiting(RecordQueue::Order order, std::optional<SequenceNumber> beyond,
                                               std::size_t count, std::optional<RecordClass> only) const {
  const bool rising = order == RecordQueue::Order::oldest_first;
  const std::uint64_t from = beyond ? beyond->value() : rising ? 0 : UINT64_MAX;
  std::vector<const SegmentRecords*> segments;
  for (const SegmentState& segment : segments_) {
    const SegmentRecords& records = segment.records;
    if (records.size() == 0 || (only && log_of(*only) != segment.log)) continue;
    if (rising ? records.last() > from : records.first() < from) segments.push_back(&records);
  }
  std::sort(segments.begin(), segments.end(), [&](const SegmentRecords* a, const SegmentRecords* b) {
    return rising ? a->first() < b->first() : a->last() > b->last();
  });
  const auto before = [&](const WaitingRecord& a, const WaitingRecord& b) {
    return rising ? a.number < b.number : a.number > b.number;
  };
  std::vector<WaitingRecord> out;
  const auto take = [&](const Entry& entry) {
    if (entry.gone() || (only && entry.record_class() != *only)) return false;
    out.push_back({SequenceNumber(entry.number()), entry.type(), entry.record_class(), entry.bytes()});
    return true;
  };
  for (const SegmentRecords* records : segments) {
    if (out.size() == count && (count == 0 || (rising ? records->first() > out.back().number.value()
                                                      : records->last() < out.back().number.value()))) {
      break;
    }
    const std::vector<Entry>& entries = records->entries();
    std::size_t taken = 0;
    if (rising) {
      for (auto it = at_or_above(entries, from + (beyond ? 1 : 0)); it != entries.end() && taken < count;
           ++it)
        taken += take(*it) ? 1 : 0;
    } else {
      for (auto it = std::make_reverse_iterator(at_or_above(entries, from));
           it != entries.rend() && taken < count; ++it)
        taken += take(*it) ? 1 : 0;
    }
    std::sort(out.begin(), out.end(), before);
    if (out.size() > count) out.resize(count);
  }
  return out;
}

std::optional<std::uint64_t> QueueIndex::oldest() const {
  std::optional<std::uint64_t> best;
  for (const SegmentState& segment : segments_) {
    if (segment.records.size() != 0 && (!best || segment.records.first() < *best))
      best = segment.records.first();
  }
  return best;
}

void QueueIndex::remove(std::uint32_t segment, std::uint64_t number) {
  segments_[segment].records.remove(number);
  --waiting_;
}

Gaps QueueIndex::take_gap_list(std::uint64_t number) {
  const auto it = gap_lists_.find(number);
  if (it == gap_lists_.end()) return {};
  Gaps out = std::move(it->second);
  gap_lists_.erase(it);
  return out;
}

void QueueIndex::settle(std::uint64_t number) {
  const std::optional<Place> place = place_of(number);
  if (!place) return;
  for (const Gap& gap : take_gap_list(number))
    settled.numbers.add(gap.numbers);
  settled.numbers.add(number);
  remove(place->segment, number);
}

void QueueIndex::lose(std::uint64_t number) {
  const std::optional<Place> place = place_of(number);
  if (!place) return;
  Gaps lost = take_gap_list(number);
  lost.push_back({{number, number}, GapReason::damaged});
  remove(place->segment, number);
  owe(lost);
}

std::uint64_t QueueIndex::evict(std::uint32_t segment, bool without_overview_only) {
  Gaps lost;
  std::uint64_t count = 0;
  SegmentState& state = segments_[segment];
  SegmentRecords kept;
  for (const Entry& entry : state.records.entries()) {
    if (entry.gone()) continue;
    if (without_overview_only && entry.has_overview()) {
      kept.add(entry);
      continue;
    }
    --waiting_;
    const Gaps list = take_gap_list(entry.number());
    lost.insert(lost.end(), list.begin(), list.end());
    lost.push_back({{entry.number(), entry.number()}, GapReason::evicted});
    if (entry.type() != RecordType::gap) ++count;
  }
  state.records = std::move(kept);
  settled.evicted += count;
  state.untold = state.untold || !lost.empty();
  owe(lost);
  return count;
}

std::uint64_t QueueIndex::expire_below(std::uint64_t number) {
  Gaps lost;
  for (SegmentState& state : segments_) {
    if (state.records.size() == 0 || state.records.first() >= number) continue;
    std::vector<std::uint64_t> old;
    for (const Entry& entry : state.records.entries()) {
      if (entry.number() >= number) break;
      if (!entry.gone() && entry.type() != RecordType::gap) old.push_back(entry.number());
    }
    for (const std::uint64_t one : old) {
      state.records.remove(one);
      lost.push_back({{one, one}, GapReason::expired});
    }
    state.untold = state.untold || !old.empty();
  }
  waiting_ -= lost.size();
  settled.expired += lost.size();
  owe(lost);
  return lost.size();
}

void QueueIndex::move(const StoredRecord& record) {
  const std::optional<Place> place = place_of(record.entry.number());
  if (!place) return;  // delivered meanwhile
  remove(place->segment, record.entry.number());
  segments_[record.segment].records.add(record.entry);
  ++waiting_;
}

Gaps QueueIndex::owed(std::size_t most) const {
  const std::size_t count = std::min(most, owed_.size());
  return {owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(count)};
}

// What was taken with owed() stands in front still: whoever owes more meanwhile may have joined on to it, so
// numbers are taken out, not entries.
void QueueIndex::told(const Gaps& gaps) {
  NumberSet numbers;
  for (const Gap& gap : gaps)
    numbers.add(gap.numbers);
  Gaps left;
  for (const Gap& gap : owed_) {
    for (const NumberRange& range : numbers.missing(gap.numbers))
      left.push_back({range, gap.reason});
  }
  owed_ = std::move(left);
  if (!owed_.empty()) return;
  for (SegmentState& segment : segments_)
    segment.untold = false;
}

void QueueIndex::owe(const Gaps& gaps) {
  if (gaps.empty()) return;
  owed_.insert(owed_.end(), gaps.begin(), gaps.end());
  owed_ = joined(std::move(owed_));
}

std::uint32_t QueueIndex::free_segments() const {
  return static_cast<std::uint32_t>(std::count_if(
      segments_.begin(), segments_.end(), [](const SegmentState& segment) { return segment.is_free(); }));
}

std::uint32_t QueueIndex::used_by(Log log) const {
  return static_cast<std::uint32_t>(
      std::count_if(segments_.begin(), segments_.end(), [&](const SegmentState& segment) {
        return segment.log == log && (segment.active || segment.records.size() != 0);
      }));
}

std::optional<std::uint32_t> QueueIndex::free_segment() const {
  std::optional<std::uint32_t> best;
  const auto rank = [&](std::uint32_t i) { return std::pair(segments_[i].untold, segments_[i].epoch); };
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].is_free() && (!best || rank(i) < rank(*best))) best = i;
  }
  return best;
}

std::optional<std::uint32_t> QueueIndex::oldest_of(Log log) const {
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    const SegmentState& segment = segments_[i];
    if (segment.log != log || segment.failed || segment.active || segment.records.size() == 0) continue;
    if (!best || segment.epoch < segments_[*best].epoch) best = i;
  }
  return best;
}

}  // namespace wayside::flash
