#include "ctc_decoder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace wayside::read {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();
constexpr std::size_t beam_width = 24;
constexpr float worth_a_branch = 0.005F;
constexpr double given_up =
    6e-6;  // texts so many times less likely than the best are no readings of the line
// The engine keeps what is below 1 % to itself. A hundredth of that is what its silence is taken to mean.
constexpr float silent = 1e-4F;
constexpr float worth_naming = 1e-4F;  // alternatives of a position

// A column with silence filled in.
struct Filled {
  std::array<double, characters.size()> character{};
  double blank = 0;
};

std::vector<Filled> filled(const std::vector<Column>& columns) {
  std::vector<Filled> all(columns.size());
  for (std::size_t t = 0; t < columns.size(); ++t) {
    all[t].blank = static_cast<double>(std::max(columns[t].blank, silent));
    for (std::size_t c = 0; c < characters.size(); ++c)
      all[t].character[c] = static_cast<double>(std::max(columns[t].character[c], silent));
  }
  return all;
}

std::vector<std::size_t> codes_of(std::string_view text) {
  std::vector<std::size_t> codes;
  for (const char c : text) {
    const std::size_t code = characters.find(c);
    if (code == std::string_view::npos) return {};
    codes.push_back(code);
  }
  return codes;
}

// The logarithm of the forward sum over states blank, c1, blank, c2, ... blank.
double forward(const std::vector<Filled>& columns, const std::vector<std::size_t>& codes) {
  if (columns.empty()) return codes.empty() ? 0 : impossible;
  const std::size_t states = 2 * codes.size() + 1;
  std::vector<double> now(states, 0.0);
  double log_taken_out = 0;
  for (std::size_t t = 0; t < columns.size(); ++t) {
    double most = 0;
    // From the last state down, each from what the column before has left in it and below it.
    for (std::size_t s = states; s-- > 0;) {
      const bool is_blank = s % 2 == 0;
      double come = t == 0 ? (s <= 1 ? 1.0 : 0.0) : now[s];
      if (t > 0 && s >= 1) come += now[s - 1];
      // A blank may be left out between two different characters.
      if (t > 0 && !is_blank && s >= 3 && codes[s / 2] != codes[s / 2 - 1]) come += now[s - 2];
      now[s] = come * (is_blank ? columns[t].blank : columns[t].character[codes[s / 2]]);
      most = std::max(most, now[s]);
    }
    if (most > 0 && most < 1e-100) {  // long before a double ends
      for (double& sum : now)
        sum /= most;
      log_taken_out += std::log(most);
    }
  }
  return log_taken_out + std::log(codes.empty() ? now[0] : now[states - 1] + now[states - 2]);
}

// A beginning of a text, with the probability that its last column was a blank and that it was its last
// character.
struct Prefix {
  double blank = 0;
  double character = 0;
  [[nodiscard]] double all() const { return blank + character; }
};

using Beam = std::map<std::string, Prefix>;

void prune(Beam& beam) {
  if (beam.size() <= beam_width) return;
  std::vector<double> all;
  for (const auto& [text, prefix] : beam)
    all.push_back(prefix.all());
  std::nth_element(all.begin(), all.begin() + beam_width - 1, all.end(), std::greater<>());
  const double least = all[beam_width - 1];
  std::erase_if(beam, [&](const auto& entry) { return entry.second.all() < least; });
}

// Probabilities are of the columns relative to the likeliest class of each, so that none comes near a
// double's end.
Beam search(const std::vector<Column>& columns, const std::vector<Filled>& all) {
  Beam beam = {{std::string(), Prefix{1, 0}}};
  for (std::size_t t = 0; t < columns.size(); ++t) {
    std::vector<std::size_t> branches;
    double most = all[t].blank;
    for (std::size_t c = 0; c < characters.size(); ++c) {
      if (columns[t].character[c] >= worth_a_branch) branches.push_back(c);
      most = std::max(most, all[t].character[c]);
    }
    Beam next;
    for (auto& [text, prefix] : beam) {
      const Prefix before = prefix;
      const char last = text.empty() ? '\0' : text.back();
      prefix.blank = before.all() * all[t].blank / most;
      prefix.character = text.empty() ? 0 : before.character * all[t].character[characters.find(last)] / most;
      for (const std::size_t c : branches) {
        // A repeat begins anew only after a blank.
        const double from = last == characters[c] ? before.blank : before.all();
        if (from > 0) next[text + characters[c]].character += from * all[t].character[c] / most;
      }
    }
    for (const auto& [text, prefix] : next)
      beam[text].character += prefix.character;
    prune(beam);
  }
  return beam;
}

