#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drivers/board/fake_sysfs.hpp"

namespace wayside::board {
namespace {

using test::FakeSysfs;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Everything that one text in one file could be answered with.
constexpr const char* absurd[] = {
    "",      "\n",           "4000000000\n", "-60000\n", "0x33\n",
    "hot\n", "\xff\xfe\x01", "1e3\n",        "nan\n",    "99999999999999999999\n"};

TEST(BoardFiles, ABoardWithoutAnySensorHasNone) {
  for (const std::filesystem::path root : {"/nowhere/at/all", "/proc/self/status"}) {
    const auto sensors = make_board_sensors(root);
    EXPECT_THAT(sensors->temperatures(), IsEmpty());
    EXPECT_THAT(sensors->storage(), IsEmpty());
    EXPECT_THAT(sensors->power().voltage_low, IsEmpty());
    EXPECT_THAT(sensors->power().external, IsEmpty());
    EXPECT_THAT(sensors->power().batteries, IsEmpty());
    EXPECT_THAT(sensors->last_restart(), IsEmpty());
  }
  // Whatever this machine has.
  const auto here = make_board_sensors("/sys");
  for (const auto& reading : here->temperatures())
    EXPECT_FALSE(reading.sensor.empty());
  static_cast<void>(here->storage());
  static_cast<void>(here->power());
}

TEST(BoardFiles, ReadsAThermalZoneOnceThoughHwmonShowsItAgain) {
  const FakeSysfs board;
  board.usual();
  board.put("class/hwmon/hwmon2/name", "lm75\n");
  board.put("class/hwmon/hwmon2/temp1_input", "-12500\n");
  board.put("class/hwmon/hwmon2/temp2_input", "20000\n");
  board.put("class/hwmon/hwmon2/temp2_label", "housing\n");
  board.put("class/hwmon/hwmon2/temp3_input", "127000\n");
  board.put("class/hwmon/hwmon2/temp3_fault", "1\n");
  const auto all = board.sensors()->temperatures();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].sensor, "cpu-thermal");
  EXPECT_EQ(all[0].value, 51.2);
  EXPECT_EQ(all[1].sensor, "lm75 temp1");
  EXPECT_EQ(all[1].value, -12.5);
  EXPECT_EQ(all[2].sensor, "lm75 housing");
  EXPECT_THAT(all[3].value.error().message, HasSubstr("broken or not connected"));
}

TEST(BoardFiles, SensorsOfOneNameAreToldApart) {
  const FakeSysfs board;
  for (const char* zone : {"thermal_zone0", "thermal_zone1", "thermal_zone10"}) {
    board.put(std::string("class/thermal/") + zone + "/type", "soc\n");
    board.put(std::string("class/thermal/") + zone + "/temp", "40000\n");
  }
  board.put("class/thermal/thermal_zone2/temp", "41000\n");
  const auto all = board.sensors()->temperatures();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].sensor, "soc");
  EXPECT_EQ(all[1].sensor, "soc 2");
  EXPECT_EQ(all[2].sensor, "thermal_zone2");
  EXPECT_EQ(all[3].sensor, "soc 3");
}

TEST(BoardFiles, ATemperatureThatCannotBeIsNamed) {
  const FakeSysfs board;
  board.usual();
  for (const char* text : absurd) {
    board.put("class/thermal/thermal_zone0/temp", text);
    const auto all = board.sensors()->temperatures();
    ASSERT_EQ(all.size(), 1U);
    ASSERT_FALSE(all[0].value) << text;
    EXPECT_EQ(all[0].value.error().code, ErrorCode::corrupt);
    EXPECT_THAT(all[0].value.error().message, HasSubstr("thermal_zone0/temp"));
  }
  board.remove("class/thermal/thermal_zone0/temp");
  EXPECT_EQ(board.sensors()->temperatures().at(0).value.error().code, ErrorCode::not_found);
  board.put("class/thermal/thermal_zone0/temp/is a folder", "");
  EXPECT_EQ(board.sensors()->temperatures().at(0).value.error().code, ErrorCode::io);
}

TEST(BoardFiles, ReadsTheWearOfAnEmmcAndNotOfItsBootPartitions) {
  const FakeSysfs board;
  board.usual();
  auto all = board.sensors()->storage();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].sensor, "mmcblk0");
  EXPECT_EQ(all[0].value->life_a, 3);
  EXPECT_EQ(all[0].value->life_b, 2);
  EXPECT_EQ(all[0].value->pre_eol, 1);
  EXPECT_EQ(all[1].sensor, "mmcblk1");
  EXPECT_EQ(all[1].value.error().code, ErrorCode::not_found) << "an SD card";
  board.put("block/mmcblk0/device/life_time", "0x0b 0x01\n");
  board.put("block/mmcblk0/device/pre_eol_info", "03\n");
  all = board.sensors()->storage();
  EXPECT_EQ(all[0].value->life_a, 11);
  EXPECT_EQ(all[0].value->pre_eol, 3);
  board.remove("block/mmcblk0/device/pre_eol_info");
  EXPECT_EQ(board.sensors()->storage()[0].value->pre_eol, 0);
  for (const char* text : absurd) {
    board.put("block/mmcblk0/device/life_time", text);
    const auto worn = board.sensors()->storage();
    ASSERT_FALSE(worn[0].value) << text;
    EXPECT_THAT(worn[0].value.error().message, HasSubstr("mmcblk0/device/life_time"));
  }
}

