// What a list is asked about one read, and what it answers.
//
// Threads: plain values. No picture and no record: whoever joins this to the recognition fills it.
//
// How sure. A hit's probability is that the vehicle bears a VRM that the entry asks for, given the read:
//  - exact and same_glyphs: that of the text, as the recognition gives it;
//  - one_character: P(text) * s / q. q is the probability that the character which stands at the place is
//    right, s that it is the entry's: as the recognition gives it among the place's guesses; what is left
//    over there goes to the characters that are taken for one another (four fifths, in equal shares) and to
//    all others (the rest); never more than the text's own, nor than what the text leaves;
//  - wildcard: the sum over the texts that fit.
// The shares are this project's estimate. Below `least_probability` nothing is a hit: among a million entries
// nearly every VRM has one that differs in one character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/device/clock/time_bounds.hpp"

namespace wayside {

struct WatchedCharacter {
  char character = 0;
  float probability = 0;
};

struct WatchedText {
  std::string vrm;  // A-Z and 0-9; anything else matches nothing
  float probability = 0;
};

struct WatchedRead {
  static constexpr std::size_t most_texts = 8;  // further ones are left out
  std::vector<WatchedText> texts;               // the read, then its alternatives, each once
  // Of the first text, or none: the guesses at each place, or just how sure its character is.
  std::vector<std::vector<WatchedCharacter>> guesses;
  std::vector<float> character_confidences;
};

enum class MatchKind : std::uint8_t {
  exact,
  same_glyphs,    // but for 0 and O, 1 and I, which have one shape each on a plate
  one_character,  // differs in one place, besides such
  wildcard,
};
[[nodiscard]] std::string_view to_string(MatchKind kind);  // "one_character"

struct WatchHit {
  std::uint32_t place = 0;  // of the entry in its list: what WatchList::entry() takes
  MatchKind kind = MatchKind::exact;
  std::size_t text = 0;                        // which of the read's texts; of a wild card the likeliest
  std::optional<std::size_t> differing_place;  // of one_character, from 0
  double probability = 0;
};

struct WatchAnswer {
  enum class State {
    in_force,
    not_yet_valid,  // or not for certain
    ended,
    clock_unsure,  // whether the list has ended
  };
  static constexpr std::size_t most_hits = 32;
  State state = State::in_force;
  std::vector<WatchHit> hits;  // likeliest first; of each entry one; none where the list is not in force
  std::size_t more = 0;        // hits beyond most_hits
  // Entries that would be hits but for the clock: it cannot be told whether they are weeded.
  std::size_t withheld = 0;
};
[[nodiscard]] std::string_view to_string(WatchAnswer::State state);

struct WatchMatching {
  double least_probability = 0.02;
};

}  // namespace wayside
