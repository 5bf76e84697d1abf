#include "read_confidence.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace wayside::read {
namespace {

constexpr double offset = 0.2;
constexpr double share_gain = 1.1;
constexpr double no_form_deduction = 4.8;
constexpr double short_deduction = 3.0;
constexpr std::size_t short_below = 4;  // characters

}  // namespace

float confidence_of(const std::vector<VrmSyntax::Hypothesis>& ranked) {
  assert(!ranked.empty());
  const VrmSyntax::Hypothesis& best = ranked.front();
  double all = 0;
  for (const VrmSyntax::Hypothesis& hypothesis : ranked)
    all += std::exp(hypothesis.log_score - best.log_score);
  const double share = std::clamp(1 / all, 0.001, 0.999);
  double z = offset + share_gain * std::log(share / (1 - share));
  if (best.format == "unknown") z -= no_form_deduction;
  if (best.vrm.size() < short_below) z -= short_deduction;
  return static_cast<float>(1 / (1 + std::exp(-z)));
}

}  // namespace wayside::read
