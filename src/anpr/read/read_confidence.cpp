#include "read_confidence.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace wayside::read {
namespace {

constexpr double offset = 0.09;
constexpr double odds_gain = 0.69;
constexpr double least_log_odds = -3;
constexpr double most_log_odds = 9;
constexpr double line_gain = 0.81;
constexpr double least_line_log_probability = -8;
constexpr double plate_gain = 0.54;
constexpr double no_form_deduction = 0.91;
constexpr double four_characters_deduction = 1.27;
constexpr double fewer_deduction = 0.95;
// Not fitted: marks without a digit, or without a letter, are next to none in any country; words on signs and
// telephone numbers on vans are many.
constexpr double no_digit_deduction = 3;
constexpr double no_letter_deduction = 2;

}  // namespace

ConfidenceGrounds grounds_of(const std::vector<VrmSyntax::Hypothesis>& ranked, double line_log_probability,
                             float plate_score) {
  assert(!ranked.empty());
  double others = 0;
  for (auto rival = ranked.begin() + 1; rival != ranked.end(); ++rival)
    others += std::exp(rival->log_score - ranked.front().log_score);
  return {static_cast<float>(-std::log(std::max(others, 1e-9))), static_cast<float>(line_log_probability),
          plate_score};
}

float confidence_of(const VrmSyntax::Hypothesis& best, const ConfidenceGrounds& grounds) {
  const double log_odds = std::clamp(static_cast<double>(grounds.log_odds), least_log_odds, most_log_odds);
  const double plate = std::clamp(static_cast<double>(grounds.plate_score), 0.001, 0.999);
  double z =
      offset + odds_gain * log_odds +
      line_gain * std::max(static_cast<double>(grounds.line_log_probability), least_line_log_probability) +
      plate_gain * std::log(plate / (1 - plate));
  if (best.format == "unknown") z -= no_form_deduction;
  if (best.vrm.size() == 4) z -= four_characters_deduction;
  if (best.vrm.size() < 4) z -= fewer_deduction;
  if (best.vrm.find_first_of("0123456789") == std::string::npos) z -= no_digit_deduction;
  if (best.vrm.find_first_not_of("0123456789") == std::string::npos) z -= no_letter_deduction;
  return static_cast<float>(1 / (1 + std::exp(-z)));
}

}  // namespace wayside::read
