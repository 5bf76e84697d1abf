#include "src/device/console/tokens.hpp"

#include <optional>

#include <fmt/format.h>

#include "src/device/console/utf8.hpp"

namespace wayside::console {

namespace {

std::optional<char32_t> hex_value(std::string_view digits) {
  char32_t value = 0;
  for (const char c : digits) {
    const char32_t digit = c >= '0' && c <= '9'   ? static_cast<char32_t>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<char32_t>(c - 'a' + 10)
                           : c >= 'A' && c <= 'F' ? static_cast<char32_t>(c - 'A' + 10)
                                                  : 16;
    if (digit == 16) return std::nullopt;
    value = value << 4U | digit;
  }
  return value;
}

class Tokeniser {
 public:
  Tokeniser(std::string_view line, bool typed) : line_(line), typed_(typed) {}

  Result<Tokens> all() {
    while (true) {
      while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t'))
        ++at_;
      if (at_ == line_.size()) return std::move(out_);
      if (out_.words.size() == most_tokens) {
        return fail(ErrorCode::invalid_input,
                    fmt::format("the line has more than {} words: put what belongs together in quotes, or "
                                "use several commands",
                                most_tokens));
      }
      Token token;
      token.at = at_;
      if (line_[at_] == '|') {
        token.text = "|";
        ++at_;
        out_.open = false;
      } else if (line_[at_] == '"') {
        token.quoted = true;
        if (Status read = quoted(token.text); !read) return fail(read.error());
      } else if (Status read = plain(token.text); !read) {
        return fail(read.error());
      }
      out_.words.push_back(std::move(token));
    }
  }

 private:
  [[nodiscard]] tl::unexpected<Error> wrong(std::size_t at, std::string_view what) const {
    return fail(ErrorCode::invalid_input, fmt::format("column {}: {}", at + 1, what));
  }

  Status character(std::string& text) {
    const Utf8Character character = utf8_at(line_, at_);
    if (character.length == 0 || !is_text(character.point))
      return wrong(at_, "a character that is no text, perhaps noise on the line: type the line again");
    text += line_.substr(at_, character.length);
    at_ += character.length;
    return {};
  }

  Status plain(std::string& text) {
    out_.open = true;
    for (; at_ < line_.size() && line_[at_] != '|';) {
      if (line_[at_] == ' ' || line_[at_] == '\t') {
        out_.open = false;
        return {};
      }
      if (line_[at_] == '"')
        return wrong(at_, "a quote within a word: put the whole word in quotes, and \\\" for a quote in it");
      if (Status read = character(text); !read) return read;
    }
    if (at_ < line_.size()) out_.open = false;
    return {};
  }

  Status quoted(std::string& text) {
    const std::size_t begin = at_++;
    out_.open = true;
    while (at_ < line_.size()) {
      if (line_[at_] == '"') {
        ++at_;
        out_.open = false;
        if (at_ == line_.size() || line_[at_] == ' ' || line_[at_] == '\t' || line_[at_] == '|') return {};
        return wrong(at_, "a blank is expected behind a closing quote");
      }
      if (Status read = line_[at_] == '\\' ? escape(text) : character(text); !read) return read;
    }
    if (typed_) return {};
    return wrong(begin, "this quote is not closed: put a \" behind the last word that belongs to it");
  }

  Status escape(std::string& text) {
    constexpr std::string_view forms = R"(\" \\ \uXXXX or \UXXXXXXXX is expected)";
    const std::size_t begin = at_++;
    if (at_ == line_.size()) {
      if (typed_) return {};
      return wrong(begin, forms);
    }
    const char kind = line_[at_++];
    if (kind == '"' || kind == '\\') {
      text += kind;
      return {};
    }
    const std::size_t digits = kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    if (digits == 0) return wrong(begin, forms);
    const std::string_view hex = line_.substr(at_, digits);
    if (hex.size() < digits && typed_) {
      at_ = line_.size();
      return {};
    }
    const std::optional<char32_t> point = hex.size() == digits ? hex_value(hex) : std::nullopt;
    if (!point) return wrong(begin, forms);
    if (!is_text(*point)) return wrong(begin, "this stands for a control character, which no text may hold");
    append_utf8(text, *point);
    at_ += digits;
    return {};
  }

  std::string_view line_;
  bool typed_;
  std::size_t at_ = 0;
  Tokens out_;
};

}  // namespace

Result<Tokens> tokenise(std::string_view line) {
  return Tokeniser(line, false).all();
}

Result<Tokens> tokenise_typed(std::string_view line) {
  return Tokeniser(line, true).all();
}

bool within_quotes(std::string_view line) {
  bool within = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '"') {
      within = !within;
    } else if (line[at] == '\\' && within) {
      ++at;
    }
  }
  return within;
}

}  // namespace wayside::console
