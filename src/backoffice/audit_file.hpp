// What an office's own part has done, a JSON object a line in audit.jsonl of its folder: durable before it
// counts as done.
//
// Threads: any, of several programs; a line is written whole. Failure: io, naming the file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

// With the time and `what` added; the folder is made where it is not there yet.
[[nodiscard]] Status put_on_record(const std::filesystem::path& folder, UtcTime now, std::string_view what,
                                   const nlohmann::json& more);

// Whoever runs this program, for what is done by hand.
[[nodiscard]] std::string operator_name();

}  // namespace wayside::backoffice
