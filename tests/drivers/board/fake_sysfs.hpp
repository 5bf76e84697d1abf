// A board's /sys that is files: what it shows is what a test puts there.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "drivers/board/board_files.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::board::test {

class FakeSysfs {
 public:
  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }
  void put(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root() / file).parent_path());
    std::ofstream(root() / file) << text;
  }
  void remove(const std::string& file) const { std::filesystem::remove_all(root() / file); }
  [[nodiscard]] std::unique_ptr<BoardSensors> sensors() const { return make_board_sensors(root()); }

  // A small computer with a thermal zone, which hwmon shows again, an eMMC with boot partitions, an SD card
  // and an alarm of low voltage.
  void usual() const {
    put("class/thermal/thermal_zone0/type", "cpu-thermal\n");
    put("class/thermal/thermal_zone0/temp", "51200\n");
    put("class/thermal/cooling_device0/type", "Processor\n");
    put("class/hwmon/hwmon0/name", "cpu_thermal\n");
    put("class/hwmon/hwmon0/temp1_input", "51200\n");
    put("class/hwmon/hwmon1/name", "rpi_volt\n");
    put("class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
    put("block/mmcblk0/device/life_time", "0x03 0x02\n");
    put("block/mmcblk0/device/pre_eol_info", "0x01\n");
    put("block/mmcblk0boot0/device/life_time", "0x03 0x02\n");
    put("block/mmcblk1/device/type", "SD\n");
    put("block/loop0/size", "0\n");
    put("class/watchdog/watchdog0/bootstatus", "0\n");
  }

 private:
  doubles::TemporaryFolder folder_;
};

}  // namespace wayside::board::test
