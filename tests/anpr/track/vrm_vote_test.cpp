#include "src/anpr/track/vrm_vote.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/anpr/track/recorded_road.hpp"

namespace wayside::testing {
namespace {

const std::vector<std::string> both{"AB12CDE", "AB12CDF"};

Sighting place(float x) {
  return {{}, {x, 100}, 100};
}

void vote(VrmVote& vote, const std::string& vrm, float confidence, float x) {
  vote.add(plate_read(vrm, confidence, {x, 100}, 100).read, place(x));
}

TEST(VrmVote, NobodyVotedGivesNothing) {
  EXPECT_TRUE(VrmVote().outcome(both).vrm.empty());
}

TEST(VrmVote, OneLookKeepsItsOwnConfidence) {
  for (const float confidence : {0.3F, 0.6F, 0.95F}) {
    VrmVote one;
    vote(one, "AB12CDE", confidence, 0);
    EXPECT_NEAR(one.outcome(both).confidence, confidence, 1e-5);
  }
}

TEST(VrmVote, AgreeingLooksAddUpAndContradictingOnesTakeAway) {
  VrmVote all;
  vote(all, "AB12CDE", 0.7F, 0);
  const float one = all.outcome(both).confidence;
  vote(all, "AB12CDE", 0.7F, 50);
  const float two = all.outcome(both).confidence;
  vote(all, "AB12CDE", 0.7F, 100);
  const float three = all.outcome(both).confidence;
  vote(all, "AB12CDF", 0.7F, 150);
  const VoteOutcome contradicted = all.outcome(both);
  EXPECT_GT(two, one + 0.1F);
  EXPECT_GT(three, two);
  EXPECT_LT(contradicted.confidence, three);
  EXPECT_EQ(contradicted.vrm, "AB12CDE");
  ASSERT_FALSE(contradicted.alternatives.empty());
  EXPECT_EQ(contradicted.alternatives[0].vrm, "AB12CDF");
}

TEST(VrmVote, FiveHundredReadsOfAStandingPlateAreOneLook) {
  VrmVote standing;
  for (int i = 0; i < 500; ++i)
    vote(standing, "AB12CDE", 0.8F, static_cast<float>(i % 5));
  EXPECT_NEAR(standing.outcome(both).confidence, 0.8F, 1e-4);
}

TEST(VrmVote, FlickeringOutlinesOfAStandingPlateGiveNoCertainty) {
  VrmVote standing;
  for (int i = 0; i < 500; ++i)
    vote(standing, "AB12CDE", 0.8F, i % 2 == 0 ? 0.0F : 40.0F);
  EXPECT_LT(standing.outcome(both).confidence, 0.95F);
}

TEST(VrmVote, NoNumberOfLooksGivesCertainty) {
  VrmVote moving;
  for (int i = 0; i < 1000; ++i)
    vote(moving, "AB12CDE", 1.0F, static_cast<float>(50 * i));
  const VoteOutcome outcome = moving.outcome(both);
  EXPECT_LE(outcome.confidence, 0.999F);
  EXPECT_GT(outcome.confidence, 0.99F);
}

TEST(VrmVote, OneSureMisreadDoesNotVetoWhatTheOthersAgreeOn) {
  VrmVote all;
  vote(all, "AB12CDF", 1.0F, 0);
  for (int i = 1; i <= 4; ++i)
    vote(all, "AB12CDE", 0.7F, static_cast<float>(50 * i));
  EXPECT_EQ(all.outcome(both).vrm, "AB12CDE");
}

TEST(VrmVote, SharedGlyphsThatFlipEndInTheTextReadMoreOften) {
  VrmVote all;
  for (int i = 0; i < 10; ++i) {
    PlateRead read = plate_read(i % 3 == 0 ? "ABO2CDE" : "AB02CDE", 0.7F, {}, 100).read;
    read.positions[2] = {{'0', 0.5F}, {'O', 0.5F}};
    all.add(read, place(static_cast<float>(40 * i)));
  }
  const VoteOutcome outcome = all.outcome({"ABO2CDE", "AB02CDE"});
  EXPECT_EQ(outcome.vrm, "AB02CDE");
  EXPECT_EQ(outcome.alternatives.at(0).vrm, "ABO2CDE");
  // The third character is the doubtful one.
  const auto& characters = outcome.character_confidences;
  ASSERT_EQ(characters.size(), 7U);
  EXPECT_EQ(std::min_element(characters.begin(), characters.end()) - characters.begin(), 2);
}

TEST(VrmVote, GuessesOfCharactersBecomeAlternativesButCannotWin) {
  VrmVote all;
  for (int i = 0; i < 3; ++i) {
    PlateRead read = plate_read("AB12CDE", 0.4F, {}, 100).read;
    read.positions[6] = {{'F', 0.9F}, {'E', 0.1F}};
    all.add(read, place(static_cast<float>(40 * i)));
  }
  const VoteOutcome outcome = all.outcome({"AB12CDE"});
  EXPECT_EQ(outcome.vrm, "AB12CDE");
  EXPECT_EQ(outcome.alternatives.at(0).vrm, "AB12CDF");
  EXPECT_LT(outcome.confidence, 0.6F);
}

TEST(VrmVote, KeepsNoMoreThanFourAlternativesBestFirstAndSharesStayShares) {
  VrmVote all;
  std::vector<std::string> read;
  for (int i = 0; i < 9; ++i) {
    std::string vrm = "AB12CDE";
    vrm[static_cast<std::size_t>(i % 7)] = static_cast<char>('F' + i % 11);
    read.push_back(vrm);
    vote(all, vrm, 0.6F, static_cast<float>(40 * i));
    vote(all, "AB12CDE", 0.3F, static_cast<float>(40 * i));
  }
  read.emplace_back("AB12CDE");
  const VoteOutcome outcome = all.outcome(read);
  EXPECT_EQ(outcome.vrm, "AB12CDE");
  EXPECT_EQ(outcome.alternatives.size(), 4U);
  float sum = outcome.confidence;
  float earlier = 1;
  for (const VrmAlternative& other : outcome.alternatives) {
    EXPECT_LE(other.confidence, earlier);
    EXPECT_NE(other.vrm, outcome.vrm);
    earlier = other.confidence;
    sum += other.confidence;
  }
  EXPECT_LE(sum, 1.0001F);
  for (const float character : outcome.character_confidences) {
    EXPECT_GE(character, outcome.confidence - 1e-4F);
    EXPECT_LE(character, 1);
  }
}

}  // namespace
}  // namespace wayside::testing
