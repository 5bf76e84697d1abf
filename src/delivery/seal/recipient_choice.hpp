// Who a record is sealed to at a given time, and what is wrong with that.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wayside/base/time.hpp"
#include "wayside/delivery/seal/keys.hpp"

namespace wayside::seal {

// Those whose key is valid, full views first, then texts, then pseudonyms, at most most_boxes; pseudonyms
// only where the record has one. Without a time all count as valid.
[[nodiscard]] std::vector<const Recipient*> choose(const std::vector<Recipient>& all,
                                                   std::optional<UtcTime> now, bool with_pseudonym);

// One sentence, or more, each with what to do; empty where all is well. Nobody may see a whole record; soon
// nobody will; more keys are valid than a record has boxes.
[[nodiscard]] std::string problem_with(const std::vector<Recipient>& all, std::optional<UtcTime> now);

}  // namespace wayside::seal
