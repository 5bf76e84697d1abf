#include "src/device/watchlist/read_likeness.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace wayside::watchlist {

namespace {

// Those that models/vrm holds alike; 0/O and 1/I are one glyph here.
constexpr std::string_view alike[] = {"0DQ", "2Z", "5S", "6G", "8B"};
constexpr double share_of_alike = 0.8;
// Nothing is divided by less: a character that the syntax chose against the picture.
constexpr double least_right = 0.05;

// Of a character that was taken for another without a guess, how often for each. By glyph, of both.
using Shares = std::array<std::array<double, glyphs>, glyphs>;
Shares make_shares() {
  Shares shares{};
  for (unsigned from = 0; from < glyphs; ++from) {
    std::array<bool, glyphs> is_alike{};
    double others = 0;
    for (const std::string_view group : alike) {
      if (group.find(one_of_glyph(from)) == std::string_view::npos) continue;
      for (const char c : group) {
        if (glyph_of(c) == from) continue;
        is_alike[glyph_of(c)] = true;
        ++others;
      }
    }
    const double rest = glyphs - 1 - others;
    for (unsigned to = 0; to < glyphs; ++to) {
      if (to == from) continue;
      shares[from][to] = others == 0    ? 1 / rest
                         : is_alike[to] ? share_of_alike / others
                                        : (1 - share_of_alike) / rest;
    }
  }
  return shares;
}

double bounded(float probability) {
  return std::isfinite(probability) ? std::clamp(static_cast<double>(probability), 0.0, 1.0) : 0.0;
}

}  // namespace

Ratios ratios_at(const WatchedRead& read, std::size_t text, std::size_t place) {
  static const Shares shares = make_shares();
  const std::string& vrm = read.texts[text].vrm;
  const unsigned here = glyph_of(vrm[place]);
  Ratios out{};
  double right = std::pow(bounded(read.texts[text].probability), 1.0 / static_cast<double>(vrm.size()));
  double guessed = 0;
  const bool as_first = vrm.size() == read.texts.front().vrm.size();
  if (text == 0 && read.guesses.size() == vrm.size()) {
    for (const WatchedCharacter& guess : read.guesses[place]) {
      if (!is_vrm_character(guess.character)) continue;
      out[glyph_of(guess.character)] += bounded(guess.probability);
      guessed += bounded(guess.probability);
    }
    right = out[here];
  } else if (as_first && read.character_confidences.size() == vrm.size() &&
             vrm[place] == read.texts.front().vrm[place]) {
    right = bounded(read.character_confidences[place]);
    guessed = right;
  } else {
    guessed = right;
  }
  const double left = std::max(0.0, 1 - guessed);
  for (unsigned glyph = 0; glyph < glyphs; ++glyph) {
    out[glyph] = (out[glyph] + left * shares[here][glyph]) / std::max(right, least_right);
  }
  out[here] = 1;
  return out;
}

}  // namespace wayside::watchlist
