#include "wayside/base/time.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace wayside {

namespace {

using Days = std::chrono::sys_days;

// What four digits of a year can say; std::chrono's own years end not far beyond.
constexpr UtcTime earliest{-62'167'219'200'000};  // 0000-01-01T00:00:00.000Z
constexpr UtcTime latest{253'402'300'799'999};    // 9999-12-31T23:59:59.999Z

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  out = 0;
  if (at + count > text.size()) return false;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

}  // namespace

std::string to_iso8601(UtcTime time) {
  const std::chrono::sys_time<std::chrono::milliseconds> point{
      std::chrono::milliseconds(std::clamp(time, earliest, latest).ms)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{point - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<UtcTime> utc_from_iso8601(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::invalid_input, "expected a UTC time like 2026-11-22T17:35:40.123Z");
  };
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  if (!digits(text, 0, 4, year) || !digits(text, 5, 2, month) || !digits(text, 8, 2, day) ||
      !digits(text, 11, 2, hour) || !digits(text, 14, 2, minute) || !digits(text, 17, 2, second)) {
    return wrong();
  }
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return wrong();
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int scale = 100;
    std::size_t count = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
      ms += (text[at] - '0') * scale;
      scale /= 10;
    }
    if (count < 1 || count > 3) return wrong();
  }
  if (at + 1 != text.size() || text[at] != 'Z') return wrong();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return wrong();
  const auto since_epoch = Days(date).time_since_epoch() + std::chrono::hours(hour) +
                           std::chrono::minutes(minute) + std::chrono::seconds(second) +
                           std::chrono::milliseconds(ms);
  return UtcTime{std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

UtcTime utc_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

}  // namespace wayside
