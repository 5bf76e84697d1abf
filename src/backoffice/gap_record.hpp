// Gap records: documents in which a camera says which record numbers it will never send, and why.
//
// Threads: pure functions. Form: delivery/upload/https_api.md, "Gap records". Failure: invalid_input, a
// reason for the camera's log that names the field and never its value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wayside/backoffice/coverage.hpp"
#include "wayside/base/result.hpp"

namespace wayside::backoffice {

struct Gap {
  NumberRange numbers;
  GapReason reason = GapReason::damaged;
};

// Only a gap record has a key "schema": a document that has one is taken as such or not at all.
[[nodiscard]] bool is_gap_record(std::string_view document);

// The gaps told by the record of this number, which can tell only of numbers before its own. Never empty.
[[nodiscard]] Result<std::vector<Gap>> gaps_from(std::string_view document, std::uint64_t number);

}  // namespace wayside::backoffice
