// How sure a read is, as a probability.
#pragma once

#include <vector>

#include "wayside/anpr/read/vrm_syntax.hpp"

namespace wayside::read {

// 0 to 1: that ranked.front() is exactly what is on a plate. ranked: hypotheses of one candidate, best first,
// not empty.
//
// A logistic function of the best hypothesis' share among all of them, with deductions for texts of no known
// form and for very short ones, which is what shop signs and grilles mostly give. Fitted to the 404
// candidates that 216 photographs of UK plates gave and the 30 that 65 pictures without plates gave (stock
// model, 148 exact): of reads from 0.9 on, 96 % were exact (n = 79), from 0.6 to 0.9, 80 % (n = 59), from 0.2
// to 0.6, 41 % (n = 63), below, none (n = 233).
[[nodiscard]] float confidence_of(const std::vector<VrmSyntax::Hypothesis>& ranked);

}  // namespace wayside::read
