// Shares with their uncertainty, and what is typical of a row of measurements.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace wayside::eval {

struct Interval {
  double low = 0;
  double high = 1;
};

// The 95 % interval for a share of `hits` in `n` (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927, p. 209, without
// continuity correction, z = 1.959964); 0 to 1 where n is 0.
[[nodiscard]] Interval wilson95(std::size_t hits, std::size_t n);

// "93.1 % (87.4 to 96.4)", or "-" where n is 0.
[[nodiscard]] std::string share_text(std::size_t hits, std::size_t n);

[[nodiscard]] double mean(const std::vector<double>& values);  // 0 of none
// The smallest value that at least this share (0 to 1) of the values do not exceed (nearest rank); 0 of none.
[[nodiscard]] double percentile(std::vector<double> values, double share);

}  // namespace wayside::eval
