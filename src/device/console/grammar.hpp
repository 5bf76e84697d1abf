// What a line means, what may come next, and how it may be completed: for the words typed so far and whoever
// is logged in.
//
// A word may be shortened as long as only one begins so. Threads: pure. Failure: invalid_input, naming the
// word, what is expected, and what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

#include "src/device/console/command_tree.hpp"

namespace wayside::console {

struct Who {
  ConsoleRole role = ConsoleRole::auditor;
  Mode mode = Mode::operational;
};

struct Resolved {
  Command command = Command::none;
  std::vector<std::string> words;  // words whole, values as typed
};

[[nodiscard]] Result<Resolved> resolve(const Node& tree, std::string_view line, const Who& who);

// Lines of help for what may stand behind `line`, or complete its last word.
[[nodiscard]] std::string help_for(const Node& tree, std::string_view line, const Who& who);

struct Completion {
  std::string added;                 // what to put behind `line`
  std::vector<std::string> choices;  // where more than one word fits and nothing was added
};
[[nodiscard]] Completion complete(const Node& tree, std::string_view line, const Who& who);

}  // namespace wayside::console
