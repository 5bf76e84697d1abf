#include "drivers/board/board_files.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <linux/watchdog.h>

#include "drivers/sysfs/sysfs_value.hpp"

namespace wayside::board {
namespace {

namespace fs = std::filesystem;
using sysfs::ValueRange;

// What a sensor on an outdoor board can say; a broken one says its range's end, or nothing like it.
constexpr ValueRange possible_millidegrees{-55'000, 150'000};
constexpr ValueRange yes_or_no{0, 1};
constexpr ValueRange possible_online{0, 2};  // 2: on, and told how much to give
constexpr ValueRange possible_percent{0, 100};
constexpr ValueRange possible_bits{0, 0xffff'ffff};
// No board has so many of a kind; a folder that holds more is none of the kernel's.
constexpr std::size_t most_of_a_kind = 64;

// Of "in0_lcrit_alarm" between "in" and "_lcrit_alarm": 0. Nothing where the name has another form.
std::optional<unsigned> number_in(std::string_view name, std::string_view before,
                                  std::string_view after = {}) {
  if (name.size() <= before.size() + after.size() || name.substr(0, before.size()) != before ||
      name.substr(name.size() - after.size()) != after)
    return std::nullopt;
  name.remove_prefix(before.size());
  name.remove_suffix(after.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

// Entries of a folder by the number in their name, in its order.
std::map<unsigned, fs::path> numbered(const fs::path& folder, std::string_view before,
                                      std::string_view after = {}) {
  std::map<unsigned, fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    if (const auto number = number_in(it->path().filename().string(), before, after))
      found.emplace(*number, it->path());
    if (found.size() == most_of_a_kind) break;
  }
  return found;
}

std::set<fs::path> entries(const fs::path& folder) {
  std::set<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    found.insert(it->path());
    if (found.size() == most_of_a_kind) break;
  }
  return found;
}

std::string name_of(const fs::path& folder) {
  return sysfs::word_from_text(folder.filename().string()).value_or("nameless");
}

// As its driver calls it; the folder's own name where it does not.
std::string name_of(const fs::path& folder, const char* file) {
  return sysfs::read_word(folder / file).value_or(name_of(folder));
}

Result<bool> read_flag(const fs::path& file, ValueRange range = yes_or_no) {
  return sysfs::read_value(file, range).map([](std::int64_t value) { return value != 0; });
}

// Two processors may have a sensor of one name each.
template <class T>
void add(std::vector<SensorReading<T>>& all, std::string sensor, Result<T> value) {
  const auto taken = [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.sensor == name; });
  };
  std::string name = sensor;
  for (int i = 2; taken(name); ++i)
    name = fmt::format("{} {}", sensor, i);
  all.push_back({std::move(name), std::move(value)});
}

class BoardFiles final : public BoardSensors {
 public:
  explicit BoardFiles(fs::path root) : root_(std::move(root)) {}

  std::vector<SensorReading<double>> temperatures() override {
    std::vector<SensorReading<double>> all;
    std::set<std::string> zones;
    for (const auto& [ignored, zone] : numbered(root_ / "class/thermal", "thermal_zone")) {
      std::string name = name_of(zone, "type");
      add(all, name, celsius(zone / "temp"));
      // As the kernel calls the hwmon chip that it makes of a zone.
      std::replace(name.begin(), name.end(), '-', '_');
      zones.insert(name);
    }
    for (const auto& [ignored, chip] : numbered(root_ / "class/hwmon", "hwmon")) {
      const std::string name = name_of(chip, "name");
      std::string as_zone = name;
      std::replace(as_zone.begin(), as_zone.end(), '-', '_');
      if (zones.contains(as_zone)) continue;
      for (const auto& [number, file] : numbered(chip, "temp", "_input")) {
        const auto label = sysfs::read_word(chip / fmt::format("temp{}_label", number));
        const auto fault = read_flag(chip / fmt::format("temp{}_fault", number));
        add(all, fmt::format("{} {}", name, label ? *label : fmt::format("temp{}", number)),
            fault && *fault
                ? fail(ErrorCode::corrupt, "its chip says that the sensor is broken or not connected")
                : celsius(file));
      }
    }
    return all;
  }

