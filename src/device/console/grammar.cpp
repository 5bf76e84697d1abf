#include "src/device/console/grammar.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/base/nearest.hpp"
#include "wayside/device/console/printable.hpp"

#include "src/device/console/tokens.hpp"

namespace wayside::console {

namespace {

// A word as typed, cut where it would fill the screen.
std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  return text.size() > most ? printable(text.substr(0, most)) + "..." : printable(text);
}

bool exists_for(const Node& node, const Who& who) {
  return (node.roles & static_cast<unsigned>(who.role)) != 0 &&
         (node.modes & static_cast<unsigned>(who.mode)) != 0;
}

std::vector<const Node*> next_of(const Node& node, const Who& who) {
  std::vector<const Node*> all;
  if (node.again) all.push_back(&node);
  for (const Node& next : node.next) {
    if (exists_for(next, who)) all.push_back(&next);
  }
  return all;
}

std::vector<std::string> words_of(const std::vector<const Node*>& nodes) {
  std::vector<std::string> all;
  for (const Node* node : nodes)
    all.push_back(node->is_value ? node->form : node->word);
  return all;
}

struct Step {
  const Node* node = nullptr;
  std::vector<const Node*> candidates;  // where more than one word begins so
};

Step step(const Node& at, const Token& token, const Who& who) {
  const std::vector<const Node*> next = next_of(at, who);
  Step out;
  if (!token.quoted) {
    for (const Node* node : next) {
      if (node->is_value || node->word.rfind(token.text, 0) != 0) continue;
      if (node->word == token.text) return {node, {}};
      out.candidates.push_back(node);
    }
    if (out.candidates.size() == 1) return {out.candidates.front(), {}};
    if (out.candidates.size() > 1) return out;
  }
  for (const Node* node : next) {
    if (node->is_value && (!node->takes || node->takes(token.text))) return {node, {}};
  }
  for (const Node* node : next) {
    if (token.quoted && !node->is_value && node->word == token.text) return {node, {}};
  }
  return out;
}

// Why a word is none here: one that exists in another mode is told.
std::string hint(const Node& at, const Token& token, const Who& who) {
  Who other = who;
  other.mode = who.mode == Mode::operational ? Mode::configure : Mode::operational;
  if (!token.quoted && step(at, token, other).node != nullptr) {
    return who.mode == Mode::operational ? "type \"configure\" first" : "type \"exit\" first";
  }
  std::vector<std::string> known;
  for (const Node* node : next_of(at, who)) {
    if (!node->is_value) known.push_back(node->word);
  }
  const std::string near = nearest(token.text, known);
  return near.empty() ? "type ? to see what there is" : fmt::format("did you mean \"{}\"?", near);
}

Error unknown(const Node& at, const Token& token, const Step& stepped, const Who& who,
              const std::vector<std::string>& before) {
  const std::string where =
      before.empty() ? std::string()
                     : fmt::format(" behind \"{}\"", shown(fmt::format("{}", fmt::join(before, " "))));
  if (!stepped.candidates.empty()) {
    return {ErrorCode::invalid_input, fmt::format("\"{}\"{} may be {}: type more of it", shown(token.text),
                                                  where, fmt::join(words_of(stepped.candidates), ", "))};
  }
  const std::vector<const Node*> next = next_of(at, who);
  if (next.empty()) {
    return {ErrorCode::invalid_input,
            fmt::format("\"{}\"{} is too much: the command ends before it{}", shown(token.text), where,
                        at.is_value ? "; put a value that holds blanks in quotes" : "")};
  }
  if (next.size() == 1 && next.front()->is_value) {
    return {ErrorCode::invalid_input,
            fmt::format("\"{}\"{} is not {}, which is expected for {}", shown(token.text), where,
                        next.front()->form, next.front()->word)};
  }
  return {ErrorCode::invalid_input, fmt::format("\"{}\"{} is no word that may stand there: {}",
                                                shown(token.text), where, hint(at, token, who))};
}

Error incomplete(const Node& at, const Who& who, const std::vector<std::string>& before) {
  constexpr std::size_t most = 8;
  std::vector<std::string> words = words_of(next_of(at, who));
  const bool more = words.size() > most;
  if (more) words.resize(most);
  return {ErrorCode::invalid_input,
          fmt::format("\"{}\" goes on with {}{}{}", shown(fmt::format("{}", fmt::join(before, " "))),
                      words.size() > 1 ? "one of " : "", fmt::join(words, ", "),
                      more ? ", and more: type ?" : "")};
}

struct Walk {
  const Node* at = nullptr;  // null: a word before the last is none
  std::string last;          // the word under way
  bool quoted = false;
};

// To where the word under way begins.
Walk walk(const Node& tree, std::string_view line, const Who& who) {
  const Result<Tokens> tokens = tokenise_typed(line);
  if (!tokens) return {};
  Walk out{&tree, {}, false};
  for (std::size_t i = 0; i < tokens->words.size(); ++i) {
    const Token& token = tokens->words[i];
    if (i + 1 == tokens->words.size() && tokens->open) {
      out.last = token.text;
      out.quoted = token.quoted;
      return out;
    }
    out.at = step(*out.at, token, who).node;
    if (out.at == nullptr) return {};
  }
  return out;
}

std::vector<const Node*> fitting(const Walk& walk, const Who& who) {
  std::vector<const Node*> fit;
  for (const Node* node : next_of(*walk.at, who)) {
    if (node->is_value ? !walk.last.empty() || walk.quoted
                       : walk.quoted || node->word.rfind(walk.last, 0) != 0)
      continue;
    fit.push_back(node);
  }
  if (!fit.empty()) return fit;
  for (const Node* node : next_of(*walk.at, who)) {
    if (node->is_value) fit.push_back(node);
  }
  return fit;
}

}  // namespace

