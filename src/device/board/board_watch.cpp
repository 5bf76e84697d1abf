#include "wayside/device/board/board_watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace wayside {
namespace {

using std::chrono::milliseconds;

constexpr double cooler_by_c = 5;
constexpr std::chrono::minutes power_stands{10};
constexpr milliseconds opens_after{150};
constexpr milliseconds closes_after{10'000};
constexpr std::chrono::hours contact_stands{1};

// JESD84-B51, tables of DEVICE_LIFE_TIME_EST_TYP_A and PRE_EOL_INFO.
constexpr std::uint8_t life_exceeded = 11;
constexpr std::uint8_t eol_warning = 2;
constexpr std::uint8_t eol_urgent = 3;

std::string joined(std::string all, const std::string& more) {
  if (!all.empty() && !more.empty()) all += "; ";
  return all + more;
}

std::string list_of(const std::set<std::string>& names) {
  std::string all;
  for (const std::string& name : names)
    all += (all.empty() ? "" : ", ") + name;
  return all;
}

// One that does not answer this time is as it was: else one slip would begin and end things.
template <class T>
const std::map<std::string, T>& as_last_said(const std::vector<SensorReading<T>>& readings,
                                             std::map<std::string, T>& last) {
  std::map<std::string, T> now;
  for (const auto& [sensor, value] : readings) {
    const auto before = last.find(sensor);
    if (value) {
      now[sensor] = *value;
    } else if (before != last.end()) {
      now[sensor] = before->second;
    }
  }
  last = std::move(now);
  return last;
}

std::string silent_ones(const Answers& answers) {
  std::string all;
  for (const std::string& sensor : answers.silent())
    all = joined(std::move(all), sensor + " does not answer");
  return all;
}

}  // namespace

std::string_view to_string(RestartCause cause) {
  switch (cause) {
    case RestartCause::watchdog:
      return "the hardware watchdog";
    case RestartCause::low_voltage:
      return "low voltage";
    case RestartCause::high_voltage:
      return "high voltage";
    case RestartCause::overheating:
      return "overheating";
    case RestartCause::fan:
      return "a fan that failed";
    case RestartCause::outside:
      break;
  }
  return "a signal from outside of the processor";
}

void TemperatureWatch::saw(const std::vector<SensorReading<double>>& readings) {
  celsius_.clear();
  answers_.begin();
  answers_.saw(readings);
  answers_.end();
  for (const auto& [sensor, value] : readings) {
    if (!value) continue;  // as hot as it was
    celsius_[sensor] = *value;
    if (*value >= hot_c_) {
      hot_.insert(sensor);
    } else if (*value < hot_c_ - cooler_by_c) {
      hot_.erase(sensor);
    }
  }
}

std::string TemperatureWatch::problem() const {
  if (hot_.empty()) return answers_.problem();
  return joined(
      fmt::format("it is hot: {} reached {} C (board.hot_c) and is not below {} C yet: look at sun on "
                  "the housing, fan and vents; a hot processor slows down, and frames are dropped",
                  list_of(hot_), hot_c_, hot_c_ - cooler_by_c),
      answers_.problem());
}

std::string TemperatureWatch::state() const {
  const auto hottest = std::max_element(celsius_.begin(), celsius_.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  std::string said;
  if (hottest != celsius_.end()) said = fmt::format("{:.0f} C ({})", hottest->second, hottest->first);
  said = joined(said, silent_ones(answers_));
  return said.empty() ? "no sensor" : said;
}

void StorageWatch::saw(const std::vector<SensorReading<StorageWear>>& readings) {
  used_percent_.clear();
  problem_.clear();
  state_.clear();
  answers_.begin();
  for (const auto& [device, wear] : readings) {
    if (!wear) {
      answers_.saw(device, &wear.error());
      const bool none = wear.error().code == ErrorCode::not_found;
      state_ = joined(state_, device + (none ? ": tells no wear" : ": cannot be read"));
    } else if (wear->life_a > life_exceeded || wear->life_b > life_exceeded || wear->pre_eol > eol_urgent) {
      const Error error{ErrorCode::corrupt,
                        fmt::format("its wear is told as 0x{:02x} 0x{:02x}, 0x{:02x}, which no eMMC may",
                                    wear->life_a, wear->life_b, wear->pre_eol)};
      answers_.saw(device, &error);
      state_ = joined(state_, device + ": tells a wear that cannot be");
    } else {
      answers_.saw(device, nullptr);
      judge(device, *wear);
    }
  }
  answers_.end();
  problem_ = joined(problem_, answers_.problem());
  if (state_.empty()) state_ = "no eMMC and no SD card";
}

void StorageWatch::judge(const std::string& device, const StorageWear& wear) {
  const int tenths = std::max(wear.life_a, wear.life_b);
  const int at_least = std::max(0, (tenths - 1) * 10);
  const std::string spare = wear.pre_eol == eol_urgent    ? ", its spare blocks nearly all"
                            : wear.pre_eol == eol_warning ? ", most of its spare blocks too"
                                                          : "";
  std::string used = "tells no wear";
  if (tenths == life_exceeded) {
    used = "all of its estimated life is used" + spare;
  } else if (tenths > 0) {
    used = fmt::format("{} to {} % of its life is used{}", at_least, at_least + 10, spare);
  } else if (!spare.empty()) {
    used = wear.pre_eol == eol_urgent ? "nearly all of its spare blocks are used"
                                      : "most of its spare blocks are used";
  }
  if (tenths > 0) used_percent_[device] = at_least;
  state_ = joined(state_, fmt::format("{}: {}", device, used));
  if (tenths == life_exceeded || wear.pre_eol == eol_urgent) {
    problem_ = joined(problem_, fmt::format("{} is worn out: {}; replace the board's flash "
                                            "now, before it fails and takes records with it",
                                            device, used));
  } else if (at_least >= worn_percent_ || wear.pre_eol == eol_warning) {
    problem_ = joined(problem_, fmt::format("{} wears out: {}; plan its replacement", device, used));
  }
}

void PowerWatch::Alarm::saw(bool is, MonotonicTime time) {
  if (is && !now) ++times;
  now = is;
  if (is) last = time;
  stands = last && (now || time - *last < power_stands);
}

void PowerWatch::saw(const PowerReadings& readings, MonotonicTime now) {
  answers_.begin();
  answers_.saw(readings.voltage_low);
  answers_.saw(readings.external);
  answers_.saw(readings.batteries);
  answers_.end();

  std::set<std::string> low;
  for (const auto& [sensor, is_low] : as_last_said(readings.voltage_low, voltage_low_))
    if (is_low) low.insert(sensor);
  if (!low.empty()) low_where_ = list_of(low);
  low_voltage_.saw(!low.empty(), now);

  bool fed = false;
  bool unfed = false;
  for (const auto& [ignored, feeds] : as_last_said(readings.external, external_))
    (feeds ? fed : unfed) = true;
  battery_percent_.reset();
  bool told = false;
  bool discharging = false;
  for (const auto& [ignored, battery] : as_last_said(readings.batteries, batteries_)) {
    told = told || battery.discharging.has_value();
    discharging = discharging || battery.discharging.value_or(false);
    if (battery.percent) battery_percent_ = std::min(*battery.percent, battery_percent_.value_or(100));
  }
  // Without a battery it would not run: then what feeds it is not in the list.
  on_battery_.saw(!batteries_.empty() && !fed && (told ? discharging : unfed), now);
}

bool PowerWatch::tells() const {
  return !voltage_low_.empty() || !external_.empty() || !batteries_.empty();
}

std::string PowerWatch::problem() const {
  std::string all;
  if (low_voltage_.stands) {
    all = fmt::format(
        "the voltage is too low, now or within the last ten minutes ({}): look at the supply, its cable "
        "and plugs; the board may restart, or spoil what it writes",
        low_where_);
  }
  if (on_battery_.stands) {
    all = joined(all,
                 "the supply is gone, now or within the last ten minutes, and the battery feeds the board: "
                 "look at mains "
                 "and fuse");
  }
  return joined(all, answers_.problem());
}

std::string PowerWatch::state() const {
  std::string all;
  if (tells()) {
    all = low_voltage_.now ? "the voltage is low" : "good";
    if (on_battery_.now) all = joined(low_voltage_.now ? all : "", "on battery");
    if (battery_percent_) all += fmt::format(", battery at {} %", *battery_percent_);
    if (low_voltage_.times > 0)
      all = joined(all, fmt::format("low voltages since the start: {}", low_voltage_.times));
    if (on_battery_.times > 0)
      all = joined(all, fmt::format("losses of the supply since the start: {}", on_battery_.times));
  }
  all = joined(all, silent_ones(answers_));
  return all.empty() ? "no sensor" : all;
}

void ContactWatch::saw(const Result<bool>& open, MonotonicTime now, UtcTime utc) {
  stands_ = open_.value_or(false) || (closed_ && now - *closed_ < contact_stands);
  if (!open) {
    unreadable_ = open.error().message;
    says_.reset();
    return;
  }
  unreadable_.clear();
  if (says_ != *open) {
    says_ = *open;
    says_since_ = now;
  }
  if (open_ == *open || now - says_since_ < (*open ? opens_after : open_ ? closes_after : opens_after))
    return;
  const bool was_open = open_.value_or(false);
  open_ = *open;
  if (*open) {
    ++openings_;
    opened_at_ = utc;
    closed_at_.reset();
    stands_ = true;
  } else if (was_open) {
    closed_at_ = utc;
    closed_ = now;
  }
}

std::string ContactWatch::problem() const {
  std::string all;
  if (!unreadable_.empty()) {
    all = fmt::format("whether {} is open cannot be known: {}", name_, unreadable_);
  }
  if (!stands_ || !opened_at_) return all;
  const std::string when = closed_at_ ? fmt::format("was opened at {} and closed at {}",
                                                    to_iso8601(*opened_at_), to_iso8601(*closed_at_))
                                      : fmt::format("is open since {}", to_iso8601(*opened_at_));
  return joined(all, fmt::format("{} {}: find out who is, or was, at the camera", name_, when));
}

std::string ContactWatch::state() const {
  std::string said = !unreadable_.empty() ? "not known"
                     : !open_             ? "not known yet"
                     : *open_             ? "open"
                                          : "closed";
  if (openings_ > 0)
    said += fmt::format("; openings since the start: {}, the last at {}", openings_, to_iso8601(*opened_at_));
  return said;
}

}  // namespace wayside
