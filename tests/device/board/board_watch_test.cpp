#include "wayside/device/board/board_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

template <class T>
SensorReading<T> says(std::string sensor, T value) {
  return {std::move(sensor), value};
}
template <class T>
SensorReading<T> fails(std::string sensor, ErrorCode code, std::string why) {
  return {std::move(sensor), fail(code, std::move(why))};
}

TEST(TemperatureWatch, IsHotFromTheLimitOnUntilItIsFiveBelow) {
  TemperatureWatch watch(85);
  watch.saw({says("cpu", 84.9), says("wifi", 40.0)});
  EXPECT_EQ(watch.problem(), "");
  EXPECT_EQ(watch.state(), "85 C (cpu)");
  watch.saw({says("cpu", 85.0), says("wifi", 40.0)});
  const std::string hot = watch.problem();
  EXPECT_THAT(hot, AllOf(HasSubstr("cpu reached 85 C (board.hot_c)"), HasSubstr("below 80 C"),
                         HasSubstr("fan"), Not(HasSubstr("wifi"))));
  watch.saw({says("cpu", 97.0), says("wifi", 40.0)});
  EXPECT_EQ(watch.problem(), hot) << "its figures are no news each";
  EXPECT_EQ(watch.state(), "97 C (cpu)");
  watch.saw({says("cpu", 80.0), says("wifi", 40.0)});
  EXPECT_EQ(watch.problem(), hot);
  watch.saw({says("cpu", 79.9), says("wifi", 40.0)});
  EXPECT_EQ(watch.problem(), "");
  EXPECT_EQ(watch.celsius().at("wifi"), 40.0);
}

TEST(TemperatureWatch, ASensorThatStopsAnsweringIsAProblemAfterThreeLooks) {
  TemperatureWatch watch(85);
  const auto silent = fails<double>("cpu", ErrorCode::io, "thermal_zone0/temp could not be read");
  watch.saw({says("cpu", 50.0)});
  for (int i = 0; i < 2; ++i) {
    watch.saw({silent});
    EXPECT_EQ(watch.problem(), "");
    EXPECT_EQ(watch.state(), "cpu does not answer");
  }
  watch.saw({silent});
  EXPECT_THAT(watch.problem(), HasSubstr("cpu stopped answering: thermal_zone0/temp could not be read"));
  watch.saw({says("cpu", 50.0)});
  EXPECT_EQ(watch.problem(), "");
  for (int i = 0; i < 3; ++i)
    watch.saw({});
  EXPECT_THAT(watch.problem(), HasSubstr("cpu stopped answering: it is gone"));
}

TEST(TemperatureWatch, OneThatNeverAnsweredIsAStateAndOneThatTalksNonsenseAProblem) {
  TemperatureWatch watch(85);
  EXPECT_EQ(watch.state(), "no sensor");
  for (int i = 0; i < 5; ++i)
    watch.saw({fails<double>("wifi", ErrorCode::io, "no data"), says("cpu", 50.0)});
  EXPECT_EQ(watch.problem(), "");
  EXPECT_EQ(watch.state(), "50 C (cpu); wifi does not answer");
  for (int i = 0; i < 3; ++i)
    watch.saw({fails<double>("wifi", ErrorCode::corrupt, "it says 4000000000"), says("cpu", 50.0)});
  EXPECT_THAT(watch.problem(), HasSubstr("wifi is of no use: it says 4000000000"));
  for (int i = 0; i < 3; ++i)
    watch.saw({fails<double>("wifi", ErrorCode::refused, "it may not be read"), says("cpu", 50.0)});
  EXPECT_THAT(watch.problem(), HasSubstr("wifi is of no use: it may not be read"));
}

TEST(TemperatureWatch, WhatWasHotWhenItStoppedAnsweringCountsAsHot) {
  TemperatureWatch watch(85);
  watch.saw({says("cpu", 90.0)});
  for (int i = 0; i < 3; ++i)
    watch.saw({fails<double>("cpu", ErrorCode::io, "no data")});
  EXPECT_THAT(watch.problem(), AllOf(HasSubstr("it is hot"), HasSubstr("stopped answering")));
}

struct WearCase {
  StorageWear wear;
  const char* state;
  const char* problem;  // a part of it; empty: none
};

