#include "wayside/eval/statistics.hpp"

#include <gtest/gtest.h>

namespace wayside::eval {
namespace {

void expect_interval(std::size_t hits, std::size_t n, double low, double high) {
  const Interval interval = wilson95(hits, n);
  EXPECT_NEAR(interval.low, low, 5e-5) << hits << " of " << n;
  EXPECT_NEAR(interval.high, high, 5e-5) << hits << " of " << n;
}

// R. G. Newcombe, Statistics in Medicine 17 (1998), p. 857, table I, method 3.
TEST(Statistics, WilsonIntervalsAreThePublishedOnes) {
  expect_interval(81, 263, 0.2553, 0.3662);
  expect_interval(15, 148, 0.0624, 0.1605);
  expect_interval(0, 20, 0.0000, 0.1611);
  expect_interval(1, 29, 0.0061, 0.1718);
}

TEST(Statistics, WilsonEndsStayInTheUnitInterval) {
  EXPECT_EQ(wilson95(0, 5).low, 0);
  EXPECT_EQ(wilson95(5, 5).high, 1);
  EXPECT_EQ(wilson95(0, 0).low, 0);
  EXPECT_EQ(wilson95(0, 0).high, 1);
}

TEST(Statistics, ShareTextGivesShareAndInterval) {
  EXPECT_EQ(share_text(196, 200), "98.0 % (95.0 to 99.2)");
  EXPECT_EQ(share_text(0, 0), "-");
}

TEST(Statistics, PercentilesAreByNearestRank) {
  EXPECT_EQ(percentile({}, 0.5), 0);
  EXPECT_EQ(percentile({7}, 0.95), 7);
  EXPECT_EQ(percentile({5, 1, 4, 2, 3}, 0.5), 3);
  EXPECT_EQ(percentile({5, 1, 4, 2, 3}, 0.95), 5);
  EXPECT_EQ(percentile({5, 1, 4, 2, 3}, 0), 1);
  EXPECT_EQ(mean({1, 2, 6}), 3);
  EXPECT_EQ(mean({}), 0);
}

}  // namespace
}  // namespace wayside::eval
