#include "wayside/eval/reliability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::eval {
namespace {

using testing::HasSubstr;

TEST(Reliability, WhatIsRightAsOftenAsStatedHasNoError) {
  std::vector<Judged> reads;
  for (int i = 0; i < 10; ++i)
    reads.push_back({0.8, i < 8});
  const Reliability all = reliability_of(reads);
  EXPECT_EQ(all.n, 10U);
  EXPECT_NEAR(all.expected_error, 0, 1e-12);
  EXPECT_EQ(all.bins[8].n, 10U);
  EXPECT_EQ(all.bins[8].right, 8U);
  EXPECT_NEAR(all.bins[8].stated, 0.8, 1e-12);
  EXPECT_EQ(all.sure, 0U);
}

TEST(Reliability, ErrorsOfBinsAreWeightedByTheirReads) {
  // Three of four in a bin that is off by 0.45, one in a bin that is off by 0.05.
  const Reliability all = reliability_of({{0.95, true}, {0.95, true}, {0.95, false}, {0.05, false}});
  EXPECT_NEAR(all.expected_error, 0.75 * (0.95 - 2.0 / 3) + 0.25 * 0.05, 1e-12);
  EXPECT_EQ(all.sure, 3U);
  EXPECT_EQ(all.sure_right, 2U);
}

TEST(Reliability, TheEndsAndNothingAreTaken) {
  const Reliability ends = reliability_of({{0, false}, {1, true}, {1.2, true}});
  EXPECT_EQ(ends.bins.front().n, 1U);
  EXPECT_EQ(ends.bins.back().n, 2U);
  EXPECT_NEAR(ends.expected_error, 0, 1e-12);
  EXPECT_EQ(reliability_of({}).expected_error, 0);
  EXPECT_THAT(table(reliability_of({})), HasSubstr("over 0 reads"));
}

}  // namespace
}  // namespace wayside::eval
