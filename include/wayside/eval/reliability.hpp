// How far a stated confidence can be believed: of what was said with 90 % certainty, are nine of ten right?
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace wayside::eval {

struct Judged {
  double confidence = 0;  // 0 to 1, as reported
  bool right = false;
};

struct ReliabilityBin {
  double from = 0;  // confidence: from (included) to (excluded but in the last bin)
  double to = 1;
  std::size_t n = 0;
  std::size_t right = 0;
  double stated = 0;  // mean confidence; 0 of none
};

struct Reliability {
  std::vector<ReliabilityBin> bins;  // ten of equal width
  std::size_t n = 0;
  std::size_t sure = 0;  // reported with at least 0.95
  std::size_t sure_right = 0;
  // Mean over the reads of how far a bin's stated confidence is from its share of right ones (expected
  // calibration error; Naeini, Cooper and Hauskrecht, AAAI 2015); 0 of none.
  double expected_error = 0;
};

[[nodiscard]] Reliability reliability_of(const std::vector<Judged>& reads);
[[nodiscard]] std::string table(const Reliability& reliability);

}  // namespace wayside::eval
