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
constexpr double given_up = 12;  // texts so many nats below the best are no readings of the line
// The engine keeps what is below 1 % to itself. A hundredth of that is what its silence is taken to mean.
constexpr float silent = 1e-4F;
constexpr float worth_naming = 1e-4F;  // alternatives of a position

double log_sum(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == impossible ? a : a + std::log1p(std::exp(b - a));
}

// Natural logarithms of a column, silence filled in.
struct LogColumn {
  std::array<double, characters.size()> character{};
  double blank = 0;
};

std::vector<LogColumn> logs_of(const std::vector<Column>& columns) {
  std::vector<LogColumn> logs(columns.size());
  for (std::size_t t = 0; t < columns.size(); ++t) {
    logs[t].blank = std::log(std::max(columns[t].blank, silent));
    for (std::size_t c = 0; c < characters.size(); ++c)
      logs[t].character[c] = std::log(std::max(columns[t].character[c], silent));
  }
  return logs;
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

// The forward sum over states blank, c1, blank, c2, ... blank.
double forward(const std::vector<LogColumn>& columns, const std::vector<std::size_t>& codes) {
  const std::size_t states = 2 * codes.size() + 1;
  std::vector<double> now(states, impossible);
  for (std::size_t t = 0; t < columns.size(); ++t) {
    std::vector<double> next(states, impossible);
    for (std::size_t s = 0; s < states; ++s) {
      const bool is_blank = s % 2 == 0;
      double come = t == 0 ? (s <= 1 ? 0.0 : impossible) : now[s];
      if (t > 0 && s >= 1) come = log_sum(come, now[s - 1]);
      // A blank may be left out between two different characters.
      if (t > 0 && !is_blank && s >= 3 && codes[s / 2] != codes[s / 2 - 1]) come = log_sum(come, now[s - 2]);
      if (come == impossible) continue;
      next[s] = come + (is_blank ? columns[t].blank : columns[t].character[codes[s / 2]]);
    }
    now = std::move(next);
  }
  if (columns.empty()) return codes.empty() ? 0 : impossible;
  return codes.empty() ? now[0] : log_sum(now[states - 1], now[states - 2]);
}

// A beginning of a text, with the probability that its last column was a blank and that it was its last
// character.
struct Prefix {
  double blank = impossible;
  double character = impossible;
  [[nodiscard]] double all() const { return log_sum(blank, character); }
};

using Beam = std::map<std::string, Prefix>;

void prune(Beam& beam) {
  if (beam.size() <= beam_width) return;
  std::vector<double> scores;
  for (const auto& [text, prefix] : beam)
    scores.push_back(prefix.all());
  std::nth_element(scores.begin(), scores.begin() + beam_width - 1, scores.end(), std::greater<>());
  const double least = scores[beam_width - 1];
  std::erase_if(beam, [&](const auto& entry) { return entry.second.all() < least; });
}

Beam search(const std::vector<Column>& columns, const std::vector<LogColumn>& logs) {
  Beam beam = {{std::string(), Prefix{0, impossible}}};
  for (std::size_t t = 0; t < columns.size(); ++t) {
    Beam next;
    for (const auto& [text, prefix] : beam) {
      Prefix& same = next[text];
      same.blank = log_sum(same.blank, prefix.all() + logs[t].blank);
      if (!text.empty())
        same.character =
            log_sum(same.character, prefix.character + logs[t].character[characters.find(text.back())]);
      for (std::size_t c = 0; c < characters.size(); ++c) {
        if (columns[t].character[c] < worth_a_branch) continue;
        // A repeat begins anew only after a blank.
        const double from = !text.empty() && text.back() == characters[c] ? prefix.blank : prefix.all();
        if (from == impossible) continue;
        Prefix& longer = next[text + characters[c]];
        longer.character = log_sum(longer.character, from + logs[t].character[c]);
      }
    }
    prune(next);
    beam = std::move(next);
  }
  return beam;
}

// Which characters show anywhere near the columns that a position of the text takes: only those are tried
// there.
std::vector<std::vector<std::size_t>> rivals_of(const std::vector<Column>& columns,
                                                const std::vector<LogColumn>& logs,
                                                const std::vector<std::size_t>& codes) {
  // The best single path, by which each position gets its columns.
  const std::size_t states = 2 * codes.size() + 1;
  std::vector<std::vector<std::size_t>> from(columns.size(), std::vector<std::size_t>(states, 0));
  std::vector<double> now(states, impossible);
  for (std::size_t t = 0; t < columns.size(); ++t) {
    std::vector<double> next(states, impossible);
    for (std::size_t s = 0; s < states; ++s) {
      const bool is_blank = s % 2 == 0;
      double best = t == 0 ? (s <= 1 ? 0.0 : impossible) : now[s];
      std::size_t before = s;
      if (t > 0 && s >= 1 && now[s - 1] > best) {
        best = now[s - 1];
        before = s - 1;
      }
      if (t > 0 && !is_blank && s >= 3 && codes[s / 2] != codes[s / 2 - 1] && now[s - 2] > best) {
        best = now[s - 2];
        before = s - 2;
      }
      if (best == impossible) continue;
      next[s] = best + (is_blank ? logs[t].blank : logs[t].character[codes[s / 2]]);
      from[t][s] = before;
    }
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

LineReading reading_of(const std::vector<Column>& columns, const std::vector<LogColumn>& logs,
                       const std::string& text) {
  LineReading reading;
  reading.text = text;
  const std::vector<std::size_t> codes = codes_of(text);
  reading.log_probability = forward(logs, codes);
  const std::vector<std::vector<std::size_t>> rivals = rivals_of(columns, logs, codes);
  for (std::size_t k = 0; k < codes.size(); ++k) {
    CharacterPosition position = {{text[k], 1.0F}};
    double total = 1;
    for (const std::size_t rival : rivals[k]) {
      std::vector<std::size_t> other = codes;
      other[k] = rival;
      const double ratio = std::exp(std::min(0.0, forward(logs, other) - reading.log_probability));
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
  return forward(logs_of(columns), codes);
}

std::vector<LineReading> readings_of(const std::vector<Column>& columns, std::size_t most) {
  const std::vector<LogColumn> logs = logs_of(columns);
  std::vector<std::pair<double, std::string>> texts;
  for (const auto& [text, prefix] : search(columns, logs)) {
    if (!text.empty()) texts.emplace_back(prefix.all(), text);
  }
  std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<LineReading> readings;
  for (const auto& [score, text] : texts) {
    if (readings.size() == most || score < texts.front().first - given_up) break;
    const bool same_length =
        std::any_of(readings.begin(), readings.end(),
                    [length = text.size()](const LineReading& other) { return other.text.size() == length; });
    if (!same_length) readings.push_back(reading_of(columns, logs, text));
  }
  return readings;
}

}  // namespace wayside::read
