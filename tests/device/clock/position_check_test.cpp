#include "wayside/device/clock/position_check.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::HasSubstr;

void saw(PositionCheck& check, double latitude, double longitude, int times) {
  for (int i = 0; i < times; ++i)
    check.saw({latitude, longitude, 5.0});
}

TEST(Distance, OfADegreeIsTheEarths) {
  EXPECT_NEAR(distance_m(52, 0, 53, 0), 111'195, 1);
  EXPECT_NEAR(distance_m(0, 179.9995, 0, -179.9995), 111.2, 0.1);
  EXPECT_EQ(distance_m(52, 0.15, 52, 0.15), 0);
}

TEST(PositionCheck, MoreThanAHundredMetresIsAnAlarmWithBothPlaces) {
  PositionCheck check(52.2295, 0.1532);
  saw(check, 52.2295 + 0.0008, 0.1532, 60);  // 89 m
  EXPECT_FALSE(check.alarm());
  saw(check, 52.2295 + 0.001, 0.1532, 60);  // 111 m
  ASSERT_TRUE(check.alarm());
  EXPECT_THAT(*check.alarm(), HasSubstr("111 m"));
  EXPECT_THAT(*check.alarm(), HasSubstr("52.230500"));
  EXPECT_THAT(*check.alarm(), HasSubstr("52.229500"));
  saw(check, 52.2295 + 0.0008, 0.1532, 60);
  EXPECT_TRUE(check.alarm()) << "it does not come and go at the limit";
  saw(check, 52.2295 + 0.0006, 0.1532, 60);
  EXPECT_FALSE(check.alarm());
}

TEST(PositionCheck, FewFixesAndJumpsSayNothing) {
  PositionCheck check(52.2295, 0.1532);
  saw(check, -33, 151, 19);
  EXPECT_FALSE(check.alarm());
  PositionCheck steady(52.2295, 0.1532);
  saw(steady, 52.2295, 0.1532, 40);
  saw(steady, 0, 0, 15);
  steady.saw({std::numeric_limits<double>::quiet_NaN(), 0, {}});
  EXPECT_FALSE(steady.alarm());
  for (int i = 0; i < 200; ++i)
    steady.saw({0, 0, 5000.0});  // the receiver itself does not know
  EXPECT_FALSE(steady.alarm());
}

TEST(PositionCheck, TheDateLineIsNoDistance) {
  PositionCheck check(-17, 179.9999);
  for (int i = 0; i < 60; ++i)
    check.saw({-17, i % 2 == 0 ? 179.9998 : -179.9998, {}});
  EXPECT_FALSE(check.alarm());
  EXPECT_LT(check.off_m().value(), 50);
}

}  // namespace
}  // namespace wayside
