#include "wayside/device/watchlist/list_record.hpp"

#include <nlohmann/json.hpp>

namespace wayside {

namespace {

constexpr std::size_t longest_reason = 600;

}  // namespace

std::string_view to_string(ListChange::State state) {
  switch (state) {
    case ListChange::State::in_force:
      return "in_force";
    case ListChange::State::refused:
      return "refused";
    case ListChange::State::removed:
      return "removed";
  }
  return "unknown";
}

std::string watch_list_record(const ListChange& change, std::string_view device_id, const ClockReading& now,
                              const TimeQuality& time) {
  using Json = nlohmann::json;
  const auto or_null = [](std::uint64_t revision) { return revision == 0 ? Json(nullptr) : Json(revision); };
  Json said = {{"utc", to_iso8601(now.utc)}, {"source", to_string(time.source)}, {"max_error_ms", nullptr}};
  if (time.max_error_ms) said["max_error_ms"] = *time.max_error_ms;
  if (time.boot_id) {
    said["boot_id"] = *time.boot_id;
    said["monotonic_ms"] = now.monotonic.ns / 1'000'000;
  }
  return Json{{"schema", "wayside-audit-1"},
              {"device_id", device_id},
              {"event", "watch_list"},
              {"time", std::move(said)},
              {"watch_list",
               {{"list", change.list},
                {"state", to_string(change.state)},
                {"revision", or_null(change.revision)},
                {"before", or_null(change.before)},
                {"entries", change.entries},
                {"reason", change.reason.substr(0, longest_reason)}}}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wayside
