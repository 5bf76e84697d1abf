// A set of sequence numbers kept as ranges, for sets that are nearly contiguous.
//
// Threads: a plain value. Cost: O(log ranges) a query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace wayside::flash {

// Nothing counts this far: a larger number is damage, and counting on from a smaller one never wraps.
inline constexpr std::uint64_t most_number = std::uint64_t{1} << 62U;

struct NumberRange {  // both ends belong to it
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  [[nodiscard]] bool can_be() const { return first >= 1 && first <= last && last <= most_number; }
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

class NumberSet {
 public:
  void add(std::uint64_t number) { add(NumberRange{number, number}); }
  void add(NumberRange range);
  [[nodiscard]] bool contains(std::uint64_t number) const;
  // What of `within` is not in the set, ascending.
  [[nodiscard]] std::vector<NumberRange> missing(NumberRange within) const;
  // Ascending, never touching each other; the first `limit` of them.
  [[nodiscard]] std::vector<NumberRange> ranges(std::size_t limit) const;

 private:
  std::map<std::uint64_t, std::uint64_t> last_by_first_;
};

}  // namespace wayside::flash