TEST(StorageWatch, SaysWhatTheRegistersMeanAndWhenToReplaceIt) {
  for (const WearCase& one : {
           WearCase{{0, 0, 0}, "tells no wear", ""},
           WearCase{{1, 0, 1}, "0 to 10 % of its life is used", ""},
           WearCase{{3, 8, 1}, "70 to 80 % of its life is used", ""},
           WearCase{{9, 1, 1}, "80 to 90 % of its life is used", "plan its replacement"},
           WearCase{{0, 10, 1}, "90 to 100 % of its life is used", "plan its replacement"},
           WearCase{{11, 1, 1}, "all of its estimated life is used", "replace the board's flash now"},
           WearCase{
               {2, 2, 2}, "10 to 20 % of its life is used, most of its spare blocks", "plan its replacement"},
           WearCase{{2, 2, 3}, "its spare blocks nearly all", "replace the board's flash now"},
           WearCase{{0, 0, 2}, "most of its spare blocks are used", "plan its replacement"},
           WearCase{{0, 0, 3}, "nearly all of its spare blocks are used", "replace the board's flash now"},
       }) {
    StorageWatch watch(80);
    watch.saw({says("mmcblk0", one.wear)});
    EXPECT_THAT(watch.state(), HasSubstr(one.state));
    if (*one.problem == 0) {
      EXPECT_EQ(watch.problem(), "") << one.state;
    } else {
      EXPECT_THAT(watch.problem(), AllOf(HasSubstr("mmcblk0"), HasSubstr(one.problem)));
    }
  }
  StorageWatch early(30);
  early.saw({says("mmcblk0", StorageWear{4, 1, 1})});
  EXPECT_THAT(early.problem(), HasSubstr("30 to 40 %"));
  EXPECT_EQ(early.used_percent().at("mmcblk0"), 30);
}

TEST(StorageWatch, RegistersThatNoCardMayHaveAreAProblem) {
  for (const StorageWear& wear : {StorageWear{12, 1, 1}, StorageWear{1, 255, 1}, StorageWear{1, 1, 4}}) {
    StorageWatch watch(80);
    for (int i = 0; i < 3; ++i)
      watch.saw({says("mmcblk0", wear)});
    EXPECT_THAT(watch.state(), HasSubstr("a wear that cannot be"));
    EXPECT_THAT(watch.problem(), HasSubstr("mmcblk0 is of no use: its wear is told as 0x"));
    EXPECT_TRUE(watch.used_percent().empty());
  }
}

TEST(StorageWatch, ACardThatTellsNoWearIsNoProblem) {
  StorageWatch watch(80);
  for (int i = 0; i < 5; ++i)
    watch.saw({fails<StorageWear>("mmcblk1", ErrorCode::not_found, "life_time is not there")});
  EXPECT_EQ(watch.state(), "mmcblk1: tells no wear");
  EXPECT_EQ(watch.problem(), "");
  watch.saw({});
  EXPECT_EQ(watch.state(), "no eMMC and no SD card");
}

class PowerWatchTest : public testing::Test {
 protected:
  void saw(const PowerReadings& readings) { watch_.saw(readings, now_); }
  static PowerReadings voltage(bool low) { return {{says("rpi_volt in0", low)}, {}, {}}; }
  static PowerReadings supply(bool online, Battery battery) {
    return {{}, {says("AC", online)}, {says("BAT", battery)}};
  }
  PowerWatch watch_;
  MonotonicTime now_{1};
};

TEST_F(PowerWatchTest, LowVoltageStandsForTenMinutesAndIsCounted) {
  saw(voltage(false));
  EXPECT_EQ(watch_.problem(), "");
  EXPECT_EQ(watch_.state(), "good");
  saw(voltage(true));
  const std::string low = watch_.problem();
  EXPECT_THAT(low, AllOf(HasSubstr("the voltage is too low"), HasSubstr("rpi_volt in0"), HasSubstr("cable")));
  EXPECT_TRUE(watch_.voltage_is_low());
  saw(voltage(false));
  saw(voltage(true));
  saw(voltage(true));
  EXPECT_EQ(watch_.problem(), low) << "coming and going is no news each time";
  EXPECT_EQ(watch_.low_voltages(), 2U);
  saw(voltage(false));
  EXPECT_EQ(watch_.state(), "good; low voltages since the start: 2");
  now_ = now_ + minutes(9);
  saw(voltage(false));
  EXPECT_EQ(watch_.problem(), low);
  now_ = now_ + minutes(1);
  saw(voltage(false));
  EXPECT_EQ(watch_.problem(), "");
}

TEST_F(PowerWatchTest, ASupplyThatIsGoneIsAProblemWhereABatteryFeedsTheBoard) {
  saw(supply(true, {80, false}));
  EXPECT_EQ(watch_.state(), "good, battery at 80 %");
  saw(supply(false, {79, true}));
  EXPECT_THAT(watch_.problem(), AllOf(HasSubstr("the supply is gone"), HasSubstr("fuse")));
  EXPECT_EQ(watch_.state(), "on battery, battery at 79 %; losses of the supply since the start: 1");
  EXPECT_TRUE(watch_.is_on_battery());
  EXPECT_EQ(watch_.battery_percent(), 79);
  saw(supply(true, {79, {}}));
  EXPECT_FALSE(watch_.is_on_battery());
  now_ = now_ + minutes(10);
  saw(supply(true, {79, {}}));
  EXPECT_EQ(watch_.problem(), "");
  // A battery that does not say so itself, and one that is all there is.
  saw(supply(false, {79, {}}));
  EXPECT_TRUE(watch_.is_on_battery());
  saw({{}, {}, {says("UPS", Battery{{}, true})}});
  EXPECT_TRUE(watch_.is_on_battery());
  EXPECT_EQ(watch_.supply_losses(), 2U);
}

