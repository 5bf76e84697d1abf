// The right word nearest to a wrong one, for messages that help.
//
// Threads: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wayside {

// Of `known`, the word with the smallest edit distance to `given`; empty where none is near: further off than
// two letters and than a third of the given word.
[[nodiscard]] std::string nearest(std::string_view given, const std::vector<std::string>& known);

}  // namespace wayside
