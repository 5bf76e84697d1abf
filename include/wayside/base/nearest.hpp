// How unlike two words are, and the right word nearest to a wrong one, for messages that help.
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wayside {

// Levenshtein: the least number of characters put in, taken out or exchanged.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// Of `known`, the word with the smallest edit distance to `given`; empty where none is near: further off than
// two letters and than a third of the given word.
[[nodiscard]] std::string nearest(std::string_view given, const std::vector<std::string>& known);

}  // namespace wayside
