#include "wayside/device/clock/clock_record.hpp"

#include <nlohmann/json.hpp>

namespace wayside {

std::string clock_record(const ClockEvent& event, std::string_view device_id, std::string_view boot_id) {
  nlohmann::json document = {
      {"schema", "wayside-clock-1"},
      {"device_id", device_id},
      {"boot_id", boot_id},
      {"kind", event.kind == ClockEvent::Kind::step ? "step" : "first_synchronisation"},
      {"utc", to_iso8601(event.at.utc)},
      {"monotonic_ms", event.at.monotonic.ns / 1'000'000},
      {"step_ms", event.step_ms},
      {"source", to_string(event.source)},
      {"max_error_ms", nullptr},
      {"whole_gnss_weeks", event.whole_gnss_weeks},
  };
  if (event.max_error_ms) document["max_error_ms"] = *event.max_error_ms;
  return document.dump();
}

}  // namespace wayside