TEST_F(PowerWatchTest, ASensorThatSlipsOnceMakesNoSecondEvent) {
  saw(supply(false, {79, true}));
  saw({{}, {says("AC", false)}, {fails<Battery>("BAT", ErrorCode::io, "the bus is busy")}});
  EXPECT_TRUE(watch_.is_on_battery());
  saw(supply(false, {79, true}));
  EXPECT_EQ(watch_.supply_losses(), 1U);
  saw(voltage(true));
  saw({{fails<bool>("rpi_volt in0", ErrorCode::io, "the firmware is busy")}, {}, {}});
  EXPECT_TRUE(watch_.voltage_is_low());
  saw(voltage(true));
  EXPECT_EQ(watch_.low_voltages(), 1U);
}

TEST_F(PowerWatchTest, WhatFeedsTheBoardNeedNotBeInTheList) {
  saw({{}, {says("tcpm-source", false)}, {}});
  EXPECT_EQ(watch_.problem(), "") << "a socket that nothing is plugged into";
  saw(supply(false, {79, false}));
  EXPECT_EQ(watch_.problem(), "") << "the battery is being charged by something";
  PowerWatch none;
  none.saw({}, now_);
  EXPECT_EQ(none.state(), "no sensor");
  EXPECT_FALSE(none.tells());
}

TEST_F(PowerWatchTest, AnAlarmThatStopsAnsweringIsAProblem) {
  saw(voltage(false));
  for (int i = 0; i < 3; ++i)
    saw({{fails<bool>("rpi_volt in0", ErrorCode::corrupt, "it says \"x\"")}, {}, {}});
  EXPECT_THAT(watch_.problem(), HasSubstr("rpi_volt in0 stopped answering: it says"));
  EXPECT_THAT(watch_.state(), HasSubstr("rpi_volt in0 does not answer"));
}

class ContactWatchTest : public testing::Test {
 protected:
  // Seen every 100 ms.
  void stays(const Result<bool>& open, milliseconds length) {
    for (milliseconds t{0}; t < length; t += milliseconds(100)) {
      watch_.saw(open, now_, utc_);
      now_ = now_ + milliseconds(100);
      utc_ = utc_ + milliseconds(100);
    }
  }
  ContactWatch watch_{"the door"};
  MonotonicTime now_{1};
  UtcTime utc_ = *utc_from_iso8601("2026-11-28T10:00:00Z");
};

TEST_F(ContactWatchTest, AnOpeningIsAProblemUntilAnHourAfterItIsClosed) {
  EXPECT_EQ(watch_.state(), "not known yet");
  stays(false, seconds(1));
  EXPECT_EQ(watch_.state(), "closed");
  EXPECT_EQ(watch_.problem(), "");
  stays(true, seconds(60));
  EXPECT_EQ(watch_.is_open(), true);
  EXPECT_THAT(watch_.problem(), HasSubstr("the door is open since 2026-11-28T10:00:01.200Z: find out who"));
  stays(false, seconds(11));
  EXPECT_EQ(watch_.is_open(), false);
  EXPECT_THAT(watch_.problem(),
              HasSubstr("the door was opened at 2026-11-28T10:00:01.200Z and closed at 2026-11-28T10:01:11"));
  stays(false, minutes(59));
  EXPECT_NE(watch_.problem(), "");
  stays(false, minutes(1));
  EXPECT_EQ(watch_.problem(), "");
  EXPECT_EQ(watch_.state(), "closed; openings since the start: 1, the last at 2026-11-28T10:00:01.200Z");
}

TEST_F(ContactWatchTest, AMomentIsNoOpeningAndBouncingIsOne) {
  stays(false, seconds(1));
  stays(true, milliseconds(100));
  stays(false, seconds(20));
  EXPECT_EQ(watch_.openings(), 0U);
  stays(true, milliseconds(300));
  for (int i = 0; i < 50; ++i) {
    stays(false, seconds(1));
    stays(true, milliseconds(300));
  }
  EXPECT_EQ(watch_.openings(), 1U);
  stays(false, seconds(11));
  stays(true, seconds(1));
  EXPECT_EQ(watch_.openings(), 2U);
}

TEST_F(ContactWatchTest, OneThatIsOpenAtTheStartIsAnOpening) {
  stays(true, seconds(1));
  EXPECT_EQ(watch_.openings(), 1U);
  EXPECT_THAT(watch_.problem(), HasSubstr("the door is open since"));
}

TEST_F(ContactWatchTest, OneThatCannotBeReadIsAProblemAndForgetsNothing) {
  stays(true, seconds(1));
  stays(fail(ErrorCode::io, "line 4 of gpiochip0 could not be read"), seconds(1));
  EXPECT_THAT(watch_.problem(), AllOf(HasSubstr("whether the door is open cannot be known: line 4"),
                                      HasSubstr("the door is open since")));
  EXPECT_THAT(watch_.state(), HasSubstr("not known; openings since the start: 1"));
  EXPECT_FALSE(watch_.is_open());
  stays(true, seconds(1));
  EXPECT_EQ(watch_.openings(), 1U);
  EXPECT_THAT(watch_.problem(), Not(HasSubstr("cannot be known")));
}

}  // namespace
}  // namespace wayside
