// From the network's columns to the texts they can mean (connectionist temporal classification, Graves et al.
// 2006: a text is the sum of all ways to spread its characters over the columns, blanks and repeats between
// them).
//
// Threads: pure functions. Probabilities are natural logarithms where named so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/anpr/read/plate_read.hpp"

#include "text_engine.hpp"

namespace wayside::read {

// One way to take the line: how many characters it has, and what each could be.
struct LineReading {
  std::string text;  // the likeliest of this length
  std::vector<CharacterPosition>
      positions;  // each given that the others are as in text, best first, adding up to at most 1
  double log_probability = 0;  // of text, given the columns
};

// Likeliest first, each of another length, at most `most`: a bolt taken for a 1, or two 1s for one, is a
// matter of length. Empty where the columns show no character.
[[nodiscard]] std::vector<LineReading> readings_of(const std::vector<Column>& columns, std::size_t most);

// Of any text of our characters, by all ways to place it; minus infinity where it has more characters than
// columns fit.
[[nodiscard]] double log_probability(const std::vector<Column>& columns, std::string_view text);

}  // namespace wayside::read
