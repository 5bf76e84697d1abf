#include "wayside/backoffice/sight.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/export.hpp"

namespace wayside::backoffice {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t told_from_ms = 50'000;

struct ClockMinute {
  std::int64_t told_ms = 0;
  MinuteTold worst = MinuteTold::not_told;
  std::map<std::string, bool> hindrances;
};
using Hours = std::map<std::pair<std::string, std::int64_t>, std::array<ClockMinute, 60>>;

MinuteTold told_by(const Json& could_read) {
  if (could_read == "yes") return MinuteTold::yes;
  return could_read == "doubtful" ? MinuteTold::doubtful : MinuteTold::no;
}

// One minute of a record, which lies in one or two of the clock's.
void tell(Hours& hours, const std::string& device_id, std::int64_t begin_ms, const Json& minute) {
  const std::int64_t end_ms = begin_ms + minute_ms;
  for (std::int64_t at = begin_ms; at < end_ms;) {
    const std::int64_t clock_minute = at / minute_ms;
    const std::int64_t until = std::min(end_ms, (clock_minute + 1) * minute_ms);
    ClockMinute& told = hours[{device_id, clock_minute / 60}].at(static_cast<std::size_t>(clock_minute % 60));
    told.told_ms += until - at;
    // A sliver of a neighbour says nothing of it.
    if (until - at > minute_ms - told_from_ms) {
      told.worst = std::max(told.worst, told_by(minute.at("could_read")));
      for (const Json& hindrance : minute.at("hindrances"))
        told.hindrances[hindrance.get<std::string>()] = true;
    }
    at = until;
  }
}

void tell_all(Hours& hours, const StoredRecord& record) {
  const Json document = Json::parse(record.document);
  std::int64_t begin_ms = utc_from_iso8601(document.at("from").get<std::string>())->ms;
  for (const Json& minute : document.at("minutes")) {
    tell(hours, record.id.device_id, begin_ms, minute);
    begin_ms += minute_ms;
  }
}

}  // namespace

int SightHour::count(MinuteTold told) const {
  return static_cast<int>(std::count(minutes.begin(), minutes.end(), told));
}

Result<SightBook> sight(Store& store, const std::optional<UtcTime>& since, const std::string& device_id) {
  Hours hours;
  SightBook book;
  const Status visited = visit_sound_of(
      store, RecordType::sight,
      [&](const StoredRecord& record) -> Status {
        if (device_id.empty() || record.id.device_id == device_id) tell_all(hours, record);
        return {};
      },
      [&](const RecordId&) { ++book.damaged; });
  if (!visited) return fail(visited.error());
  for (const auto& [key, minutes] : hours) {
    SightHour hour{key.first, {key.second * hour_ms}, {}, {}};
    if (since && hour.from.ms + hour_ms <= since->ms) continue;
    for (std::size_t i = 0; i < minutes.size(); ++i) {
      if (minutes.at(i).told_ms < told_from_ms) continue;
      hour.minutes.at(i) = minutes.at(i).worst;
      for (const auto& [hindrance, there] : minutes.at(i).hindrances)
        hour.hindrances[hindrance] += there ? 1 : 0;
    }
    if (hour.count(MinuteTold::not_told) < 60) book.hours.push_back(std::move(hour));
  }
  return book;
}

std::string to_line(const SightHour& hour) {
  constexpr std::string_view signs = " .?#";
  std::string picture;
  for (const MinuteTold told : hour.minutes)
    picture += signs.at(static_cast<std::size_t>(told));
  const std::string from = to_iso8601(hour.from);
  std::string line =
      fmt::format("{} {}  |{}|  {} yes, {} doubtful, {} no, {} not told", from.substr(0, 10),
                  from.substr(11, 5), picture, hour.count(MinuteTold::yes), hour.count(MinuteTold::doubtful),
                  hour.count(MinuteTold::no), hour.count(MinuteTold::not_told));
  std::string_view separator = ": ";
  for (const auto& [hindrance, minutes] : hour.hindrances) {
    line += fmt::format("{}{} {}", separator, hindrance, minutes);
    separator = ", ";
  }
  return line;
}

}  // namespace wayside::backoffice
