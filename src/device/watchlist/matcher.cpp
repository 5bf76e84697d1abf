#include "src/device/watchlist/matcher.hpp"

#include <algorithm>
#include <cmath>

#include "src/device/watchlist/read_likeness.hpp"

namespace wayside {

std::string_view to_string(MatchKind kind) {
  switch (kind) {
    case MatchKind::exact:
      return "exact";
    case MatchKind::same_glyphs:
      return "same_glyphs";
    case MatchKind::one_character:
      return "one_character";
    case MatchKind::wildcard:
      return "wildcard";
  }
  return "unknown";
}

std::string_view to_string(WatchAnswer::State state) {
  switch (state) {
    case WatchAnswer::State::in_force:
      return "in_force";
    case WatchAnswer::State::not_yet_valid:
      return "not_yet_valid";
    case WatchAnswer::State::ended:
      return "ended";
    case WatchAnswer::State::clock_unsure:
      return "clock_unsure";
  }
  return "unknown";
}

}  // namespace wayside

namespace wayside::watchlist {

namespace {

using State = WatchAnswer::State;

// A list may hold one VRM a thousand times; what a person looks at ends long before.
constexpr std::size_t most_found = 4096;

// It is that date in the United Kingdom, where in summer a day begins at 23:00 UTC of the day before.
UtcTime weeds_at(std::uint16_t day) {
  return UtcTime{} + (std::chrono::days(day) - std::chrono::hours(1));
}

State state_of(const ListFacts& facts, const TimeBounds& taken) {
  // However unsure the clock, what has been issued was issued before.
  const UtcTime earliest = taken.latest ? taken.earliest : std::max(taken.earliest, facts.issued);
  if (facts.valid_until <= earliest) return State::ended;
  if (!taken.latest) return State::clock_unsure;
  if (facts.valid_until <= *taken.latest) return State::clock_unsure;
  return facts.valid_from <= earliest ? State::in_force : State::not_yet_valid;
}

bool is_vrm(std::string_view text) {
  return !text.empty() && text.size() <= longest_watched_vrm &&
         std::all_of(text.begin(), text.end(), is_vrm_character);
}

class Search {
 public:
  Search(const MatchIndex& index, const WatchedRead& read, double least)
      : index_(index), read_(read), least_(least) {
    // What is left out of it would make a vector grow, a piece at a time.
    found_.reserve(64);
  }

  void look_up(std::size_t text) {
    const std::string& vrm = read_.texts[text].vrm;
    const double p = probability_of(text);
    if (!is_vrm(vrm) || p < least_) return;
    index_.patterns().find(vrm, [&](const PatternTable::Pattern& pattern) {
      const MatchKind kind = pattern.wild ? MatchKind::wildcard
                             : std::string_view(pattern.text.data(), pattern.size) == vrm
                                 ? MatchKind::exact
                                 : MatchKind::same_glyphs;
      add({pattern.place, kind, text, std::nullopt, p}, pattern.weed_day);
    });
    if (vrm.size() > longest_keyed_vrm) return;
    const std::uint64_t key = key_of(vrm);
    const std::uint16_t letters = letters_of(vrm);
    for (const IndexRow& row : index_.find(key)) {
      const MatchKind kind = row.letters == letters ? MatchKind::exact : MatchKind::same_glyphs;
      add({row.place, kind, text, std::nullopt, p}, row.weed_day);
    }
    for (std::size_t place = 0; place < vrm.size(); ++place)
      look_up_doubtful(text, place, p, key);
  }

  // Of each entry one: what is nearest to it, or, of wild cards, all together.
  void merge() {
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      if (a.hit.place != b.hit.place) return a.hit.place < b.hit.place;
      if (a.hit.kind != b.hit.kind) return a.hit.kind < b.hit.kind;
      return a.hit.probability > b.hit.probability;
    });
    std::size_t kept = 0;
    for (const Found& one : found_) {
      if (kept > 0 && found_[kept - 1].hit.place == one.hit.place) {
        WatchHit& before = found_[kept - 1].hit;
        if (before.kind == MatchKind::wildcard)
          before.probability = std::min(1.0, before.probability + one.hit.probability);
        continue;
      }
      found_[kept++] = one;
    }
    found_.resize(kept);
  }

  void answer(const TimeBounds& taken, WatchAnswer& into) const {
    into.more = uncounted_;
    for (const Found& one : found_) {
      if (one.hit.probability < least_) continue;
      const UtcTime weeds = weeds_at(one.weed_day);
      if (one.weed_day != 0 && weeds <= *taken.latest) {
        if (taken.earliest < weeds) ++into.withheld;
        continue;
      }
      into.hits.push_back(one.hit);
    }
    std::stable_sort(into.hits.begin(), into.hits.end(),
                     [](const WatchHit& a, const WatchHit& b) { return a.probability > b.probability; });
    if (into.hits.size() <= WatchAnswer::most_hits) return;
    into.more += into.hits.size() - WatchAnswer::most_hits;
    into.hits.resize(WatchAnswer::most_hits);
  }

 private:
  struct Found {
    WatchHit hit;
    std::uint16_t weed_day = 0;
  };

  [[nodiscard]] double probability_of(std::size_t text) const {
    const float p = read_.texts[text].probability;
    return std::isfinite(p) ? std::clamp(static_cast<double>(p), 0.0, 1.0) : 0.0;
  }

  void look_up_doubtful(std::size_t text, std::size_t place, double p, std::uint64_t key) {
    const Ratios ratios = ratios_at(read_, text, place);
    const unsigned here = glyph_of(read_.texts[text].vrm[place]);
    const double most = std::min(p, 1 - p);
    const std::uint64_t without = key - (here + 1) * place_values[place];
    for (unsigned glyph = 0; glyph < glyphs; ++glyph) {
      const double likely = std::min(most, p * ratios[glyph]);
      if (glyph == here || likely < least_) continue;
      for (const IndexRow& row : index_.find(without + (glyph + 1) * place_values[place]))
        add({row.place, MatchKind::one_character, text, place, likely}, row.weed_day);
    }
  }

  void add(const WatchHit& hit, std::uint16_t weed_day) {
    if (found_.size() < most_found)
      found_.push_back({hit, weed_day});
    else
      ++uncounted_;
  }

  const MatchIndex& index_;
  const WatchedRead& read_;
  const double least_;
  std::vector<Found> found_;
  std::size_t uncounted_ = 0;
};

}  // namespace

WatchAnswer match(const MatchIndex& index, const ListFacts& facts, const WatchedRead& read,
                  const TimeBounds& taken, const WatchMatching& how) {
  WatchAnswer answer;
  answer.state = state_of(facts, taken);
  if (answer.state != State::in_force) return answer;
  Search search(index, read, std::max(how.least_probability, 1e-9));
  for (std::size_t text = 0; text < std::min(read.texts.size(), WatchedRead::most_texts); ++text)
    search.look_up(text);
  search.merge();
  search.answer(taken, answer);
  return answer;
}

}  // namespace wayside::watchlist
