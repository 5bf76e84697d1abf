#include "wayside/device/console/printable.hpp"

#include <fmt/format.h>

#include "src/device/console/utf8.hpp"

namespace wayside::console {

namespace {

std::string shown(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte >= 0x20 && byte < 0x7f) || (lines && byte == '\n')) {
      out += text[at++];
      continue;
    }
    const Utf8Character character = utf8_at(text, at);
    if (character.length == 0) {
      out += fmt::format("\\x{:02x}", byte);
      ++at;
    } else {
      const auto point = static_cast<std::uint32_t>(character.point);
      out += point > 0xffff ? fmt::format("\\U{:08x}", point) : fmt::format("\\u{:04x}", point);
      at += character.length;
    }
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return shown(text, false);
}

std::string printable_lines(std::string_view text) {
  return shown(text, true);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (first) {
      column = indent + word.size();
    } else if (column + 1 + word.size() > width) {
      out += '\n';
      out.append(indent, ' ');
      column = indent + word.size();
    } else {
      out += ' ';
      column += 1 + word.size();
    }
    out += word;
    first = false;
  }
  return out;
}

}  // namespace wayside::console
