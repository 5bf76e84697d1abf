#include "wayside/device/clock/discipline.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

namespace wayside {
namespace {

enum Field : std::size_t {
  reference_id,
  reference_name,
  stratum,
  reference_time,
  offset,
  root_delay = 10,
  root_dispersion,
  leap_status = 13,
  field_count
};
constexpr std::array<std::string_view, field_count> names = {
    "reference id", "reference name",  "stratum",         "reference time", "system time",
    "last offset",  "RMS offset",      "frequency",       "residual",       "skew",
    "root delay",   "root dispersion", "update interval", "leap status"};
constexpr std::string_view local_mode = "7F7F0101";  // chronyc(1)
constexpr double latest_s = 253'402'300'799;         // the end of year 9999
// A clock that is off by a day is not said to be synchronised by anybody.
constexpr double most_error_s = 86'400;

tl::unexpected<Error> wrong(Field field, std::string_view text, std::string_view expected) {
  return fail(ErrorCode::invalid_input,
              fmt::format("chronyc's tracking: {} is \"{}\"; expected {}", names.at(field),
                          json_escape(text.substr(0, 40)), expected));
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_satellite(std::string_view id) {
  for (const std::string_view known : {"GPS", "GNSS", "PPS", "NMEA"}) {
    if (id.substr(0, known.size()) == known) return true;
  }
  return false;
}

// A reference clock's id is up to four letters, printed as the hexadecimal digits of their bytes.
std::optional<std::string> letters(std::string_view id) {
  if (id.size() != 8) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < id.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(id.data() + i, id.data() + i + 2, value, 16);
    if (error != std::errc() || end != id.data() + i + 2) return std::nullopt;
    text.push_back(static_cast<char>(value));
  }
  return text;
}

}  // namespace

Result<Discipline> discipline_from_tracking(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  std::array<std::string_view, field_count> fields;
  std::size_t found = 0;
  for (std::string_view rest = line;; ++found) {
    const std::size_t comma = rest.find(',');
    if (found < field_count) fields.at(found) = rest.substr(0, comma);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (++found != field_count) {
    return fail(ErrorCode::invalid_input,
                fmt::format("chronyc's tracking has {} fields; expected {}, as of chrony 4", found,
                            static_cast<int>(field_count)));
  }
  const std::optional<std::string> id = letters(fields[reference_id]);
  if (!id) return wrong(reference_id, fields[reference_id], "8 hexadecimal digits");
  const auto at = number(fields[reference_time]);
  if (!at || *at < 0 || *at > latest_s)
    return wrong(reference_time, fields[reference_time], "seconds since 1970");
  double bound_s = 0;
  for (const Field field : {offset, root_delay, root_dispersion}) {
    const auto seconds = number(fields.at(field));
    if (!seconds || (field == root_dispersion && *seconds < 0) || std::abs(*seconds) > most_error_s)
      return wrong(field, fields.at(field), "seconds, at most a day of them");
    bound_s += std::abs(*seconds) * (field == root_delay ? 0.5 : 1);
  }
  const auto hops = number(fields[stratum]);
  if (!hops || *hops < 0 || *hops > 255) return wrong(stratum, fields[stratum], "0 to 255");

  Discipline discipline;
  discipline.updated.ms = static_cast<std::int64_t>(std::floor(*at * 1000));
  discipline.bound_s = bound_s;
  const std::string_view leap = fields[leap_status];
  const bool synchronised = leap == "Normal" || leap == "Insert second" || leap == "Delete second";
  if (!synchronised && leap != "Not synchronised") return wrong(leap_status, leap, "one of chrony's words");
  if (!synchronised || fields[reference_id] == local_mode || *hops < 1 || *at == 0) return discipline;
  const bool satellite = *hops == 1 && (is_satellite(*id) || is_satellite(fields[reference_name]));
  discipline.source = satellite ? TimeSource::gnss : TimeSource::ntp;
  return discipline;
}

}  // namespace wayside
