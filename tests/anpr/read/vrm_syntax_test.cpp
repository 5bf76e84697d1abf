#include "wayside/anpr/read/vrm_syntax.hpp"

#include <cmath>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/drawn_plate.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using testing::HasSubstr;

const UtcTime late_2026 = *utc_from_iso8601("2026-11-22T12:00:00Z");

VrmSyntax uk() {
  auto syntax = VrmSyntax::load(doubles::source_folder() / "models/vrm/uk.toml");
  if (!syntax) throw std::runtime_error(syntax.error().message);
  return std::move(*syntax);
}

// What an engine that is nearly sure of every character says.
std::vector<CharacterPosition> seen(std::string_view text, float probability = 0.95F) {
  std::vector<CharacterPosition> positions;
  for (const char character : text)
    positions.push_back({{character, probability}});
  return positions;
}

std::string best(const VrmSyntax& syntax, const std::vector<CharacterPosition>& positions,
                 UtcTime at = late_2026) {
  const auto ranked = syntax.rank(positions, 3, at);
  return ranked.empty() ? "" : ranked.front().vrm;
}

struct FormCase {
  const char* vrm;
  const char* format;
};
class KnowsForm : public testing::TestWithParam<FormCase> {};

TEST_P(KnowsForm, AndReadsItAsItStands) {
  const VrmSyntax syntax = uk();
  const auto [vrm, format] = GetParam();
  EXPECT_EQ(syntax.format_of(vrm, late_2026), format);
  const auto ranked = syntax.rank(seen(vrm), 1, late_2026);
  ASSERT_EQ(ranked.size(), 1U);
  EXPECT_EQ(ranked.front().vrm, vrm);
  EXPECT_EQ(ranked.front().format, format);
}

INSTANTIATE_TEST_SUITE_P(VrmSyntax, KnowsForm,
                         testing::Values(FormCase{"AB52CDE", "current"}, FormCase{"LK76XYZ", "current"},
                                         FormCase{"K123ABC", "prefix"}, FormCase{"K1ABC", "prefix"},
                                         FormCase{"Q123ABC", "q"}, FormCase{"ABC123K", "suffix"},
                                         FormCase{"ABC1Y", "suffix"}, FormCase{"ABC123", "dateless"},
                                         FormCase{"123ABC", "dateless"}, FormCase{"A1", "dateless"},
                                         FormCase{"1234A", "dateless"}, FormCase{"RHZ1495", "ni"},
                                         FormCase{"IFZ17", "ni"}, FormCase{"AIL9999", "ni"},
                                         FormCase{"131D12345", "irish"}, FormCase{"06CW1234", "irish"},
                                         FormCase{"101X234", "diplomatic"}, FormCase{"22KK33", "military"},
                                         FormCase{"35497", "trade"}, FormCase{"C1234567", "trailer"}));

TEST(VrmSyntax, PositionTellsGlyphsApartThatAreTheSameInPrint) {
  const VrmSyntax syntax = uk();
  EXPECT_EQ(best(syntax, seen("ABO5CDE")), "AB05CDE");
  EXPECT_EQ(best(syntax, seen("0Y52CDE")), "OY52CDE");
  EXPECT_EQ(best(syntax, seen("KI23ABC")), "K123ABC");
  EXPECT_EQ(best(syntax, seen("ABI0CDE")), "AB10CDE");
  EXPECT_EQ(best(syntax, seen("1FZ17O9")), "IFZ1709");
}

TEST(VrmSyntax, ADoubtGivesWayToTheForm) {
  const VrmSyntax syntax = uk();
  std::vector<CharacterPosition> positions = seen("A852CDE");
  positions[1] = {{'8', 0.95F}, {'B', 0.04F}};
  EXPECT_EQ(best(syntax, positions), "AB52CDE");
  positions = seen("AB5ZCDE");
  positions[3] = {{'Z', 0.95F}, {'2', 0.04F}};
  EXPECT_EQ(best(syntax, positions), "AB52CDE");
}

