// A board's whole /sys, every file of which says the same, down to the sentences about it.
#include "wayside/device/board/board_watch.hpp"

#include "drivers/board/board_files.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wayside::fuzz {
namespace {

// Files that lead to the input, wherever it is.
class Board {
 public:
  explicit Board(const std::filesystem::path& input) {
    for (const char* file :
         {"class/thermal/thermal_zone0/type", "class/thermal/thermal_zone0/temp",
          "class/thermal/thermal_zone1/temp", "class/hwmon/hwmon0/name", "class/hwmon/hwmon0/temp1_input",
          "class/hwmon/hwmon0/temp1_label", "class/hwmon/hwmon0/temp2_input",
          "class/hwmon/hwmon0/temp2_fault", "class/hwmon/hwmon0/in0_lcrit_alarm",
          "block/mmcblk0/device/life_time", "block/mmcblk0/device/pre_eol_info",
          "class/power_supply/AC/online", "class/power_supply/bat/capacity", "class/power_supply/bat/status",
          "class/power_supply/odd/type", "class/power_supply/odd/scope",
          "class/watchdog/watchdog0/bootstatus"}) {
      const std::filesystem::path path = folder_.path() / file;
      std::filesystem::create_directories(path.parent_path());
      std::filesystem::create_symlink(input, path);
    }
    for (const auto& [supply, type] : {std::pair{"AC", "Mains"}, std::pair{"bat", "Battery"}}) {
      std::FILE* const out =
          std::fopen((folder_.path() / "class/power_supply" / supply / "type").c_str(), "w");
      require(out != nullptr && std::fputs(type, out) >= 0 && std::fclose(out) == 0, "a supply can be made");
    }
  }
  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }

 private:
  doubles::TemporaryFolder folder_;
};

void require_sentence(const std::string& text) {
  require(is_plain_text(text), "what is said is plain");
  require(text.size() < 4096, "what is said has an end");
}

}  // namespace
}  // namespace wayside::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile input;
  static const Board board(input.write(data, size));
  input.write(data, size);
  const auto sensors = board::make_board_sensors(board.root());
  TemperatureWatch temperature(85);
  StorageWatch storage(80);
  PowerWatch power;
  for (int look = 0; look < 3; ++look) {
    const auto temperatures = sensors->temperatures();
    require(temperatures.size() <= 4, "no more sensors than there are");
    for (const auto& [sensor, value] : temperatures) {
      require(!sensor.empty() && sensor.size() < 100 && is_plain_text(sensor),
              "a sensor's name is short and plain");
      if (!value) require_good(value.error());
      require(!value || (*value >= -55 && *value <= 150), "a temperature is one that can be");
    }
    temperature.saw(temperatures);
    storage.saw(sensors->storage());
    power.saw(sensors->power(), MonotonicTime{look});
  }
  for (const auto& [device, percent] : storage.used_percent())
    require(percent >= 0 && percent <= 100 && percent % 10 == 0, "wear is told in tenths");
  require(power.battery_percent().value_or(0) >= 0 && power.battery_percent().value_or(0) <= 100,
          "a battery is between empty and full");
  require(sensors->last_restart().size() <= 6, "no more causes than there are");
  for (const std::string& text : {temperature.problem(), temperature.state(), storage.problem(),
                                  storage.state(), power.problem(), power.state()})
    require_sentence(text);
  return 0;
}
