#include "wayside/eval/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace wayside::eval {

Interval wilson95(std::size_t hits, std::size_t n) {
  if (n == 0) return {};
  constexpr double z = 1.959964;
  const double count = static_cast<double>(n);
  const double share = static_cast<double>(hits) / count;
  const double scale = 1 / (1 + z * z / count);
  const double middle = scale * (share + z * z / (2 * count));
  const double half = scale * z * std::sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  // At the ends the formula gives 0 and 1, which rounding would miss by a hair.
  return {hits == 0 ? 0 : middle - half, hits == n ? 1 : middle + half};
}

std::string share_text(std::size_t hits, std::size_t n) {
  if (n == 0) return "-";
  const Interval interval = wilson95(hits, n);
  return fmt::format("{:.1f} % ({:.1f} to {:.1f})",
                     100.0 * static_cast<double>(hits) / static_cast<double>(n), 100 * interval.low,
                     100 * interval.high);
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const double rank = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(values.size()));
  const auto at = values.begin() + std::max<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(rank) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace wayside::eval
