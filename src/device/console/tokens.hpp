// A line of the console taken apart into words.
//
// Words are parted by blanks. One that holds blanks is put in quotes: "A14 J31"; in quotes \" \\ \uXXXX and
// \UXXXXXXXX stand for characters, as in TOML. A bar outside quotes is a word of its own.
//
// Threads: pure. Failure: invalid_input, naming the column and what is expected.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside::console {

struct Token {
  std::string text;
  std::size_t at = 0;   // where it begins in the line, in bytes
  bool quoted = false;  // never an abbreviation, and may be empty
};

struct Tokens {
  std::vector<Token> words;
  // The line ends within the last word: neither a blank nor a closing quote is behind it.
  bool open = false;
};

inline constexpr std::size_t most_tokens = 256;

[[nodiscard]] Result<Tokens> tokenise(std::string_view line);
// The same of a line that is still being typed: a quote that is not closed yet is no failure.
[[nodiscard]] Result<Tokens> tokenise_typed(std::string_view line);
// Whether what is typed next stands within quotes.
[[nodiscard]] bool within_quotes(std::string_view line);

}  // namespace wayside::console
