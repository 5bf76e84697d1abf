#include "src/device/watchlist/match_index.hpp"

#include <bit>

namespace wayside::watchlist {

namespace {

void put_glyph(std::array<std::uint64_t, 2>& into, std::size_t place, std::uint64_t byte) {
  into[place / 8] |= byte << (8 * (place % 8));
}

bool same_glyph(char a, char b) {
  return is_vrm_character(a) && glyph_of(a) == glyph_of(b);
}

}  // namespace

void PatternTable::add(std::string_view vrm, LinePlace place, std::uint16_t weed_day) {
  Pattern pattern;
  pattern.place = place;
  pattern.weed_day = weed_day;
  pattern.size = static_cast<std::uint8_t>(vrm.size());
  std::copy(vrm.begin(), vrm.end(), pattern.text.begin());
  for (std::size_t i = 0; i < vrm.size(); ++i) {
    const char c = vrm[i];
    if (c == '*') pattern.any_number = true;
    if (!is_vrm_character(c)) pattern.wild = true;
    if (c != '*') ++pattern.least;
    if (!is_vrm_character(c)) continue;
    pattern.needed |= std::uint64_t{1} << glyph_of(c);
    if (pattern.any_number) continue;  // its place is not known
    put_glyph(pattern.glyphs, i, glyph_of(c) + 1);
    put_glyph(pattern.mask, i, 0xFF);
  }
  patterns_.push_back(pattern);
}

PatternTable::Text PatternTable::prepared(std::string_view text) {
  Text as;
  as.size = static_cast<std::uint8_t>(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    put_glyph(as.glyphs, i, glyph_of(text[i]) + 1);
    as.has |= std::uint64_t{1} << glyph_of(text[i]);
  }
  return as;
}

// The usual way: after a * that fits too early, it takes one character more.
bool PatternTable::fits(const Pattern& pattern, std::string_view text) {
  const std::string_view wanted(pattern.text.data(), pattern.size);
  std::size_t at = 0, in = 0;
  std::size_t star = std::string_view::npos, taken = 0;
  while (in < text.size()) {
    if (at < wanted.size() && wanted[at] == '*') {
      star = at++;
      taken = in;
    } else if (at < wanted.size() && (wanted[at] == '?' || same_glyph(wanted[at], text[in]))) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++taken;
    } else {
      return false;
    }
  }
  while (at < wanted.size() && wanted[at] == '*')
    ++at;
  return at == wanted.size();
}

void MatchIndex::add(std::string_view vrm, LinePlace place, std::uint16_t weed_day) {
  const bool wild = vrm.find_first_of("?*") != std::string_view::npos;
  if (wild || vrm.size() > longest_keyed_vrm) return patterns_.add(vrm, place, weed_day);
  rows_.push_back({key_of(vrm), place, weed_day, letters_of(vrm)});
}

void MatchIndex::finish() {
  std::sort(rows_.begin(), rows_.end(), [](const IndexRow& a, const IndexRow& b) {
    return a.key != b.key ? a.key < b.key : a.place < b.place;
  });
  // 16 bits an entry at least; four are set.
  const std::size_t words = std::bit_ceil(std::max<std::size_t>(2, rows_.size() / 4));
  filter_.assign(words, 0);
  shift_ = 64U - static_cast<unsigned>(std::countr_zero(words));
  for (const IndexRow& row : rows_) {
    const std::uint64_t hash = mixed(row.key);
    filter_[hash >> shift_] |= bits_of(hash);
  }
}

std::span<const IndexRow> MatchIndex::search(std::uint64_t key) const {
  const auto first = std::lower_bound(rows_.begin(), rows_.end(), key,
                                      [](const IndexRow& row, std::uint64_t k) { return row.key < k; });
  if (first == rows_.end() || first->key != key) return {};
  return {first, std::upper_bound(first, rows_.end(), key,
                                  [](std::uint64_t k, const IndexRow& row) { return k < row.key; })};
}

}  // namespace wayside::watchlist
