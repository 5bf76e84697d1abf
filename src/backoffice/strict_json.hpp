// JSON as the back office takes it: one object, no key twice in any object, no byte order mark and no NUL.
//
// Threads: any. Failure: invalid_input, a reason for the camera's log that repeats nothing of the text.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "wayside/base/result.hpp"

namespace wayside::backoffice {

// `what` opens the reason: "the document".
[[nodiscard]] Result<nlohmann::json> parse_object(std::string_view text, std::string_view what);

}  // namespace wayside::backoffice
