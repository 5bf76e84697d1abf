// How sure a read is, as a probability.
//
// Threads: pure function.
#pragma once

#include <vector>

#include "wayside/anpr/read/vrm_syntax.hpp"

namespace wayside::read {

struct ReadEvidenceScores {
  double line_log_probability =
      0;                   // of the reading that the best hypothesis comes from: is this text at all?
  double plate_score = 0;  // of the candidate, 0 to 1: is this a plate at all?
};

// 0 to 1: that ranked.front() is exactly what is on a plate. ranked: hypotheses of one candidate, each text
// once, best first, not empty.
//
// A logistic function of the best hypothesis' odds against all others, the line's probability and the plate's
// score, with deductions for texts of no known form, short ones and those without a digit, which is what
// signs and grilles give. It grows with each of the three. Fitted, for networks before those that ship, to
// 713 finds: those at the labels of 216 photographs of UK plates, at 296 plates drawn into street pictures,
// and all in 950 street pictures without plates. How well it holds stands in models/manifest.toml.
[[nodiscard]] float confidence_of(const std::vector<VrmSyntax::Hypothesis>& ranked,
                                  const ReadEvidenceScores& scores);

}  // namespace wayside::read
