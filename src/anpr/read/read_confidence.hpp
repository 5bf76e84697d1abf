// How sure a read is, as a probability.
//
// Threads: pure functions.
#pragma once

#include <vector>

#include "wayside/anpr/read/plate_read.hpp"
#include "wayside/anpr/read/vrm_syntax.hpp"

namespace wayside::read {

// ranked: hypotheses of one candidate, each text once, best first, not empty. line_log_probability: of the
// reading that the best one comes from.
[[nodiscard]] ConfidenceGrounds grounds_of(const std::vector<VrmSyntax::Hypothesis>& ranked,
                                           double line_log_probability, float plate_score);

// 0 to 1: that `best` is exactly what is on a plate.
//
// A logistic function of the grounds, with deductions for texts of no known form, short ones and those
// without a digit, which is what signs and grilles give. It grows with each of the three.
// The numbers were fitted for networks before those that ship and are kept, because a new fit did no better
// (models/training/confidence makes one); models/manifest.toml says how well they hold now.
[[nodiscard]] float confidence_of(const VrmSyntax::Hypothesis& best, const ConfidenceGrounds& grounds);

}  // namespace wayside::read
