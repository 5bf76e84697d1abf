#include "wayside/delivery/event/sight_record.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "src/delivery/event/record_value.hpp"

namespace wayside {

namespace {

using nlohmann::json;

double finite(double value, double steps_per_unit) {
  return std::isfinite(value) ? rounded(value, steps_per_unit) : 0;
}

json finite_or_null(const std::optional<double>& value, double steps_per_unit) {
  return value ? json(finite(*value, steps_per_unit)) : json();
}

json time_of(const SightMinutes& minutes) {
  json said = {{"source", to_string(minutes.time.source)},
               {"max_error_ms", value_or_null(minutes.time.max_error_ms)},
               {"synchronised_ago_s", value_or_null(minutes.time.synchronised_ago_s)}};
  if (minutes.time.boot_id) {
    said["boot_id"] = *minutes.time.boot_id;
    said["monotonic_ms"] = minutes.monotonic.ns / 1'000'000;
  }
  return said;
}

json minute_of(const SightMinute& minute) {
  json hindrances = json::array();
  for (const Hindrance hindrance : minute.hindrances)
    hindrances.push_back(to_string(hindrance));
  json said = {{"could_read", to_string(minute.could_read)},
               {"hindrances", std::move(hindrances)},
               {"frames", minute.frames},
               {"frames_missed", minute.lost.missed},
               {"frames_dropped", minute.lost.dropped},
               {"frames_unread", minute.lost.unread},
               {"light", finite(minute.light, 10)},
               {"glare", finite(minute.glare, 1000)},
               {"lit", minute.lit},
               {"sharpness", finite_or_null(minute.sharpness, 100)},
               {"view", to_string(minute.view)},
               {"covered", finite_or_null(minute.covered, 100)},
               {"plates", minute.plates},
               {"plates_unread", minute.plates_unread},
               {"plate_width_px", finite_or_null(minute.plate_width_px, 1)}};
  if (minute.view == ViewState::moved)
    said["shift"] = {finite(minute.shift_x, 1000), finite(minute.shift_y, 1000)};
  return said;
}

}  // namespace

std::string sight_record(const SightMinutes& minutes, std::string_view device_id) {
  json all = json::array();
  for (const SightMinute& minute : minutes.minutes)
    all.push_back(minute_of(minute));
  return json{{"schema", "wayside-sight-1"},
              {"device_id", device_id},
              {"from", to_iso8601(minutes.from)},
              {"time", time_of(minutes)},
              {"minutes", std::move(all)}}
      .dump();
}

}  // namespace wayside
