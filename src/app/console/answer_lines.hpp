// The daemon's answers as a person reads them.
//
// Threads: pure. What is missing in an answer, or of another kind than control_answer.md says, is left
// out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace wayside::app {

// what: "health", "queue", "clock", "authority", "privacy", "watch_lists", "counters".
[[nodiscard]] std::vector<std::string> lines_of_answer(std::string_view what, const nlohmann::json& answer);

// Why the office is not heard, and what to do; empty: it is. queue: the answer to the task of that name;
// heard: it has taken a heartbeat.
[[nodiscard]] std::string link_problem(const nlohmann::json& queue, bool heard);

}  // namespace wayside::app
