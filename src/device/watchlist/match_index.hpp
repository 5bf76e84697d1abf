// The VRMs of a list in memory, so that any can be found: 16 bytes an entry, and 2 to 4 for a filter that
// says of most texts at once that they are not there. With wild cards, or longer than 12 characters: a table
// that is gone through.
//
// A read with one doubtful character asks for 230 texts or so, nearly all of them on no list. Measured with
// 1,000,000 entries on one core: 119 us by searching for each, 25 us by two sorted arrays of which one must
// hold the right half, 13 us with the filter, which takes the least memory too.
//
// Threads: filled by one; then any. Memory is wiped when it goes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wayside/base/wiped.hpp"

#include "src/device/watchlist/vrm_key.hpp"

namespace wayside::watchlist {

// Where an entry's line begins among the list's lines.
using LinePlace = std::uint32_t;

struct IndexRow {
  std::uint64_t key = 0;
  LinePlace place = 0;
  std::uint16_t weed_day = 0;  // of 1970-01-01; 0: never
  std::uint16_t letters = 0;
};
static_assert(sizeof(IndexRow) == 16);

class PatternTable {
 public:
  struct Pattern {
    std::array<std::uint64_t, 2> glyphs{};  // up to the first *, a byte a place
    std::array<std::uint64_t, 2> mask{};    // 0xFF where it is a letter or digit
    std::uint64_t needed = 0;               // a bit a glyph
    LinePlace place = 0;
    std::uint16_t weed_day = 0;
    std::uint8_t least = 0;  // characters that a text must have
    std::uint8_t size = 0;
    std::array<char, 16> text{};
    bool wild = false;
    bool any_number = false;  // has a *
  };
  void add(std::string_view vrm, LinePlace place, std::uint16_t weed_day);
  [[nodiscard]] std::size_t size() const { return patterns_.size(); }
  [[nodiscard]] std::size_t bytes() const { return patterns_.capacity() * sizeof(Pattern); }
  // Calls on_match(pattern) for each that the text fits: 1 to 16 letters and digits.
  template <class OnMatch>
  void find(std::string_view text, const OnMatch& on_match) const {
    const Text as = prepared(text);
    for (const Pattern& pattern : patterns_) {
      if ((((as.glyphs[0] ^ pattern.glyphs[0]) & pattern.mask[0]) |
           ((as.glyphs[1] ^ pattern.glyphs[1]) & pattern.mask[1])) != 0 ||
          (pattern.needed & ~as.has) != 0 || as.size < pattern.least)
        continue;
      if (pattern.any_number ? fits(pattern, text) : as.size == pattern.size) on_match(pattern);
    }
  }

 private:
  struct Text {
    std::array<std::uint64_t, 2> glyphs{};
    std::uint64_t has = 0;
    std::uint8_t size = 0;
  };
  [[nodiscard]] static Text prepared(std::string_view text);
  [[nodiscard]] static bool fits(const Pattern& pattern, std::string_view text);
  WipedVector<Pattern> patterns_;
};

class MatchIndex {
 public:
  void reserve(std::size_t entries) { rows_.reserve(entries); }
  void add(std::string_view vrm, LinePlace place, std::uint16_t weed_day);
  void finish();  // once, before anything is found

  // The rows of this key.
  [[nodiscard]] std::span<const IndexRow> find(std::uint64_t key) const {
    const std::uint64_t hash = mixed(key);
    const std::uint64_t bits = bits_of(hash);
    if ((filter_[hash >> shift_] & bits) != bits) return {};
    return search(key);
  }
  [[nodiscard]] const PatternTable& patterns() const { return patterns_; }
  [[nodiscard]] std::size_t bytes() const {
    return rows_.capacity() * sizeof(IndexRow) + filter_.capacity() * sizeof(std::uint64_t) +
           patterns_.bytes();
  }

 private:
  [[nodiscard]] static std::uint64_t mixed(std::uint64_t key) {
    constexpr std::uint64_t odd = 0xD6E8FEB86659FD93ULL;
    key = (key ^ key >> 32U) * odd;
    key = (key ^ key >> 32U) * odd;
    return key ^ key >> 32U;
  }
  // Four bits of one word: a look into the filter is one look into memory.
  [[nodiscard]] static std::uint64_t bits_of(std::uint64_t hash) {
    const auto bit = [&](unsigned from) { return std::uint64_t{1} << (hash >> from & 63U); };
    return bit(0) | bit(6) | bit(12) | bit(18);
  }
  [[nodiscard]] std::span<const IndexRow> search(std::uint64_t key) const;

  WipedVector<IndexRow> rows_;
  WipedVector<std::uint64_t> filter_;
  unsigned shift_ = 0;
  PatternTable patterns_;
};

}  // namespace wayside::watchlist
