#include "src/delivery/upload/number_ranges.hpp"

#include <iterator>

namespace wayside::upload {

std::optional<NumberRange> NumberRanges::range_of(std::uint64_t number) const {
  auto it = last_by_first_.upper_bound(number);
  if (it == last_by_first_.begin()) return std::nullopt;
  --it;
  if (it->second < number) return std::nullopt;
  return NumberRange{it->first, it->second};
}

void NumberRanges::add(std::uint64_t number) {
  if (contains(number)) return;
  NumberRange range{number, number};
  auto next = last_by_first_.upper_bound(number);
  if (next != last_by_first_.end() && next->first == number + 1) {
    range.last = next->second;
    next = last_by_first_.erase(next);
  }
  if (next != last_by_first_.begin() && std::prev(next)->second + 1 == number) {
    std::prev(next)->second = range.last;
    return;
  }
  last_by_first_.emplace(range.first, range.last);
  if (last_by_first_.size() > most_) last_by_first_.erase(last_by_first_.begin());
}

void NumberRanges::remove(std::uint64_t number) {
  const std::optional<NumberRange> range = range_of(number);
  if (!range) return;
  last_by_first_.erase(range->first);
  if (range->first < number) last_by_first_.emplace(range->first, number - 1);
  if (number < range->last) last_by_first_.emplace(number + 1, range->last);
}

void NumberRanges::remove(const NumberRange& range) {
  last_by_first_.erase(range.first);
}

std::vector<NumberRange> NumberRanges::all() const {
  std::vector<NumberRange> ranges;
  ranges.reserve(last_by_first_.size());
  for (const auto& [first, last] : last_by_first_)
    ranges.push_back({first, last});
  return ranges;
}

}  // namespace wayside::upload