TEST(BoardFiles, ReadsVoltageAlarmsAndSupplies) {
  const FakeSysfs board;
  board.usual();
  board.put("class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  const auto supply = [&](const std::string& name, const std::string& file, const std::string& text) {
    board.put("class/power_supply/" + name + "/" + file, text);
  };
  supply("AC", "type", "Mains\n");
  supply("AC", "online", "0\n");
  supply("usb", "type", "USB\n");
  supply("usb", "online", "2\n");
  supply("bat", "type", "Battery\n");
  supply("bat", "capacity", "57\n");
  supply("bat", "status", "Discharging\n");
  supply("hid-mouse", "type", "Battery\n");
  supply("hid-mouse", "scope", "Device\n");
  supply("slot2", "type", "Battery\n");
  supply("slot2", "present", "0\n");
  supply("ups", "type", "UPS\n");
  supply("ups", "status", "Unknown\n");
  const PowerReadings all = board.sensors()->power();
  ASSERT_EQ(all.voltage_low.size(), 1U);
  EXPECT_EQ(all.voltage_low[0].sensor, "rpi_volt in0");
  EXPECT_EQ(all.voltage_low[0].value, true);
  ASSERT_EQ(all.external.size(), 2U);
  EXPECT_EQ(all.external[0].sensor, "AC");
  EXPECT_EQ(all.external[0].value, false);
  EXPECT_EQ(all.external[1].value, true);
  ASSERT_EQ(all.batteries.size(), 2U);
  EXPECT_EQ(all.batteries[0].value->percent, 57);
  EXPECT_EQ(all.batteries[0].value->discharging, true);
  EXPECT_EQ(all.batteries[1].sensor, "ups");
  EXPECT_FALSE(all.batteries[1].value->percent);
  EXPECT_FALSE(all.batteries[1].value->discharging);
}

TEST(BoardFiles, ASupplyThatTalksNonsenseIsNamed) {
  const FakeSysfs board;
  board.put("class/power_supply/bat/type", "Battery\n");
  board.put("class/power_supply/bat/status", "Full\n");
  board.put("class/power_supply/AC/type", "Mains\n");
  for (const char* text : absurd) {
    board.put("class/hwmon/hwmon0/in1_lcrit_alarm", text);
    board.put("class/power_supply/bat/capacity", text);
    board.put("class/power_supply/AC/online", text);
    const PowerReadings all = board.sensors()->power();
    EXPECT_EQ(all.voltage_low.at(0).sensor, "hwmon0 in1");
    EXPECT_THAT(all.voltage_low.at(0).value.error().message, HasSubstr("in1_lcrit_alarm")) << text;
    EXPECT_THAT(all.batteries.at(0).value.error().message, HasSubstr("bat/capacity")) << text;
    EXPECT_THAT(all.external.at(0).value.error().message, HasSubstr("AC/online")) << text;
  }
  board.remove("class/power_supply/AC/type");
  EXPECT_THAT(board.sensors()->power().external.at(0).value.error().message, HasSubstr("AC/type"));
}

TEST(BoardFiles, TellsWhyTheBoardLastRestartedWhereAWatchdogDoes) {
  const FakeSysfs board;
  board.usual();
  EXPECT_THAT(board.sensors()->last_restart(), IsEmpty());
  board.put("class/watchdog/watchdog1/bootstatus", "32\n");
  EXPECT_THAT(board.sensors()->last_restart(), ElementsAre(RestartCause::watchdog));
  board.put("class/watchdog/watchdog0/bootstatus", "17\n");
  EXPECT_THAT(board.sensors()->last_restart(),
              ElementsAre(RestartCause::watchdog, RestartCause::low_voltage, RestartCause::overheating));
  for (const char* text : absurd) {
    board.put("class/watchdog/watchdog0/bootstatus", text);
    static_cast<void>(board.sensors()->last_restart());
  }
}

TEST(BoardFiles, NamesCarryNothingOddAndFoldersHaveAnEnd) {
  const FakeSysfs board;
  board.put("class/thermal/thermal_zone0/type", "a\"b\x1b[2J\n\xff");
  for (int i = 0; i < 200; ++i)
    board.put("class/thermal/thermal_zone" + std::to_string(i) + "/temp", "40000\n");
  const auto all = board.sensors()->temperatures();
  EXPECT_EQ(all.size(), 64U);
  for (const auto& reading : all)
    EXPECT_THAT(reading.sensor, testing::MatchesRegex("[a-z0-9A-Z._ -]+"));
}

}  // namespace
}  // namespace wayside::board
