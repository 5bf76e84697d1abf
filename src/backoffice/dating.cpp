#include "src/backoffice/dating.hpp"

#include <nlohmann/json.hpp>

namespace wayside::backoffice {

namespace {

using Json = nlohmann::json;

// So that no sum of them overflows.
constexpr std::int64_t longest_ms = std::int64_t{36'525} * 86'400'000;

std::optional<std::int64_t> moment(const Json& number) {
  if (!number.is_number_integer() || number > longest_ms || number < 0) return std::nullopt;
  return number.get<std::int64_t>();
}

MonotonicTime monotonic(std::int64_t ms) {
  return {ms * 1'000'000};
}

}  // namespace

std::optional<UnsureTime> unsure_time_of(std::string_view capture_document) {
  // Nearly every record's time is sure, and need not be taken apart again.
  if (capture_document.find("unsynchronised") == std::string_view::npos) return std::nullopt;
  try {
    const Json time = Json::parse(capture_document).at("time");
    const auto taken = moment(time.value("monotonic_ms", Json()));
    if (time.at("source") != "unsynchronised" || !taken) return std::nullopt;
    return UnsureTime{time.at("boot_id").get<std::string>(), *taken};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<Synchronisation> synchronisation_of(std::string_view clock_document) {
  try {
    const Json clock = Json::parse(clock_document);
    const auto at = moment(clock.at("monotonic_ms"));
    const auto max_error_ms = moment(clock.at("max_error_ms"));
    const auto utc = utc_from_iso8601(clock.at("utc").get<std::string>());
    if (clock.at("kind") != "first_synchronisation" || !at || !max_error_ms || !utc) return std::nullopt;
    return Synchronisation{clock.at("boot_id").get<std::string>(), *at, *utc, *max_error_ms};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<Redated> dated(const UnsureTime& taken, const Synchronisation& by) {
  if (taken.boot_id != by.boot_id || taken.monotonic_ms > by.monotonic_ms) return std::nullopt;
  return redate(monotonic(taken.monotonic_ms), {monotonic(by.monotonic_ms), by.utc}, by.max_error_ms);
}

}  // namespace wayside::backoffice
