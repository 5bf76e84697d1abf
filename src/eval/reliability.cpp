#include "wayside/eval/reliability.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "wayside/eval/statistics.hpp"

namespace wayside::eval {
namespace {

constexpr std::size_t bins = 10;
constexpr double sure_from = 0.95;

}  // namespace

Reliability reliability_of(const std::vector<Judged>& reads) {
  Reliability all;
  all.n = reads.size();
  for (std::size_t i = 0; i < bins; ++i)
    all.bins.push_back({static_cast<double>(i) / bins, static_cast<double>(i + 1) / bins, 0, 0, 0});
  for (const Judged& read : reads) {
    const double confidence = std::clamp(read.confidence, 0.0, 1.0);
    ReliabilityBin& bin = all.bins[std::min(bins - 1, static_cast<std::size_t>(confidence * bins))];
    ++bin.n;
    bin.right += read.right ? 1U : 0U;
    bin.stated += confidence;
    if (confidence < sure_from) continue;
    ++all.sure;
    all.sure_right += read.right ? 1U : 0U;
  }
  for (ReliabilityBin& bin : all.bins) {
    if (bin.n == 0) continue;
    all.expected_error += std::abs(bin.stated - static_cast<double>(bin.right)) / static_cast<double>(all.n);
    bin.stated /= static_cast<double>(bin.n);
  }
  return all;
}

std::string table(const Reliability& reliability) {
  std::string out =
      fmt::format("{:<14} {:>5}  {:>7}  {}\n", "confidence", "n", "stated", "right (95 % Wilson)");
  for (const ReliabilityBin& bin : reliability.bins) {
    if (bin.n == 0) continue;
    out += fmt::format("{:.1f} to {:.1f}     {:>5}  {:>5.1f} %  {}\n", bin.from, bin.to, bin.n,
                       100 * bin.stated, share_text(bin.right, bin.n));
  }
  out += fmt::format(
      "expected calibration error: {:.3f} over {} reads; at least 0.95: {} of all reads, of these right: "
      "{}\n",
      reliability.expected_error, reliability.n, share_text(reliability.sure, reliability.n),
      share_text(reliability.sure_right, reliability.sure));
  return out;
}

}  // namespace wayside::eval
