#include "wayside/device/audit/trail_record.hpp"

#include <nlohmann/json.hpp>

namespace wayside {

std::string trail_record(std::span<const TrailEntry> entries, std::string_view device_id,
                         const ClockReading& now, const TimeQuality& time) {
  using Json = nlohmann::json;
  Json said = {{"utc", to_iso8601(now.utc)}, {"source", to_string(time.source)}, {"max_error_ms", nullptr}};
  if (time.max_error_ms) said["max_error_ms"] = *time.max_error_ms;
  if (time.boot_id) {
    said["boot_id"] = *time.boot_id;
    said["monotonic_ms"] = now.monotonic.ns / 1'000'000;
  }
  Json lines = Json::array();
  for (const TrailEntry& entry : entries)
    lines.push_back(entry.line);
  return Json{{"schema", "wayside-audit-1"},
              {"device_id", device_id},
              {"event", "trail"},
              {"time", std::move(said)},
              {"trail", {{"key", to_hex(entries.back().key)}, {"lines", std::move(lines)}}}}
      .dump();
}

}  // namespace wayside
