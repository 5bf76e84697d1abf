#include "src/anpr/read/read_confidence.hpp"

#include <gtest/gtest.h>

namespace wayside::read {
namespace {

using Hypothesis = VrmSyntax::Hypothesis;

std::vector<Hypothesis> ranked(const std::string& vrm, const std::string& format, double log_odds) {
  return {{vrm, format, -1.0, 0}, {"AB52CDF", "current", -1.0 - log_odds, 0}};
}

constexpr ReadEvidenceScores clear{-0.05, 0.9};

TEST(ReadConfidence, GrowsWithTheOddsTheLineAndThePlate) {
  const auto at = [](double odds, double line, double plate) {
    return confidence_of(ranked("AB52CDE", "current", odds), {line, plate});
  };
  EXPECT_LT(at(1, -1, 0.5), at(4, -1, 0.5));
  EXPECT_LT(at(1, -4, 0.5), at(1, -1, 0.5));
  EXPECT_LT(at(1, -1, 0.5), at(1, -1, 0.9));
  EXPECT_GT(at(8, -0.02, 0.9), 0.98F);
  EXPECT_LT(at(0.5, -7, 0.3), 0.05F);
}

TEST(ReadConfidence, WhatSignsAndGrillesGiveIsTrustedLess) {
  const float plate = confidence_of(ranked("AB52CDE", "current", 3), clear);
  EXPECT_LT(confidence_of(ranked("AB5CDE2", "unknown", 3), clear), plate);
  EXPECT_LT(confidence_of(ranked("1ABC", "dateless", 3), clear), plate);
  EXPECT_LT(confidence_of(ranked("1A", "dateless", 3), clear), plate);
  EXPECT_LT(confidence_of(ranked("PARCELS", "unknown", 3), clear),
            confidence_of(ranked("PARC3LS", "unknown", 3), clear));
}

TEST(ReadConfidence, IsAProbabilityWhateverTheScores) {
  for (const double odds : {-50.0, 0.0, 700.0}) {
    for (const double line : {-1e9, 0.0}) {
      for (const double plate : {0.0, 1.0, 2.0}) {
        const float confidence = confidence_of(ranked("AB52CDE", "current", odds), {line, plate});
        EXPECT_GE(confidence, 0);
        EXPECT_LE(confidence, 1);
      }
    }
  }
  EXPECT_GT(confidence_of({{"AB52CDE", "current", 0, 0}}, clear), 0.98F) << "without a rival";
}

}  // namespace
}  // namespace wayside::read