  std::vector<SensorReading<StorageWear>> storage() override {
    std::vector<SensorReading<StorageWear>> all;
    // Not the boot partitions, which are the same chip's.
    for (const auto& [ignored, disk] : numbered(root_ / "block", "mmcblk"))
      add(all, disk.filename().string(), wear(disk / "device"));
    return all;
  }

  PowerReadings power() override {
    PowerReadings all;
    for (const auto& [ignored, chip] : numbered(root_ / "class/hwmon", "hwmon")) {
      for (const auto& [number, file] : numbered(chip, "in", "_lcrit_alarm"))
        add(all.voltage_low, fmt::format("{} in{}", name_of(chip, "name"), number), read_flag(file));
    }
    for (const fs::path& supply : entries(root_ / "class/power_supply")) {
      if (sysfs::read_word(supply / "scope").value_or("") == "Device") continue;  // somebody's keyboard
      const std::string name = name_of(supply);
      const Result<std::string> type = sysfs::read_word(supply / "type");
      if (!type) {
        add<bool>(all.external, name, fail(type.error()));
      } else if (*type == "Battery" || *type == "UPS") {
        if (!read_flag(supply / "present").value_or(true)) continue;
        add(all.batteries, name, battery(supply));
      } else {
        add(all.external, name, read_flag(supply / "online", possible_online));
      }
    }
    return all;
  }

  std::vector<RestartCause> last_restart() override {
    std::int64_t bits = 0;
    for (const auto& [ignored, watchdog] : numbered(root_ / "class/watchdog", "watchdog"))
      bits |= sysfs::read_value(watchdog / "bootstatus", possible_bits).value_or(0);
    std::vector<RestartCause> causes;
    for (const auto& [bit, cause] :
         {std::pair{WDIOF_CARDRESET, RestartCause::watchdog},
          std::pair{WDIOF_POWERUNDER, RestartCause::low_voltage},
          std::pair{WDIOF_POWEROVER, RestartCause::high_voltage},
          std::pair{WDIOF_OVERHEAT, RestartCause::overheating}, std::pair{WDIOF_FANFAULT, RestartCause::fan},
          std::pair{WDIOF_EXTERN1 | WDIOF_EXTERN2, RestartCause::outside}}) {
      if ((bits & bit) != 0) causes.push_back(cause);
    }
    return causes;
  }

 private:
  static Result<double> celsius(const fs::path& file) {
    return sysfs::read_value(file, possible_millidegrees).map([](std::int64_t thousandths) {
      return static_cast<double>(thousandths) / 1000;
    });
  }

  static Result<StorageWear> wear(const fs::path& device) {
    const auto life = sysfs::read_bytes(device / "life_time", 2);
    if (!life) return fail(life.error());
    const auto pre_eol = sysfs::read_bytes(device / "pre_eol_info", 1);
    if (!pre_eol && pre_eol.error().code != ErrorCode::not_found) return fail(pre_eol.error());
    return StorageWear{life->at(0), life->at(1), pre_eol ? pre_eol->at(0) : std::uint8_t{0}};
  }

  // A gauge that knows no charge tells whether it is being discharged all the same, and the other way round.
  static Result<Battery> battery(const fs::path& supply) {
    Battery battery;
    const auto percent = sysfs::read_value(supply / "capacity", possible_percent);
    const auto status = sysfs::read_word(supply / "status");
    if (!percent && (!status || percent.error().code == ErrorCode::corrupt)) return fail(percent.error());
    if (percent) battery.percent = static_cast<int>(*percent);
    if (status && *status != "Unknown") battery.discharging = *status == "Discharging";
    return battery;
  }

  fs::path root_;
};

}  // namespace

std::unique_ptr<BoardSensors> make_board_sensors(const fs::path& root) {
  return std::make_unique<BoardFiles>(root);
}

}  // namespace wayside::board
