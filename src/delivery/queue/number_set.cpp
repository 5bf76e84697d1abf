#include "src/delivery/queue/number_set.hpp"

#include <algorithm>
#include <iterator>

namespace wayside::flash {

void NumberSet::add(NumberRange range) {
  auto it = last_by_first_.upper_bound(range.first);
  if (it != last_by_first_.begin()) {
    const auto before = std::prev(it);
    if (before->second + 1 >= range.first) {
      range.first = before->first;
      range.last = std::max(range.last, before->second);
      it = last_by_first_.erase(before);
    }
  }
  while (it != last_by_first_.end() && it->first <= range.last + 1) {
    range.last = std::max(range.last, it->second);
    it = last_by_first_.erase(it);
  }
  last_by_first_.emplace_hint(it, range.first, range.last);
}

bool NumberSet::contains(std::uint64_t number) const {
  const auto it = last_by_first_.upper_bound(number);
  return it != last_by_first_.begin() && std::prev(it)->second >= number;
}

std::vector<NumberRange> NumberSet::missing(NumberRange within) const {
  std::vector<NumberRange> out;
  std::uint64_t from = within.first;
  for (const auto& [first, last] : last_by_first_) {
    if (last < from) continue;
    if (first > within.last) break;
    if (first > from) out.push_back({from, first - 1});
    from = last + 1;
  }
  if (from <= within.last) out.push_back({from, within.last});
  return out;
}

std::vector<NumberRange> NumberSet::ranges(std::size_t limit) const {
  std::vector<NumberRange> out;
  for (const auto& [first, last] : last_by_first_) {
    if (out.size() == limit) break;
    out.push_back({first, last});
  }
  return out;
}

}  // namespace wayside::flash
