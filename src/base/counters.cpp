#include "wayside/base/counters.hpp"

#include <algorithm>

namespace wayside {

Counter& CounterSet::counter(std::string_view name, std::string_view help) {
  std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(counters_.begin(), counters_.end(), [&](const Counter& c) { return c.name() == name; });
  if (found != counters_.end()) return *found;
  return counters_.emplace_back(std::string(name), std::string(help));
}

std::vector<CounterSet::Reading> CounterSet::readings() const {
  std::lock_guard lock(mutex_);
  std::vector<Reading> out;
  out.reserve(counters_.size());
  for (const Counter& c : counters_)
    out.push_back({c.name(), c.help(), c.value()});
  return out;
}

}  // namespace wayside
