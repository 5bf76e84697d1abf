#include "src/anpr/read/ctc_decoder.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace wayside::read {
namespace {

Column column(std::initializer_list<std::pair<char, float>> likely) {
  Column made;
  float total = 0;
  for (const auto& [character, probability] : likely) {
    total += probability;
    if (character != '-') made.character[characters.find(character)] = probability;
  }
  made.blank = std::max(0.0F, 1 - total);
  return made;
}

// Every way to spread `text` over the columns, one by one: what the forward sum must equal.
double by_enumeration(const std::vector<Column>& columns, const std::string& text) {
  double total = 0;
  std::vector<std::size_t> path(columns.size(), 0);  // 0 is the blank, k + 1 the character k
  const std::size_t classes = characters.size() + 1;
  for (;;) {
    std::string read;
    std::size_t before = 0;
    double probability = 1;
    for (std::size_t t = 0; t < columns.size(); ++t) {
      const std::size_t code = path[t];
      if (code != 0 && code != before) read += characters[code - 1];
      before = code;
      probability *=
          std::max(1e-4, static_cast<double>(code == 0 ? columns[t].blank : columns[t].character[code - 1]));
    }
    if (read == text) total += probability;
    std::size_t t = 0;
    while (t < path.size() && ++path[t] == classes)
      path[t++] = 0;
    if (t == path.size()) return total;
  }
}

TEST(CtcDecoder, AddsUpEveryWayToPlaceAText) {
  const std::vector<Column> columns = {column({{'A', 0.6F}, {'B', 0.2F}}), column({{'A', 0.5F}}),
                                       column({{'B', 0.7F}, {'A', 0.1F}})};
  for (const std::string text : {"A", "AB", "AA", "B", "ABA", ""}) {
    EXPECT_NEAR(std::exp(log_probability(columns, text)), by_enumeration(columns, text), 1e-6) << text;
  }
}

TEST(CtcDecoder, ATextThatDoesNotFitIsImpossible) {
  const std::vector<Column> columns(3, column({{'A', 0.9F}}));
  EXPECT_EQ(log_probability(columns, "AA"), log_probability(columns, "AA"));
  EXPECT_TRUE(std::isinf(log_probability(columns, "AAA")));   // two repeats need two blanks between
  EXPECT_TRUE(std::isinf(log_probability(columns, "ABCD")));  // more characters than columns
  EXPECT_TRUE(std::isinf(log_probability(columns, "a")));     // none of ours
}

TEST(CtcDecoder, ReadsTheLikeliestTextWithItsAlternatives) {
  const auto blank = column({});
  const std::vector<Column> columns = {column({{'8', 0.7F}, {'B', 0.3F}}), blank, column({{'K', 0.99F}}),
                                       blank};
  const auto readings = readings_of(columns, 3);
  ASSERT_FALSE(readings.empty());
  const LineReading& best = readings.front();
  EXPECT_EQ(best.text, "8K");
  ASSERT_EQ(best.positions.size(), 2U);
  ASSERT_EQ(best.positions[0].size(), 2U);
  EXPECT_EQ(best.positions[0][0].character, '8');
  EXPECT_NEAR(best.positions[0][0].probability, 0.7, 0.01);
  EXPECT_EQ(best.positions[0][1].character, 'B');
  EXPECT_NEAR(best.positions[0][1].probability, 0.3, 0.01);
  EXPECT_GT(best.positions[1][0].probability, 0.98F);
}

TEST(CtcDecoder, KeepsAReadingOfAnotherLength) {
  // One 1 or two: the columns between are in doubt.
  const auto one = column({{'1', 0.98F}});
  const std::vector<Column> columns = {one, column({{'1', 0.55F}}), one};
  const auto readings = readings_of(columns, 3);
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].text, "1");
  EXPECT_EQ(readings[1].text, "11");
  EXPECT_NEAR(std::exp(readings[0].log_probability) / std::exp(readings[1].log_probability), 0.55 / 0.45,
              0.1);
}

TEST(CtcDecoder, SilenceIsNoText) {
  EXPECT_TRUE(readings_of({}, 3).empty());
  EXPECT_TRUE(readings_of(std::vector<Column>(60, column({})), 3).empty());
}

TEST(CtcDecoder, ProbabilitiesStayProbabilitiesWhateverTheColumns) {
  std::mt19937 random(4);  // NOLINT: the same each time
  std::uniform_real_distribution<float> any(0, 1);
  for (int round = 0; round < 20; ++round) {
    std::vector<Column> columns(60);
    for (Column& made : columns) {
      made.blank = any(random);
      for (float& character : made.character)
        character = any(random) > 0.9F ? any(random) : 0.0F;
    }
    for (const LineReading& reading : readings_of(columns, 3)) {
      EXPECT_EQ(reading.positions.size(), reading.text.size());
      EXPECT_TRUE(std::isfinite(reading.log_probability));
      for (const CharacterPosition& position : reading.positions) {
        float total = 0;
        for (const CharacterGuess& guess : position) {
          EXPECT_GE(guess.probability, 0);
          total += guess.probability;
        }
        EXPECT_LE(total, 1.001F);
      }
    }
  }
}

}  // namespace
}  // namespace wayside::read
