#include "wayside/device/health/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(HealthTest, NamesEveryPartThatIsIllUntilItIsWell) {
  Health health;
  EXPECT_THAT(health.problems(), IsEmpty());
  EXPECT_TRUE(health.ill("uplink", "no certificate"));
  EXPECT_TRUE(health.ill("recognition", "a damaged model"));
  EXPECT_THAT(health.problems(),
              ElementsAre(Pair("recognition", "a damaged model"), Pair("uplink", "no certificate")));
  health.well("uplink");
  health.well("uplink");
  EXPECT_THAT(health.problems(), ElementsAre(Pair("recognition", "a damaged model")));
}

TEST(HealthTest, OnlyAnotherReasonIsNews) {
  Health health;
  EXPECT_TRUE(health.ill("uplink", "no certificate"));
  EXPECT_FALSE(health.ill("uplink", "no certificate"));
  EXPECT_TRUE(health.ill("uplink", "a damaged certificate"));
  health.well("uplink");
  EXPECT_TRUE(health.ill("uplink", "a damaged certificate"));
}

TEST(Health, AStateIsNoProblem) {
  Health health;
  EXPECT_TRUE(health.says("exposure", "planned"));
  EXPECT_FALSE(health.says("exposure", "planned"));
  EXPECT_TRUE(health.says("exposure", "left to the camera"));
  EXPECT_EQ(health.states().at("exposure"), "left to the camera");
  EXPECT_TRUE(health.problems().empty());
}

}  // namespace
}  // namespace wayside
