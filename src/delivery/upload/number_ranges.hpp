// A set of record numbers kept as ranges: small while the numbers lie together, bounded when they do not.
//
// Threads: a plain value. Cost: O(log ranges) a query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace wayside::upload {

struct NumberRange {  // both ends belong to it
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

class NumberRanges {
 public:
  // Of more ranges than `most` the lowest are forgotten.
  explicit NumberRanges(std::size_t most) : most_(most) {}
  void add(std::uint64_t number);
  void remove(std::uint64_t number);
  void remove(const NumberRange& range);  // one of all()
  void clear() { last_by_first_.clear(); }
  [[nodiscard]] bool contains(std::uint64_t number) const { return range_of(number).has_value(); }
  [[nodiscard]] std::optional<NumberRange> range_of(std::uint64_t number) const;
  [[nodiscard]] bool full() const { return last_by_first_.size() >= most_; }
  [[nodiscard]] std::vector<NumberRange> all() const;  // ascending

 private:
  std::size_t most_;
  std::map<std::uint64_t, std::uint64_t> last_by_first_;
};

}  // namespace wayside::upload