// A prefix mark is rare and a current one common, but a clear picture is a clear picture.
TEST(VrmSyntax, AClearPictureIsNotBentIntoACommonerForm) {
  const VrmSyntax syntax = uk();
  EXPECT_EQ(best(syntax, seen("W806SLG")), "W806SLG");
  EXPECT_EQ(best(syntax, seen("M666YAB")), "M666YAB");
}

TEST(VrmSyntax, TheEnginesOwnAlternativeBeatsALookalike) {
  std::vector<CharacterPosition> positions = seen("AB12CDE");
  positions[4] = {{'8', 0.6F}, {'R', 0.3F}};
  EXPECT_EQ(best(uk(), positions), "AB12RDE");
}

TEST(VrmSyntax, AnAgeThatCannotExistYetGetsNoCurrentForm) {
  const VrmSyntax syntax = uk();
  EXPECT_EQ(syntax.format_of("AB76CDE", late_2026), "current");  // September 2026
  EXPECT_EQ(syntax.format_of("AB26CDE", late_2026), "current");  // March 2026
  EXPECT_EQ(syntax.format_of("AB27CDE", late_2026), "unknown");  // March 2027
  EXPECT_EQ(syntax.format_of("AB77CDE", late_2026), "unknown");  // September 2027
  for (const char* never : {"AB00CDE", "AB01CDE", "AB50CDE"})
    EXPECT_EQ(syntax.format_of(never, late_2026), "unknown") << never;
  // Between an age that exists and one that does not, the picture being even, the one that exists wins.
  std::vector<CharacterPosition> positions = seen("AB72CDE");
  positions[2] = {{'9', 0.5F}, {'1', 0.45F}};
  EXPECT_EQ(best(syntax, positions), "AB12CDE");
}

TEST(VrmSyntax, TheAgesThatExistAreThoseOfTheMomentOfTheFrame) {
  const VrmSyntax syntax = uk();
  const UtcTime last_of_february = *utc_from_iso8601("2027-02-28T23:59:59.999Z");
  const UtcTime first_of_march = *utc_from_iso8601("2027-03-01T00:00:00Z");
  EXPECT_EQ(syntax.format_of("AB27CDE", last_of_february), "unknown");
  EXPECT_EQ(syntax.format_of("AB27CDE", first_of_march), "current");
  EXPECT_EQ(syntax.format_of("AB77CDE", first_of_march), "unknown");
  // The middle one of three is 2 or 9: 92 is of September 2042.
  std::vector<CharacterPosition> positions = seen("AB92CDE");
  positions[2] = {{'9', 0.5F}, {'1', 0.45F}};
  EXPECT_EQ(best(syntax, positions, first_of_march), "AB12CDE");
  EXPECT_EQ(best(syntax, positions, *utc_from_iso8601("2043-01-01T00:00:00Z")), "AB92CDE");
  // Each age is the less likely, the more of them there are.
  const auto score = [&](UtcTime at) { return syntax.rank(seen("AB12CDE"), 1, at).front().log_score; };
  EXPECT_NEAR(score(last_of_february) - score(first_of_march), std::log(52.0 / 51.0), 1e-9);
}

TEST(VrmSyntax, AnUnsetClockDoesNotMakeEveryPlateImpossible) {
  const VrmSyntax syntax = uk();
  const UtcTime start_of_2026 = *utc_from_iso8601("2026-01-01T00:00:00Z");
  for (const UtcTime unset : {UtcTime{0}, UtcTime{-1}, *utc_from_iso8601("2004-05-06T07:08:09Z")}) {
    EXPECT_EQ(syntax.format_of("AB25CDE", unset), "current");
    EXPECT_EQ(syntax.format_of("AB26CDE", unset), "unknown");
    EXPECT_EQ(syntax.rank(seen("AB25CDE"), 1, unset).front().log_score,
              syntax.rank(seen("AB25CDE"), 1, start_of_2026).front().log_score);
  }
}

