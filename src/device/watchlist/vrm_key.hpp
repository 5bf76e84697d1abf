// A VRM as a number: 34 glyphs (0 and O are one, and so are 1 and I: the prescribed typeface has one shape
// for each pair), up to 12 places, in base 35. Changing one character is an addition.
//
// Threads: pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wayside::watchlist {

inline constexpr std::size_t longest_keyed_vrm = 12;
inline constexpr unsigned glyphs = 34;

// 0 to 33; of a letter or digit.
[[nodiscard]] constexpr unsigned glyph_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c == 'O') return 0;
  if (c == 'I') return 1;
  // A-H 10-17, J-N 18-22, P-Z 23-33
  const auto letter = static_cast<unsigned>(c - 'A');
  return 10 + letter - (c > 'I' ? 1U : 0U) - (c > 'O' ? 1U : 0U);
}
[[nodiscard]] constexpr char one_of_glyph(unsigned glyph) {
  constexpr std::string_view all = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  return all[glyph];
}
[[nodiscard]] constexpr bool is_vrm_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

inline constexpr std::array<std::uint64_t, longest_keyed_vrm> place_values = [] {
  std::array<std::uint64_t, longest_keyed_vrm> values{};
  std::uint64_t value = 1;
  for (std::size_t i = longest_keyed_vrm; i-- > 0; value *= glyphs + 1)
    values[i] = value;
  return values;
}();

// Of 1 to 12 letters and digits.
[[nodiscard]] constexpr std::uint64_t key_of(std::string_view vrm) {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < vrm.size(); ++i)
    key += (glyph_of(vrm[i]) + 1) * place_values[i];
  return key;
}
// Which of its places are letters that share their glyph with a digit: what the key leaves out.
[[nodiscard]] constexpr std::uint16_t letters_of(std::string_view vrm) {
  unsigned letters = 0;
  for (std::size_t i = 0; i < vrm.size(); ++i) {
    if (vrm[i] == 'O' || vrm[i] == 'I') letters |= 1U << i;
  }
  return static_cast<std::uint16_t>(letters);
}

}  // namespace wayside::watchlist
