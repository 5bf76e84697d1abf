// Which entries a read matches, how, and how surely; against a slow matcher that is right by its simplicity.
#include <cmath>
#include <map>

#include <gmock/gmock.h>

#include "wayside/device/watchlist/watch_list.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/watch_lists.hpp"

namespace wayside {
namespace {

using namespace doubles;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class WatchMatch : public testing::Test {
 protected:
  void hold_entries(const std::vector<WatchEntry>& entries) {
    const auto updated = update(*store_, office_.full(++revision_, entries));
    ASSERT_TRUE(updated.result) << updated.result.error().message;
    list_ = *updated.result;
  }
  void hold(const std::vector<std::string>& vrms) {
    std::vector<WatchEntry> entries;
    for (const std::string& vrm : vrms)
      entries.push_back(watched(vrm));
    hold_entries(entries);
  }
  // "VRM kind", likeliest first.
  std::vector<std::string> found(const WatchedRead& read, const TimeBounds& taken = today) {
    std::vector<std::string> out;
    for (const WatchHit& hit : list_->match(read, taken).hits)
      out.push_back(list_->entry(hit.place).value()[WatchField::vrm] + " " +
                    std::string(to_string(hit.kind)));
    return out;
  }

  TemporaryFolder folder_;
  ListOffice office_;
  std::unique_ptr<WatchListStore> store_ = open_store(folder_.path(), office_);
  std::uint64_t revision_ = 0;
  std::shared_ptr<const WatchList> list_;
};

TEST_F(WatchMatch, AnExactMatchIsAsSureAsTheRead) {
  hold({"AB12CDE", "AB12CDF"});
  const auto answer = list_->match(read_of("AB12CDE", 0.97F), today);
  ASSERT_EQ(answer.hits.size(), 1U);
  EXPECT_EQ(answer.hits[0].kind, MatchKind::exact);
  EXPECT_NEAR(answer.hits[0].probability, 0.97, 1e-6);
  EXPECT_EQ(list_->entry(answer.hits[0].place).value(), watched("AB12CDE"));
  EXPECT_TRUE(found(read_of("XY12CDE", 0.97F)).empty());
}

TEST_F(WatchMatch, AlternativesMatchByTheirShare) {
  hold({"AB12CDE", "AB12CDF"});
  WatchedRead read = read_of("AB12CDX", 0.6F);
  read.texts.push_back({"AB12CDF", 0.3F});
  read.texts.push_back({"AB12CDE", 0.05F});
  const auto answer = list_->match(read, today);
  ASSERT_GE(answer.hits.size(), 2U);
  EXPECT_THAT(found(read), ElementsAre("AB12CDF exact", "AB12CDE exact"));
  EXPECT_EQ(answer.hits[0].text, 1U);
  EXPECT_NEAR(answer.hits[0].probability, 0.3, 1e-6);
}

TEST_F(WatchMatch, CharactersOfOneShapeAreOne) {
  hold({"ABI0CDE"});
  EXPECT_THAT(found(read_of("AB10CDE")), ElementsAre("ABI0CDE same_glyphs"));
  EXPECT_THAT(found(read_of("ABIOCDE")), ElementsAre("ABI0CDE same_glyphs"));
  EXPECT_THAT(found(read_of("ABI0CDE")), ElementsAre("ABI0CDE exact"));
}

TEST_F(WatchMatch, OneDoubtfulCharacterIsWeighedByItsGuesses) {
  hold({"AB12CDE"});
  WatchedRead read = read_of("AB12CDF", 0.7F);
  read.guesses.assign(7, {});
  for (std::size_t i = 0; i < 7; ++i)
    read.guesses[i] = {{read.texts[0].vrm[i], 0.999F}};
  read.guesses[6] = {{'F', 0.70F}, {'E', 0.28F}};
  const auto answer = list_->match(read, today);
  ASSERT_EQ(answer.hits.size(), 1U);
  EXPECT_EQ(answer.hits[0].kind, MatchKind::one_character);
  EXPECT_EQ(answer.hits[0].differing_place, 6U);
  EXPECT_NEAR(answer.hits[0].probability, 0.28, 0.01);
  read.guesses[6] = {{'F', 0.999F}};
  EXPECT_TRUE(found(read).empty()) << "nobody doubted it";
}

TEST_F(WatchMatch, WithoutGuessesWhatLooksAlikeIsLikelier) {
  hold({"AB12CD8", "AB12CDX"});
  WatchedRead read = read_of("AB12CDB", 0.8F);
  read.character_confidences.assign(7, 0.999F);
  read.character_confidences[6] = 0.8F;
  EXPECT_THAT(found(read), ElementsAre("AB12CD8 one_character"));
  const auto all = list_->match(read, today, {0.0001}).hits;
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NEAR(all[0].probability, 0.16, 0.001);
  EXPECT_NEAR(all[1].probability, 0.04 / 32, 0.0001);
  // A read of which nothing but its confidence is known.
  EXPECT_THAT(found(read_of("AB12CDB", 0.5F)), ElementsAre("AB12CD8 one_character"));
}

TEST_F(WatchMatch, WildCardsMatchAsTheFieldUsesThem) {
  hold({"AB?2CDE", "AB1*", "*CDE", "*2C*", "AB12CDE?", "A*1*E", "AB12CDE*"});
  EXPECT_THAT(found(read_of("AB12CDE")),
              UnorderedElementsAre("AB?2CDE wildcard", "AB1* wildcard", "*CDE wildcard", "*2C* wildcard",
                                   "A*1*E wildcard", "AB12CDE* wildcard"));
  EXPECT_THAT(found(read_of("AB12CDEF")), UnorderedElementsAre("AB1* wildcard", "*2C* wildcard",
                                                               "AB12CDE? wildcard", "AB12CDE* wildcard"));
}

TEST_F(WatchMatch, AWildCardIsAsSureAsAllTextsThatFitTogether) {
  hold({"AB12*"});
  WatchedRead read = read_of("AB12CDE", 0.5F);
  read.texts.push_back({"AB12CDF", 0.3F});
  read.texts.push_back({"XX12CDF", 0.2F});
  const auto hits = list_->match(read, today).hits;
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_NEAR(hits[0].probability, 0.8, 1e-6);
  EXPECT_EQ(hits[0].text, 0U);
}

TEST_F(WatchMatch, LongMarksOfOtherCountriesMatch) {
  hold({"ABCDEFGH12345678", "ABCDEF123456"});
  EXPECT_THAT(found(read_of("ABCDEFGH12345678")), ElementsAre("ABCDEFGH12345678 exact"));
  EXPECT_THAT(found(read_of("ABCDEF123456")), ElementsAre("ABCDEF123456 exact"));
}

TEST_F(WatchMatch, AWeededEntryNeverMatches) {
  hold_entries({watched("AB12CDE", "", "2026-12-25"), watched("FG34HJK", "", "")});
  // It is that date in summer time already.
  EXPECT_EQ(found(read_of("AB12CDE"), known("2026-12-24T22:59:59.999Z")).size(), 1U);
  EXPECT_EQ(found(read_of("AB12CDE"), known("2026-12-24T23:00:00Z")).size(), 0U);
  EXPECT_EQ(list_->match(read_of("AB12CDE"), known("2026-12-24T23:00:00Z")).withheld, 0U);
  EXPECT_EQ(found(read_of("FG34HJK"), known("2027-10-24T00:00:00Z")).size(), 1U);
}

TEST_F(WatchMatch, AnEntryThatMayBeWeededDoesNotMatchAndIsCounted) {
  hold_entries({watched("AB12CDE", "", "2026-12-25")});
  const auto answer =
      list_->match(read_of("AB12CDE"), {at("2026-12-24T22:59:00Z"), at("2026-12-24T23:01:00Z")});
  EXPECT_TRUE(answer.hits.empty());
  EXPECT_EQ(answer.withheld, 1U);
  EXPECT_EQ(answer.state, WatchAnswer::State::in_force);
}

TEST_F(WatchMatch, WithoutATimeToTrustNothingMatches) {
  hold({"AB12CDE"});
  const TimeBounds unsynchronised = time_bounds(at("2026-11-28T12:00:00Z"), {});
  EXPECT_FALSE(unsynchronised.latest);
  const auto answer = list_->match(read_of("AB12CDE"), unsynchronised);
  EXPECT_TRUE(answer.hits.empty());
  EXPECT_EQ(answer.state, WatchAnswer::State::clock_unsure);
  TimeQuality synchronised;
  synchronised.source = TimeSource::ntp;
  synchronised.max_error_ms = 50;
  const TimeBounds bounds = time_bounds(at("2026-11-28T12:00:00Z"), synchronised);
  EXPECT_EQ(bounds.earliest, at("2026-11-28T11:59:59.950Z"));
  EXPECT_EQ(bounds.latest, at("2026-11-28T12:00:00.050Z"));
  EXPECT_EQ(list_->match(read_of("AB12CDE"), bounds).hits.size(), 1U);
}

TEST_F(WatchMatch, AListIsInForceWithinItsValidityForCertain) {
  hold({"AB12CDE"});
  const auto state = [&](const TimeBounds& taken) {
    const auto answer = list_->match(read_of("AB12CDE"), taken);
    EXPECT_EQ(answer.hits.size(), answer.state == WatchAnswer::State::in_force ? 1U : 0U);
    return answer.state;
  };
  using State = WatchAnswer::State;
  EXPECT_EQ(state(known("2026-10-31T23:59:59Z")), State::not_yet_valid);
  EXPECT_EQ(state(known("2026-11-01T00:00:00Z")), State::in_force);
  EXPECT_EQ(state({at("2026-10-31T23:59:59Z"), at("2026-11-02T00:00:00Z")}), State::not_yet_valid);
  EXPECT_EQ(state({at("2027-10-31T23:59:59Z"), at("2027-11-01T00:00:00Z")}), State::clock_unsure);
  EXPECT_EQ(state(known("2027-11-01T00:00:00Z")), State::ended);
  EXPECT_EQ(state({at("2027-11-01T00:00:00Z"), std::nullopt}), State::ended);
}

TEST_F(WatchMatch, OneVrmAThousandTimesIsCutToWhatAPersonCanLookAt) {
  std::vector<WatchEntry> entries;
  for (int i = 0; i < 5000; ++i)
    entries.push_back(watched("AB12CDE", "N" + std::to_string(i)));
  hold_entries(entries);
  const auto answer = list_->match(read_of("AB12CDE"), today);
  EXPECT_EQ(answer.hits.size(), WatchAnswer::most_hits);
  EXPECT_EQ(answer.hits.size() + answer.more, 5000U);
}

TEST_F(WatchMatch, WhatIsNoReadMatchesNothing) {
  hold({"AB12CDE", "AB*"});
  for (const char* vrm : {"", "ab12cde", "AB12CD\xFF", "AB12CDE\t", "ABCDEFGH123456789"})
    EXPECT_TRUE(found(read_of(vrm)).empty());
  EXPECT_TRUE(found({}).empty());
  for (const float p : {NAN, -1.0F, 0.0F})
    EXPECT_TRUE(found(read_of("AB12CDE", p)).empty());
  EXPECT_EQ(found(read_of("AB12CDE", INFINITY)).size(), 0U);
}

char folded(char c) {
  return c == 'O' ? '0' : c == 'I' ? '1' : c;
}
bool fits(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return fits(pattern.substr(1), text) || (!text.empty() && fits(pattern, text.substr(1)));
  if (text.empty()) return false;
  return (pattern[0] == '?' || folded(pattern[0]) == folded(text[0])) &&
         fits(pattern.substr(1), text.substr(1));
}
std::optional<MatchKind> kind_of(std::string_view entry, std::string_view text) {
  if (entry == text) return MatchKind::exact;
  if (entry.find_first_of("?*") != std::string_view::npos)
    return fits(entry, text) ? std::optional(MatchKind::wildcard) : std::nullopt;
  if (entry.size() != text.size()) return std::nullopt;
  int differ = 0;
  for (std::size_t i = 0; i < entry.size(); ++i)
    differ += folded(entry[i]) != folded(text[i]) ? 1 : 0;
  if (differ > 1) return std::nullopt;
  return differ == 0 ? MatchKind::same_glyphs : MatchKind::one_character;
}

TEST_F(WatchMatch, AgreesWithASlowMatcherOnRandomLists) {
  std::uint32_t state = 3;
  const auto random = [&](std::uint32_t below) {
    state = state * 1664525 + 1013904223;
    return (state >> 8U) % below;
  };
  // Few characters, so that much is near to something.
  const auto word = [&](std::string_view of, std::uint32_t least, std::uint32_t most) {
    std::string out;
    for (std::uint32_t n = least + random(most - least + 1); out.size() < n;)
      out += of[random(static_cast<std::uint32_t>(of.size()))];
    return out;
  };
  std::size_t hits = 0;
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, WatchEntry> entries;
    while (entries.size() < 500) {
      const std::string vrm = random(3) == 0 ? word("0O1IAB?*", 2, 7) : word("0O1IAB8", 2, 6);
      if (!fault_of(watched(vrm))) entries.emplace(vrm, watched(vrm));
    }
    std::vector<WatchEntry> list;
    for (const auto& [vrm, entry] : entries)
      list.push_back(entry);
    hold_entries(list);
    std::map<std::uint32_t, std::string> vrms;  // by place
    for (int i = 0; i < 100; ++i) {
      const WatchedRead read = read_of(word("0O1IAB8", 2, 6), 0.4F);
      std::map<std::string, MatchKind> expected;
      for (const auto& [vrm, entry] : entries) {
        if (const auto kind = kind_of(vrm, read.texts[0].vrm)) expected.emplace(vrm, *kind);
      }
      const auto answer = list_->match(read, today, {0});
      ASSERT_EQ(answer.hits.size() + answer.more, expected.size()) << read.texts[0].vrm;
      for (const WatchHit& hit : answer.hits) {
        std::string& vrm = vrms[hit.place];
        if (vrm.empty()) vrm = list_->entry(hit.place).value()[WatchField::vrm];
        ASSERT_TRUE(expected.contains(vrm));
        EXPECT_EQ(hit.kind, expected.at(vrm)) << vrm << " " << read.texts[0].vrm;
        EXPECT_GT(hit.probability, 0);
        EXPECT_LE(hit.probability, 0.4 + 1e-6);
      }
      hits += answer.hits.size();
    }
  }
  EXPECT_GT(hits, 10'000U);
}

}  // namespace
}  // namespace wayside