TEST(VrmSyntax, ForeignAndShowPlatesComeOutAsTheyAre) {
  const VrmSyntax syntax = uk();
  for (const char* vrm : {"WGM47112", "12ABCD", "BAB123AB", "AA229AA", "1ABC234", "XXXXXXX"}) {
    const auto ranked = syntax.rank(seen(vrm, 0.99F), 1, late_2026);
    ASSERT_EQ(ranked.size(), 1U);
    EXPECT_EQ(ranked.front().vrm, vrm);
    EXPECT_TRUE(ranked.front().format == "unknown" || ranked.front().format == "foreign") << vrm;
  }
  EXPECT_EQ(syntax.format_of("AA229AA", late_2026), "foreign");
  EXPECT_EQ(syntax.format_of("XXXXXXX", late_2026), "unknown");
}

TEST(VrmSyntax, AJunkPositionAtEitherEndIsLeftOutAndSaidSo) {
  const VrmSyntax syntax = uk();
  const auto leading = syntax.rank(seen("IAB52CDE"), 1, late_2026);
  ASSERT_EQ(leading.size(), 1U);
  EXPECT_EQ(leading.front().vrm, "AB52CDE");
  EXPECT_EQ(leading.front().first_position, 1U);
  // Two are left out only where the engine itself doubts them.
  std::vector<CharacterPosition> doubtful = seen("1AB52CDEI");
  doubtful.front().front().probability = 0.15F;
  doubtful.back().front().probability = 0.15F;
  const auto both = syntax.rank(doubtful, 1, late_2026);
  ASSERT_EQ(both.size(), 1U);
  EXPECT_EQ(both.front().vrm, "AB52CDE");
  EXPECT_EQ(both.front().first_position, 1U);
  const auto trailing = syntax.rank(seen("AB52CDE1"), 1, late_2026);
  ASSERT_EQ(trailing.size(), 1U);
  EXPECT_EQ(trailing.front().vrm, "AB52CDE");
  EXPECT_EQ(trailing.front().first_position, 0U);
}

TEST(VrmSyntax, HypothesesAreBestFirstAndEachTextOnce) {
  std::vector<CharacterPosition> positions = seen("AB52CDE");
  positions[6] = {{'E', 0.5F}, {'F', 0.4F}};
  const auto ranked = uk().rank(positions, 8, late_2026);
  ASSERT_EQ(ranked.size(), 8U);
  EXPECT_EQ(ranked[0].vrm, "AB52CDE");
  EXPECT_EQ(ranked[1].vrm, "AB52CDF");
  EXPECT_NEAR(ranked[0].log_score - ranked[1].log_score, std::log(0.5 / 0.4), 1e-6);
  std::set<std::string> texts;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    texts.insert(ranked[i].vrm);
    if (i > 0) {
      EXPECT_GE(ranked[i - 1].log_score, ranked[i].log_score);
    }
  }
  EXPECT_EQ(texts.size(), ranked.size());
}

TEST(VrmSyntax, PositionsThatSayNothingGiveNothing) {
  const VrmSyntax syntax = uk();
  EXPECT_TRUE(syntax.rank({}, 3, late_2026).empty());
  std::vector<CharacterPosition> positions = seen("AB52CDE");
  positions[3].clear();
  EXPECT_TRUE(syntax.rank(positions, 3, late_2026).empty());
  EXPECT_TRUE(syntax.rank(seen("AB52CDE"), 0, late_2026).empty());
  EXPECT_TRUE(syntax.rank({{{'?', 1.0F}}}, 3, late_2026).empty());
}

TEST(VrmSyntax, OddProbabilitiesGiveFiniteScores) {
  std::vector<CharacterPosition> positions = seen("AB52CDE");
  positions[0] = {{'A', 0.0F}};
  positions[1] = {{'B', 7.0F}};
  for (const auto& hypothesis : uk().rank(positions, 4, late_2026))
    EXPECT_TRUE(std::isfinite(hypothesis.log_score));
}

TEST(VrmSyntax, FormatOfTakesAnyText) {
  const VrmSyntax syntax = uk();
  for (const std::string& text :
       {std::string(), std::string("ab52cde"), std::string("A?"), std::string(500, 'A')}) {
    EXPECT_EQ(syntax.format_of(text, late_2026), "unknown");
  }
}

// --- the file
// ------------------------------------------------------------------------------------------------------

