#include <map>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/roadsim/plates/random_vrm.hpp"
#include "tests/roadsim/plates/press_for_tests.hpp"

namespace wayside::roadsim {
namespace {

using ::testing::ElementsAre;

const std::map<std::string, std::string> patterns = {
    {"current", "[A-HJ-PR-Y]{2}(?!00|01|50)\\d{2}[A-HJ-PR-Z]{3}"},
    {"prefix", "[A-HJ-NPR-TV-Y](?!0)\\d{1,3}[A-HJ-PR-Y]{3}"},
    {"q", "Q(?!0)\\d{1,3}[A-HJ-PR-Y]{3}"},
    {"suffix", "[A-HJ-PR-Y]{3}(?!0)\\d{1,3}[A-HJ-NPR-TV-Y]"},
    {"dateless",
     "\\d{1,4}[A-HJ-PR-Y]{1,2}|\\d{1,3}[A-HJ-PR-Y]{1,3}|[A-HJ-PR-Y]{1,2}\\d{1,4}|[A-HJ-PR-Y]{1,3}\\d{1,3}"},
    {"ni", "(?=.[IZ]|..[IZ])[A-HJ-PR-Y][A-PR-Z]{2}\\d{1,4}"},
    {"diplomatic", "\\d{3}[DX]\\d{3}"},
    {"military", "[A-Z]{2}\\d{2}[A-Z]{2}|\\d{2}[A-Z]{2}\\d{2}"},
    {"trailer", "[A-Z]\\d{7}"},
    {"foreign", "(?=.*\\d)(?=.*[A-Z])[A-Z0-9]{6,7}"},
};

TEST(RandomVrm, EveryFormatGivesOnlyMarksOfItsPattern) {
  for (const auto& [format, pattern] : patterns) {
    const std::regex wanted(pattern);
    Random random(42);
    for (int i = 0; i < 10'000; ++i) {
      const std::string vrm = random_vrm(random, format, 2026);
      ASSERT_TRUE(std::regex_match(vrm, wanted)) << format << ' ' << vrm;
    }
  }
}

TEST(RandomVrm, AgeIdentifiersAreNeverYoungerThanTheYear) {
  for (const int year : {1999, 2002, 2010, 2026, 2099}) {
    Random random(7);
    std::map<int, int> seen;
    for (int i = 0; i < 10'000; ++i)
      ++seen[std::stoi(random_vrm(random, "current", year).substr(2, 2))];
    const int youngest = std::min(std::max(year, 2002), 2049) - 2000;
    for (const auto& [identifier, ignored] : seen) {
      const bool march = identifier >= 2 && identifier <= youngest;
      const bool september = identifier >= 51 && identifier <= youngest - 1 + 50;
      EXPECT_TRUE(march || september) << identifier << " in " << year;
    }
    EXPECT_TRUE(seen.contains(youngest)) << year;
  }
}

TEST(RandomPlate, FormatsAndFieldsComeAsOftenAsStated) {
  Random random(1);
  std::map<std::string, int> formats;
  int two_lines = 0;
  constexpr int count = 20'000;
  for (int i = 0; i < count; ++i) {
    const bool rear = i % 2 == 1;
    const PlateSpec spec = random_plate(random, rear, 2026);
    ++formats[spec.format];
    two_lines += spec.lines == 2 ? 1 : 0;
    if (spec.field == PlateField::black) {
      EXPECT_TRUE(spec.format == "suffix" || spec.format == "dateless") << spec.format;
      EXPECT_EQ(spec.band, SideBand::none);
    } else if (spec.format != "foreign") {
      EXPECT_EQ(spec.field, rear ? PlateField::yellow : PlateField::white);
    }
  }
  const auto share = [&](const std::string& format) { return static_cast<double>(formats[format]) / count; };
  EXPECT_NEAR(share("current"), 0.85, 0.01);
  EXPECT_NEAR(share("prefix"), 0.06, 0.006);
  EXPECT_NEAR(share("ni"), 0.03, 0.005);
  EXPECT_NEAR(share("dateless"), 0.02, 0.004);
  EXPECT_NEAR(share("foreign"), 0.02, 0.004);
  EXPECT_NEAR(share("suffix"), 0.01, 0.003);
  EXPECT_NEAR(static_cast<double>(two_lines) / count, 0.03, 0.005);
}

TEST(RandomPlate, EveryRandomPlateCanBeDrawn) {
  const PlatePress press = press_for_tests();
  Random random(2);
  for (int i = 0; i < 300; ++i) {
    const PlateSpec spec = random_plate(random, i % 2 == 1, 2026);
    const auto art = press.draw(spec, 0.4);
    ASSERT_TRUE(art) << art.error().message;
    EXPECT_EQ(art->glyphs.size(), spec.vrm.size());
  }
}

TEST(RandomPlate, TheSameSeedGivesTheSamePlates) {
  Random a(9), b(9);
  for (int i = 0; i < 100; ++i) {
    const PlateSpec first = random_plate(a, true, 2026), second = random_plate(b, true, 2026);
    EXPECT_EQ(first.vrm, second.vrm);
    EXPECT_EQ(first.seed, second.seed);
    EXPECT_EQ(first.dirt, second.dirt);
  }
}

TEST(GroupsOf, SplitsWhereTheFormatPutsItsSpaces) {
  EXPECT_THAT(groups_of("AB12CDE", "current"), ElementsAre("AB12", "CDE"));
  EXPECT_THAT(groups_of("A1BCD", "prefix"), ElementsAre("A1", "BCD"));
  EXPECT_THAT(groups_of("Q123BCD", "q"), ElementsAre("Q123", "BCD"));
  EXPECT_THAT(groups_of("ABC123D", "suffix"), ElementsAre("ABC", "123D"));
  EXPECT_THAT(groups_of("1234AB", "dateless"), ElementsAre("1234", "AB"));
  EXPECT_THAT(groups_of("AIZ1234", "ni"), ElementsAre("AIZ", "1234"));
  EXPECT_THAT(groups_of("101D234", "diplomatic"), ElementsAre("101", "D", "234"));
  EXPECT_THAT(groups_of("AA12BB", "military"), ElementsAre("AA", "12", "BB"));
  EXPECT_THAT(groups_of("A1234567", "trailer"), ElementsAre("A1234567"));
  EXPECT_THAT(groups_of("AB123CD", "foreign"), ElementsAre("AB", "123", "CD"));
}

TEST(GroupsOf, NeverLosesACharacterWhateverTheMark) {
  for (const std::string_view format :
       {"current", "prefix", "q", "suffix", "dateless", "ni", "trailer", "unknown", ""}) {
    for (const std::string_view vrm : {"", "A", "1", "AB", "12", "ABCDEFG", "1234567", "A1B2C3D4"}) {
      std::string joined;
      for (const std::string& group : groups_of(vrm, format)) {
        EXPECT_FALSE(group.empty() && !vrm.empty()) << format << ' ' << vrm;
        joined += group;
      }
      EXPECT_EQ(joined, vrm) << format;
    }
  }
}

}  // namespace
}  // namespace wayside::roadsim
