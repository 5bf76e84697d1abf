#include "src/anpr/track/image_motion.hpp"

#include <random>

#include <gtest/gtest.h>

namespace wayside::testing {
namespace {

Sighting seen(double seconds, float x, float y, float width) {
  return {{static_cast<std::int64_t>(seconds * 1e9)}, {x, y}, width};
}

// n sightings at 25 frames a second, each a step further and growing; jitter in pixels and in share of the
// width.
ImageMotion moving(int n, float step, float growth, float jitter = 0) {
  std::mt19937 random(3);
  ImageMotion motion;
  float width = 100;
  for (int i = 0; i < n; ++i, width *= growth) {
    const auto noise = [&] { return jitter * (static_cast<float>(random() % 2001) / 1000 - 1); };
    motion.add(seen(i * 0.04, 600 + noise() * 100, 300 + step * static_cast<float>(i) + noise() * 100,
                    width * (1 + noise())));
  }
  return motion;
}

TEST(ImageMotion, GrowingAndDescendingIsTowardsShrinkingAndRisingIsAway) {
  for (const int n : {2, 3, 6, 20}) {
    EXPECT_EQ(moving(n, 20, 1.12F).direction(), n == 2 ? Direction::unknown : Direction::towards) << n;
    EXPECT_EQ(moving(n, -20, 1 / 1.12F).direction(), n == 2 ? Direction::unknown : Direction::away) << n;
  }
  EXPECT_EQ(moving(2, 50, 1.2F).direction(), Direction::towards);
}

TEST(ImageMotion, GrowthAloneTellsAndSoDoesDescentAlone) {
  EXPECT_EQ(moving(20, 0, 1.03F).direction(), Direction::towards);
  EXPECT_EQ(moving(20, 0, 0.97F).direction(), Direction::away);
  EXPECT_EQ(moving(20, 10, 1).direction(), Direction::towards);
  EXPECT_EQ(moving(20, -10, 1).direction(), Direction::away);
}

TEST(ImageMotion, WhereGrowthAndDescentDisagreeOnlyPlainGrowthTells) {
  EXPECT_EQ(moving(20, -10, 1.03F).direction(), Direction::towards);
  EXPECT_EQ(moving(20, -10, 1.007F).direction(), Direction::unknown);
}

TEST(ImageMotion, StandingCrossingAndSingleSightingsAreUnknown) {
  EXPECT_EQ(moving(1, 0, 1).direction(), Direction::unknown);
  EXPECT_EQ(moving(500, 0, 1, 0.03F).direction(), Direction::unknown);
  ImageMotion crossing;
  for (int i = 0; i < 20; ++i)
    crossing.add(seen(i * 0.04, 100 + 30 * static_cast<float>(i), 300, 100));
  EXPECT_EQ(crossing.direction(), Direction::unknown);
}

TEST(ImageMotion, JitterDoesNotTurnAVehicleRound) {
  EXPECT_EQ(moving(12, 12, 1.02F, 0.03F).direction(), Direction::towards);
  EXPECT_EQ(moving(12, -12, 0.98F, 0.03F).direction(), Direction::away);
}

TEST(ImageMotion, ExpectsConstantDriftAheadAndTheKnownWayBehind) {
  const ImageMotion motion = moving(26, 10, 1);  // 250 px in one second
  EXPECT_NEAR(motion.expected_at({1'200'000'000}).y, 600, 1);
  EXPECT_NEAR(motion.expected_at({500'000'000}).y, 425, 1);
  EXPECT_NEAR(motion.expected_at({-1}).y, 300, 1);
  EXPECT_NEAR(motion.expected_at({60'000'000'000}).y, 800, 1) << "no further than a second";
}

TEST(ImageMotion, AnEndlessWayIsThinnedOutNotForgotten) {
  const ImageMotion motion = moving(5000, 60, 1);
  EXPECT_NEAR(motion.expected_at({100'000'000'000}).y, 300 + 60 * 2500, 20'000);
  EXPECT_EQ(motion.sightings(), 5000U);
}

}  // namespace
}  // namespace wayside::testing
