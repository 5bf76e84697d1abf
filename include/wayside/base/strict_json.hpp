// JSON as camera and back office take it from each other: one object, no key twice in any object, no byte
// order mark and no NUL, so that every parser reads the same in it.
//
// Threads: any. Failure: invalid_input, a reason for a log that repeats nothing of the text.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "wayside/base/result.hpp"

namespace wayside {

// `what` opens the reason: "the document".
[[nodiscard]] Result<nlohmann::json> parse_object(std::string_view text, std::string_view what);

}  // namespace wayside
