#include "src/anpr/read/read_confidence.hpp"

#include <gtest/gtest.h>

namespace wayside::read {
namespace {

using Hypothesis = VrmSyntax::Hypothesis;

Hypothesis mark(const std::string& vrm, const std::string& format) {
  return {vrm, format, -1.0, 0};
}

constexpr ConfidenceGrounds clear{3, -0.05F, 0.9F};

TEST(ReadConfidence, RestsOnTheOddsAgainstAllRivalsTogether) {
  const Hypothesis best = mark("AB52CDE", "current");
  const auto rival = [](double log_score) { return Hypothesis{"AB52CDF", "current", log_score, 0}; };
  EXPECT_NEAR(grounds_of({best, rival(-4.0)}, -0.5, 0.25F).log_odds, 3, 1e-5);
  EXPECT_NEAR(grounds_of({best, rival(-4.0), rival(-4.0)}, -0.5, 0.25F).log_odds, 3 - std::log(2.0), 1e-5);
  const ConfidenceGrounds alone = grounds_of({best}, -0.5, 0.25F);
  EXPECT_GT(alone.log_odds, 20);
  EXPECT_FLOAT_EQ(alone.line_log_probability, -0.5F);
  EXPECT_FLOAT_EQ(alone.plate_score, 0.25F);
}

TEST(ReadConfidence, GrowsWithTheOddsTheLineAndThePlate) {
  const auto at = [](float odds, float line, float plate) {
    return confidence_of(mark("AB52CDE", "current"), {odds, line, plate});
  };
  EXPECT_LT(at(1, -1, 0.5F), at(4, -1, 0.5F));
  EXPECT_LT(at(1, -4, 0.5F), at(1, -1, 0.5F));
  EXPECT_LT(at(1, -1, 0.5F), at(1, -1, 0.9F));
  EXPECT_GT(at(8, -0.02F, 0.9F), 0.98F);
  EXPECT_LT(at(0.5F, -7, 0.3F), 0.05F);
}

TEST(ReadConfidence, WhatSignsAndGrillesGiveIsTrustedLess) {
  const float plate = confidence_of(mark("AB52CDE", "current"), clear);
  EXPECT_LT(confidence_of(mark("AB5CDE2", "unknown"), clear), plate);
  EXPECT_LT(confidence_of(mark("1ABC", "dateless"), clear), plate);
  EXPECT_LT(confidence_of(mark("1A", "dateless"), clear), plate);
  EXPECT_LT(confidence_of(mark("PARCELS", "unknown"), clear),
            confidence_of(mark("PARC3LS", "unknown"), clear));
}

TEST(ReadConfidence, IsAProbabilityWhateverTheGrounds) {
  for (const float odds : {-50.0F, 0.0F, 700.0F}) {
    for (const float line : {-1e9F, 0.0F}) {
      for (const float plate : {0.0F, 1.0F, 2.0F}) {
        const float confidence = confidence_of(mark("AB52CDE", "current"), {odds, line, plate});
        EXPECT_GE(confidence, 0);
        EXPECT_LE(confidence, 1);
      }
    }
  }
}

}  // namespace
}  // namespace wayside::read