// Which characters show anywhere near the columns that a position of the text takes: only those are tried
// there.
std::vector<std::vector<std::size_t>> rivals_of(const std::vector<Column>& columns,
                                                const std::vector<Filled>& all,
                                                const std::vector<std::size_t>& codes) {
  // The best single path, by which each position gets its columns.
  const std::size_t states = 2 * codes.size() + 1;
  std::vector<std::vector<std::size_t>> from(columns.size(), std::vector<std::size_t>(states, 0));
  std::vector<double> now(states, 0.0);
  for (std::size_t t = 0; t < columns.size(); ++t) {
    std::vector<double> next(states, 0.0);
    double most = 0;
    for (std::size_t s = 0; s < states; ++s) {
      const bool is_blank = s % 2 == 0;
      double best = t == 0 ? (s <= 1 ? 1.0 : 0.0) : now[s];
      std::size_t before = s;
      if (t > 0 && s >= 1 && now[s - 1] > best) {
        best = now[s - 1];
        before = s - 1;
      }
      if (t > 0 && !is_blank && s >= 3 && codes[s / 2] != codes[s / 2 - 1] && now[s - 2] > best) {
        best = now[s - 2];
        before = s - 2;
      }
      next[s] = best * (is_blank ? all[t].blank : all[t].character[codes[s / 2]]);
      most = std::max(most, next[s]);
      from[t][s] = before;
    }
    for (double& path : next)
      path /= most;  // only which is better counts
    now = std::move(next);
  }
  std::vector<std::vector<bool>> seen(codes.size(), std::vector<bool>(characters.size(), false));
  std::size_t s = now[states - 1] >= now[states - 2] ? states - 1 : states - 2;
  for (std::size_t t = columns.size(); t-- > 0;) {
    if (s % 2 == 1) {
      for (std::size_t c = 0; c < characters.size(); ++c) {
        if (columns[t].character[c] > 0) seen[s / 2][c] = true;
      }
    }
    s = from[t][s];
  }
  std::vector<std::vector<std::size_t>> rivals(codes.size());
  for (std::size_t k = 0; k < codes.size(); ++k) {
    for (std::size_t c = 0; c < characters.size(); ++c) {
      if (seen[k][c] && c != codes[k]) rivals[k].push_back(c);
    }
  }
  return rivals;
}

LineReading reading_of(const std::vector<Column>& columns, const std::vector<Filled>& all,
                       const std::string& text) {
  LineReading reading;
  reading.text = text;
  const std::vector<std::size_t> codes = codes_of(text);
  reading.log_probability = forward(all, codes);
  const std::vector<std::vector<std::size_t>> rivals = rivals_of(columns, all, codes);
  for (std::size_t k = 0; k < codes.size(); ++k) {
    CharacterPosition position = {{text[k], 1.0F}};
    double total = 1;
    for (const std::size_t rival : rivals[k]) {
      std::vector<std::size_t> other = codes;
      other[k] = rival;
      const double ratio = std::exp(std::min(0.0, forward(all, other) - reading.log_probability));
      if (ratio < worth_naming) continue;
      position.push_back({characters[rival], static_cast<float>(ratio)});
      total += ratio;
    }
    // Somebody unnamed keeps a little, so that nothing is certain.
    total += static_cast<double>(worth_naming);
    for (CharacterGuess& guess : position)
      guess.probability = static_cast<float>(guess.probability / total);
    std::stable_sort(position.begin(), position.end(), [](const CharacterGuess& a, const CharacterGuess& b) {
      return a.probability > b.probability;
    });
    reading.positions.push_back(std::move(position));
  }
  return reading;
}

}  // namespace

double log_probability(const std::vector<Column>& columns, std::string_view text) {
  const std::vector<std::size_t> codes = codes_of(text);
  if (codes.size() != text.size()) return impossible;
  return forward(filled(columns), codes);
}

std::vector<LineReading> readings_of(const std::vector<Column>& columns, std::size_t most) {
  const std::vector<Filled> all = filled(columns);
  std::vector<std::pair<double, std::string>> texts;
  for (const auto& [text, prefix] : search(columns, all)) {
    if (!text.empty()) texts.emplace_back(prefix.all(), text);
  }
  std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<LineReading> readings;
  for (const auto& [score, text] : texts) {
    if (readings.size() == most || score < texts.front().first * given_up) break;
    const bool same_length =
        std::any_of(readings.begin(), readings.end(),
                    [length = text.size()](const LineReading& other) { return other.text.size() == length; });
    if (!same_length) readings.push_back(reading_of(columns, all, text));
  }
  return readings;
}

}  // namespace wayside::read
