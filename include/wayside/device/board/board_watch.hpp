// What the board's sensors say, judged: limits with hysteresis, named states, and problems as sentences that
// say what to do.
//
// A problem's sentence does not change with each figure, so that its change is news; the figures are in the
// state. Threads: one. Units: degrees Celsius, percent. Failure: none; a sensor that gives no answer is a
// problem as answers.hpp says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wayside/base/time.hpp"
#include "wayside/device/board/answers.hpp"
#include "wayside/device/board/board_sensors.hpp"

namespace wayside {

class TemperatureWatch {
 public:
  // Hot from there on, until it is 5 C below.
  explicit TemperatureWatch(double hot_c) : hot_c_(hot_c) {}
  void saw(const std::vector<SensorReading<double>>& readings);
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] std::string state() const;  // "51 C (cpu-thermal)": the hottest; "no sensor"
  [[nodiscard]] const std::map<std::string, double>& celsius() const { return celsius_; }

 private:
  double hot_c_;
  std::map<std::string, double> celsius_;
  std::set<std::string> hot_;
  Answers answers_;
};

class StorageWatch {
 public:
  // Worn from so much of its life on, as far as it tells: in steps of 10.
  explicit StorageWatch(int worn_percent) : worn_percent_(worn_percent) {}
  void saw(const std::vector<SensorReading<StorageWear>>& readings);
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] const std::string& state() const { return state_; }
  // At least so much of its life is used; of those that tell.
  [[nodiscard]] const std::map<std::string, int>& used_percent() const { return used_percent_; }

 private:
  void judge(const std::string& device, const StorageWear& wear);

  int worn_percent_;
  std::map<std::string, int> used_percent_;
  std::string problem_;
  std::string state_ = "not looked at yet";
  Answers answers_;
};

// Low voltage and a supply that is gone stand as problems for ten minutes longer than they last: what comes
// and goes would else be gone whenever somebody looks.
class PowerWatch {
 public:
  void saw(const PowerReadings& readings, MonotonicTime now);
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] std::string state() const;
  // How often each has begun, since the start.
  [[nodiscard]] std::uint64_t low_voltages() const { return low_voltage_.times; }
  [[nodiscard]] std::uint64_t supply_losses() const { return on_battery_.times; }
  [[nodiscard]] bool voltage_is_low() const { return low_voltage_.now; }
  [[nodiscard]] bool is_on_battery() const { return on_battery_.now; }
  [[nodiscard]] std::optional<int> battery_percent() const { return battery_percent_; }
  [[nodiscard]] bool tells() const;  // anything about its supply

 private:
  struct Alarm {
    bool now = false;
    std::optional<MonotonicTime> last;
    std::uint64_t times = 0;
    bool stands = false;
    void saw(bool is, MonotonicTime time);
  };
  Alarm low_voltage_;
  Alarm on_battery_;
  std::string low_where_;
  std::optional<int> battery_percent_;
  std::map<std::string, bool> voltage_low_;  // what each said last
  std::map<std::string, bool> external_;
  std::map<std::string, Battery> batteries_;
  Answers answers_;
};

// A contact that is closed where all is well. It counts as open after 0.15 s, as closed after ten more
// seconds, and that it was open stands as a problem for an hour longer, so that somebody hears of it.
class ContactWatch {
 public:
  // name: as in a sentence, "the door".
  explicit ContactWatch(std::string name) : name_(std::move(name)) {}
  void saw(const Result<bool>& open, MonotonicTime now, UtcTime utc);
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] std::string state() const;
  // Not known before the first answer, nor while it cannot be read.
  [[nodiscard]] std::optional<bool> is_open() const { return unreadable_.empty() ? open_ : std::nullopt; }
  [[nodiscard]] std::uint64_t openings() const { return openings_; }

 private:
  std::string name_;
  std::optional<bool> open_;
  std::optional<bool> says_;  // the last answer, since when
  MonotonicTime says_since_;
  std::uint64_t openings_ = 0;
  std::optional<UtcTime> opened_at_;  // the last time
  std::optional<UtcTime> closed_at_;  // after that
  std::optional<MonotonicTime> closed_;
  bool stands_ = false;
  std::string unreadable_;
};

}  // namespace wayside
