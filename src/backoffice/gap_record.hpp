// Gap records: in which a camera says which record numbers it will never send, and why.
//
// Threads: pure functions. Form: the gap list of delivery/queue/record_format.md. Failure: invalid_input, a
// reason for the camera's log that names the field and never its value.
#pragma once

#include <vector>

#include "wayside/backoffice/coverage.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::backoffice {

struct Gap {
  NumberRange numbers;
  GapReason reason = GapReason::damaged;
};

// The gaps told by the record of this number, which can tell only of numbers before its own. Never empty.
[[nodiscard]] Result<std::vector<Gap>> gaps_from(ByteView list, std::uint64_t number);

}  // namespace wayside::backoffice