constexpr const char* small_file = R"([classes]
l = "ABC"
d = "0123456789"
[unknown]
weight = 0.02
[ends]
junk_cost = 4
[[form]]
name = "tiny"
patterns = ["ld"]
weight = 0.5
[lookalikes]
any_other = 9.0
pairs = [ { characters = "8B", cost = 2.0 } ]
)";

std::string error_of(const std::string& content) {
  const doubles::TemporaryFolder folder;
  const auto file = folder.path() / "forms.toml";
  std::ofstream(file) << content;
  const auto syntax = VrmSyntax::load(file);
  if (syntax) return "";
  EXPECT_EQ(syntax.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(syntax.error().message, HasSubstr("forms.toml"));
  return syntax.error().message;
}

std::string with(std::string_view before, std::string_view after) {
  std::string content = small_file;
  const std::size_t at = content.find(before);
  if (at == std::string::npos) throw std::runtime_error("nothing to replace");
  return content.replace(at, before.size(), after);
}

TEST(VrmSyntaxFile, ASmallOneIsEnough) {
  EXPECT_EQ(error_of(small_file), "");
}

TEST(VrmSyntaxFile, EveryErrorNamesLineAndField) {
  struct Case {
    std::string content;
    std::vector<std::string> says;
  };
  const std::vector<Case> cases = {
      {with("weight = 0.5", "weight = \"much\""), {"line 11", "form.weight", "number"}},
      {with("weight = 0.5", "weight = 2.0"), {"line 11", "form.weight"}},
      {with("weight = 0.5", "wieght = 0.5"), {"line 11", "wieght", "weight"}},
      {with("[\"ld\"]", "\"ld\""), {"patterns", "tiny", "list"}},
      {with("[\"ld\"]", "[3]"), {"line 10", "pattern", "tiny"}},
      {with("[\"ld\"]", "[\"lx\"]"), {"line 10", "class", "x"}},
      {with("[\"ld\"]", "[\"l@\"]"), {"line 10", "@@"}},
      {with("[\"ld\"]", "[\"ldddddddddddddddd\"]"), {"line 10", "12"}},
      {with("l = \"ABC\"", "l = \"AbC\""), {"line 2", "classes.l"}},
      {with("l = \"ABC\"", "letters = \"ABC\""), {"line 2", "letters"}},
      {with("junk_cost = 4", ""), {"ends.junk_cost"}},
      {with("[unknown]\nweight = 0.02\n", ""), {"unknown"}},
      {with("\"8B\"", "\"88\""), {"line 14", "characters"}},
      {with("cost = 2.0", "cost = nan"), {"line 14", "cost"}},
      {with("[ends]", "[ends"), {"line 6", "TOML"}},
      {with("name = \"tiny\"", "name = \"unknown\""), {"unknown"}},
      {"", {"line"}},
  };
  for (const Case& wrong : cases) {
    const std::string message = error_of(wrong.content);
    EXPECT_NE(message, "") << wrong.content;
    for (const std::string& part : wrong.says)
      EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST(VrmSyntaxFile, WhatAnErrorQuotesIsEscaped) {
  EXPECT_THAT(error_of(with("[\"ld\"]", R"(["l\u001b"])")),
              HasSubstr(R"("l\u001b" names the class "\u001b")"));
  EXPECT_THAT(error_of(with("[\"ld\"]", R"(["@\n"])")), HasSubstr(R"("@\n" has a lone)"));
  EXPECT_THAT(error_of(with("weight = 0.5", R"("\u009b" = 1)")), HasSubstr(R"(unknown field "\u009b")"));
  EXPECT_THAT(error_of(with("\"tiny\"\npatterns = [\"ld\"]", R"("\u007f")")), HasSubstr(R"(form "\u007f")"));
}

TEST(VrmSyntaxFile, AMissingFileIsNamed) {
  const auto syntax = VrmSyntax::load("/nowhere/forms.toml");
  ASSERT_FALSE(syntax);
  EXPECT_EQ(syntax.error().code, ErrorCode::not_found);
  EXPECT_THAT(syntax.error().message, HasSubstr("/nowhere/forms.toml"));
}

}  // namespace
}  // namespace wayside
