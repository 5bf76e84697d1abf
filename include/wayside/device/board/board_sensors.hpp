// What the board's own sensors say, asked anew each time: temperatures, wear of its flash, its supply, why it
// last restarted; and a contact at its housing.
//
// Threads: one. Ownership: values. A sensor that gives no answer is in the list with why: not_found where it
// does not tell this, io where it does not answer, refused where this user may not ask, corrupt where its
// answer cannot be. What the board does not have is not in the list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

template <class T>
struct SensorReading {
  std::string sensor;  // its name, plain and short; once in a list
  Result<T> value;
};

// Registers of an eMMC (JEDEC JESD84-B51, EXT_CSD 268, 269 and 267). life_a and life_b, of two kinds of its
// memory: 0 not told, n from 1 to 10 between n - 1 and n tenths of its life used, 11 more than all of it.
// pre_eol, of its spare blocks: 0 not told, 1 normal, 2 most are used, 3 urgent. No other values are defined.
struct StorageWear {
  std::uint8_t life_a = 0;
  std::uint8_t life_b = 0;
  std::uint8_t pre_eol = 0;
};

struct Battery {
  std::optional<int> percent;
  std::optional<bool> discharging;
};

struct PowerReadings {
  std::vector<SensorReading<bool>> voltage_low;  // an alarm that the board raises
  std::vector<SensorReading<bool>> external;     // mains and the like: whether it feeds the board
  std::vector<SensorReading<Battery>> batteries;
};

enum class RestartCause { watchdog, low_voltage, high_voltage, overheating, fan, outside };
[[nodiscard]] std::string_view to_string(RestartCause cause);  // "the hardware watchdog", ...

class BoardSensors {
 public:
  virtual ~BoardSensors() = default;
  [[nodiscard]] virtual std::vector<SensorReading<double>> temperatures() = 0;  // degrees Celsius
  [[nodiscard]] virtual std::vector<SensorReading<StorageWear>> storage() = 0;
  [[nodiscard]] virtual PowerReadings power() = 0;
  // Empty where nothing tells, which a power cut does not.
  [[nodiscard]] virtual std::vector<RestartCause> last_restart() = 0;
};

class Contact {
 public:
  virtual ~Contact() = default;
  [[nodiscard]] virtual Result<bool> is_open() = 0;
};

}  // namespace wayside
