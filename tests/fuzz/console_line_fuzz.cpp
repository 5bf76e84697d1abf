// Lines of the console: words, commands, help, completion; and the bytes a line editor gets of a terminal's.
#include "wayside/device/console/printable.hpp"

#include "src/device/console/grammar.hpp"
#include "src/device/console/key_filter.hpp"
#include "src/device/console/tokens.hpp"
#include "src/device/console/utf8.hpp"
#include "tests/doubles/console_services.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace wayside;
using namespace wayside::console;
using namespace wayside::fuzz;

bool is_ascii_text(std::string_view text, bool lines) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return (c >= 0x20 && c <= 0x7e) || (lines && c == '\n'); });
}

void look_at(const Node& tree, const std::string& line, const Who& who) {
  const Result<Resolved> resolved = resolve(tree, line, who);
  if (!resolved) {
    require_good(resolved.error());
    require(is_ascii_text(printable(resolved.error().message), false), "an error can be shown");
  } else {
    require(resolved->command != Command::none || resolved->words.empty(),
            "a line that is taken does something");
  }
  const std::string help = help_for(tree, line, who);
  require(!help.empty() && is_ascii_text(help, true), "help is text");
  const Completion completion = complete(tree, line, who);
  require(is_ascii_text(completion.added, false), "what is added is text");
  require(completion.added.empty() || completion.choices.empty(), "it adds, or lists");
  if (completion.added.empty() || completion.added.back() != ' ') return;
  const std::string whole = line + completion.added;
  require(help_for(tree, whole, who).find("is no word") == std::string::npos, "a completed word is a word");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Node tree = command_tree(doubles::MemoryConfiguration().keys());
  const std::string line(text_of(data, size));
  for (const ConsoleRole role : {ConsoleRole::installer, ConsoleRole::operator_, ConsoleRole::auditor}) {
    for (const Mode mode : {Mode::operational, Mode::configure})
      look_at(tree, line, {role, mode});
  }
  const Result<Tokens> tokens = tokenise(line);
  if (tokens) {
    for (const Token& token : tokens->words)
      require(is_plain_text(token.text), "a word is valid UTF-8 without control characters");
  } else {
    require_good(tokens.error());
  }
  require(is_ascii_text(printable(line), false) && is_ascii_text(printable_lines(line), true),
          "what is shown is text");
  require(is_ascii_text(wrapped(printable(line), 4, 79), true), "so is what is wrapped");
  KeyFilter filter;
  for (const char c : line) {
    const auto key = filter.take(static_cast<unsigned char>(c));
    if (!key) continue;
    constexpr std::string_view allowed("\x01\x02\x03\x04\x05\x06\x08\x09\x0a\x0b\x0e\x10\x15\x17\x7f");
    require(is_text(static_cast<char32_t>(*key)) ||
                (*key < 0x80 && allowed.find(static_cast<char>(*key)) != std::string_view::npos),
            "an editor gets text and the keys that it knows");
  }
  return 0;
}
