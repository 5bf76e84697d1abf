#include "wayside/device/clock/gnss_report.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wayside {
namespace {

using nlohmann::json;

constexpr std::size_t longest = 4096;  // gpsd's own limit is 1536
constexpr int deepest = 8;

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::invalid_input, fmt::format("gpsd's report: {}", what));
}

// Deep nesting would cost stack: no report of gpsd has more than three levels.
bool is_shallow(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    if ((c == '{' || c == '[') && ++depth > deepest) return false;
    if (c == '}' || c == ']') --depth;
  }
  return true;
}

// Absent: nothing. There but no number within the limits: an error.
Result<std::optional<double>> number(const json& report, const char* key, double least, double most) {
  const auto found = report.find(key);
  if (found == report.end()) return std::nullopt;
  if (!found->is_number()) return wrong(fmt::format("{} is no number", key));
  const double value = found->get<double>();
  if (!(value >= least && value <= most)) {
    return wrong(fmt::format("{} is {}; expected {} to {}", key, value, least, most));
  }
  return value;
}

Result<std::optional<GnssReport>> report_of(const json& said) {
  GnssReport report;
  const auto mode = number(said, "mode", 0, 3);
  if (!mode) return fail(mode.error());
  if (!*mode) return wrong("a TPV has no mode");
  report.fix = **mode >= 2;
  if (!report.fix) return report;
  if (const auto time = said.find("time"); time != said.end()) {
    if (!time->is_string()) return wrong("time is no text");
    const auto utc = utc_from_iso8601(time->get_ref<const std::string&>());
    if (!utc) return fail(utc.error().context("gpsd's report: time"));
    report.utc = *utc;
  }
  const auto latitude = number(said, "lat", -90, 90);
  if (!latitude) return fail(latitude.error());
  const auto longitude = number(said, "lon", -180, 180);
  if (!longitude) return fail(longitude.error());
  const auto error = number(said, "eph", 0, 1e7);
  if (!error) return fail(error.error());
  if (*latitude && *longitude) report.position = GnssPosition{**latitude, **longitude, *error};
  return report;
}

}  // namespace

Result<std::optional<GnssReport>> gnss_from_json(std::string_view line) {
  if (line.size() > longest || !is_shallow(line)) return wrong("it is longer or deeper than any of gpsd's");
  try {
    const json said = json::parse(line, nullptr, false);
    if (!said.is_object()) return wrong("it is no JSON object; was it cut?");
    const auto kind = said.find("class");
    if (kind == said.end() || !kind->is_string()) return wrong("it has no class");
    if (*kind != "TPV") return std::nullopt;
    return report_of(said);
  } catch (const json::exception&) {
    return wrong("it could not be read");
  }
}

}  // namespace wayside
