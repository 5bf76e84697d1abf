#include "src/device/console/key_filter.hpp"

#include <string_view>

#include "src/device/console/utf8.hpp"

namespace wayside::console {

namespace {

constexpr wchar_t control(char letter) {
  return static_cast<wchar_t>(letter - '@');
}

// begin, left, cancel, delete, end, right, backspace, tab, line end, to the end, next, previous, all, word.
constexpr std::string_view control_keys("\x01\x02\x03\x04\x05\x06\x08\x09\x0a\x0b\x0e\x10\x15\x17\x7f");

}  // namespace

void KeyFilter::reset() {
  state_ = State::text;
  sequence_.clear();
  letter_.clear();
}

std::optional<wchar_t> KeyFilter::take(unsigned char byte) {
  constexpr unsigned char escape = 0x1b;
  if (byte == '\n' || byte == key_cancel) {
    reset();
    return static_cast<wchar_t>(byte);
  }
  if (byte == escape) {
    reset();
    state_ = State::escape;
    return std::nullopt;
  }
  if (state_ != State::text) return escaped(byte);
  if (byte < 0x20 || byte == 0x7f) {
    letter_.clear();
    if (control_keys.find(static_cast<char>(byte)) == std::string_view::npos) return std::nullopt;
    return static_cast<wchar_t>(byte);
  }
  if (byte < 0x80) {
    letter_.clear();
    return static_cast<wchar_t>(byte);
  }
  const bool begins = byte >= 0xc0;
  if (begins) letter_.clear();
  if (!begins && letter_.empty()) return std::nullopt;
  letter_ += static_cast<char>(byte);
  const Utf8Character character = utf8_at(letter_, 0);
  if (character.length == letter_.size()) {
    letter_.clear();
    if (!is_text(character.point)) return std::nullopt;
    return static_cast<wchar_t>(character.point);
  }
  if (letter_.size() >= 4) letter_.clear();
  return std::nullopt;
}

std::optional<wchar_t> KeyFilter::escaped(unsigned char byte) {
  constexpr std::size_t longest = 16;
  if (state_ == State::escape) {
    // Behind "ESC O" stands a letter, behind "ESC [" figures and a letter; any other key is none of ours.
    state_ = byte == '[' || byte == 'O' ? State::sequence : State::text;
    return std::nullopt;
  }
  if (byte < 0x40 || byte > 0x7e) {
    sequence_ += static_cast<char>(byte);
    if (byte < 0x20 || byte > 0x7e || sequence_.size() == longest) reset();
    return std::nullopt;
  }
  const std::string figures = sequence_;
  reset();
  switch (byte) {
    case 'A':
      return control('P');
    case 'B':
      return control('N');
    case 'C':
      return control('F');
    case 'D':
      return control('B');
    case 'H':
      return control('A');
    case 'F':
      return control('E');
    case '~':
      if (figures == "1" || figures == "7") return control('A');
      if (figures == "4" || figures == "8") return control('E');
      if (figures == "3") return control('D');
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace wayside::console
