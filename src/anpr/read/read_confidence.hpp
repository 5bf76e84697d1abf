// How sure a read is, as a probability.
//
// Threads: pure function.
#pragma once

#include <vector>

#include "wayside/anpr/read/vrm_syntax.hpp"

namespace wayside::read {

// 0 to 1: that ranked.front() is exactly what is on a plate. ranked: hypotheses of one candidate, best first,
// not empty.
//
// A logistic function of the best hypothesis' share among all of them, with deductions for texts of no known
// form and for very short ones, which is what shop signs and grilles mostly give. Fitted with the stock model
// to the 404 candidates that 216 photographs of UK plates gave and the 30 that 65 pictures without plates
// gave. On the former, exact were 91 % of those from 0.8 on (n = 105), 79 % from 0.6 (33), 45 % from 0.4
// (29), 29 % from 0.2 (45), none below (192). Fitted and stated on the same pictures: another model, or a
// roadside camera, needs its own fit.
[[nodiscard]] float confidence_of(const std::vector<VrmSyntax::Hypothesis>& ranked);

}  // namespace wayside::read