Result<Resolved> resolve(const Node& tree, std::string_view line, const Who& who) {
  const Result<Tokens> tokens = tokenise(line);
  if (!tokens) return fail(tokens.error());
  Resolved out;
  const Node* at = &tree;
  for (const Token& token : tokens->words) {
    const Step stepped = step(*at, token, who);
    if (stepped.node == nullptr) return fail(unknown(*at, token, stepped, who, out.words));
    at = stepped.node;
    out.words.push_back(at->is_value ? token.text : at->word);
  }
  out.command = at->command;
  if (out.command == Command::none && !out.words.empty()) return fail(incomplete(*at, who, out.words));
  return out;
}

std::string help_for(const Node& tree, std::string_view line, const Who& who) {
  const Walk walked = walk(tree, line, who);
  if (walked.at == nullptr) {
    const Result<Resolved> wrong = resolve(tree, line, who);
    return wrong ? "There is nothing to say about this line.\n" : wrapped(wrong.error().message, 0) + "\n";
  }
  std::string out;
  const auto row = [&](std::string_view word, const std::string& help) {
    constexpr std::size_t column = 24;
    std::string head = fmt::format("  {:<20}", word);
    if (head.size() >= column) head += "\n" + std::string(column, ' ');
    head.resize(std::max(head.size(), column), ' ');
    out += head + wrapped(help, column) + "\n";
  };
  for (const Node* node : fitting(walked, who)) {
    if (!node->is_value) {
      row(node->word, printable(node->help));
      continue;
    }
    std::string help = node->form;
    if (!node->help.empty()) help += ". " + node->help;
    row("<" + node->word + ">", printable(help));
  }
  if (walked.at->command != Command::none && walked.last.empty() && !walked.quoted) row("<Enter>", "Do it");
  if (out.empty()) return "  No word begins so here.\n";
  return out;
}

Completion complete(const Node& tree, std::string_view line, const Who& who) {
  const Walk walked = walk(tree, line, who);
  if (walked.at == nullptr || walked.quoted) return {};
  std::vector<std::string> words;
  for (const Node* node : next_of(*walked.at, who)) {
    if (!node->is_value && node->word.rfind(walked.last, 0) == 0) words.push_back(node->word);
  }
  if (words.empty()) return {};
  if (words.size() == 1) return {words.front().substr(walked.last.size()) + " ", {}};
  std::string common = words.front();
  for (const std::string& word : words) {
    const auto differ = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
    common.resize(static_cast<std::size_t>(differ.first - common.begin()));
  }
  if (common.size() > walked.last.size()) return {common.substr(walked.last.size()), {}};
  return {{}, std::move(words)};
}

}  // namespace wayside::console
