// UTF-8 (RFC 3629) one character at a time.
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wayside::console {

struct Utf8Character {
  char32_t point = 0;
  std::size_t length = 0;  // 0: no valid UTF-8 begins there
};

[[nodiscard]] Utf8Character utf8_at(std::string_view text, std::size_t at);
[[nodiscard]] bool is_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t point);
// Neither control characters (C0, DEL, C1), surrogates nor what is beyond Unicode.
[[nodiscard]] bool is_text(char32_t point);

}  // namespace wayside::console
