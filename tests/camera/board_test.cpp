#include <gmock/gmock.h>

#include "tests/camera/road_camera.hpp"

namespace wayside::camera_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class CameraBoard : public RoadCameraTest {
 protected:
  void sensor(const std::string& file, const std::string& text) {
    const fs::path path = folder() / "sysfs" / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
};

TEST_F(CameraBoard, WhatItsSensorsSayStandsInHeartbeatAndReport) {
  sensor("class/thermal/thermal_zone0/type", "cpu-thermal\n");
  sensor("class/thermal/thermal_zone0/temp", "92000\n");
  sensor("block/mmcblk0/device/life_time", "0x0a 0x01\n");
  sensor("class/hwmon/hwmon0/name", "rpi_volt\n");
  sensor("class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
  sensor("class/watchdog/watchdog0/bootstatus", "32\n");
  board_ = "door_chip = \"/dev/gpiochip99\"\ndoor_line = 4\n";
  write_configuration("day 5 8 1280 40 0 fixed");
  replay_test::Process daemon = waysided();
  EXPECT_TRUE(office_gets(1, RecordType::capture)) << "it captures all the same: " << daemon.log();
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  const auto beat = office_.store().heartbeat(camera_.device_id);
  ASSERT_TRUE(beat);
  for (const json& said : {report(), json::parse(*beat)}) {
    const json& problems = said.at("problems");
    EXPECT_THAT(problems.at("temperature").get<std::string>(), HasSubstr("cpu-thermal reached 85 C"));
    EXPECT_THAT(problems.at("storage").get<std::string>(), HasSubstr("90 to 100 % of its life"));
    EXPECT_THAT(problems.at("power").get<std::string>(), HasSubstr("the voltage is too low"));
    EXPECT_THAT(problems.at("door").get<std::string>(), HasSubstr("line 4 of /dev/gpiochip99"));
    EXPECT_EQ(said.at("states").at("last_restart"), "by the hardware watchdog");
    EXPECT_EQ(said.at("states").at("temperature"), "92 C (cpu-thermal)");
    EXPECT_EQ(said.at("counters").at("low_voltages"), 1);
  }
  EXPECT_THAT(daemon.log(), AllOf(HasSubstr("temperature_unhealthy"), HasSubstr("board_restarted")));
}

}  // namespace
}  // namespace wayside::camera_test
