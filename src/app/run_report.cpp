#include "src/app/run_report.hpp"

#include <nlohmann/json.hpp>

#include "wayside/base/version.hpp"

namespace wayside::app {

namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson clock_state(const TimeQuality& time) {
  OrderedJson json{
      {"source", to_string(time.source)}, {"max_error_ms", nullptr}, {"synchronised_ago_s", nullptr}};
  if (time.max_error_ms) json["max_error_ms"] = *time.max_error_ms;
  if (time.synchronised_ago_s) json["synchronised_ago_s"] = *time.synchronised_ago_s;
  return json;
}

OrderedJson state(const Clock& clock, const Health& health, const QueueDepth& depth,
                  const UploaderState& upload, const CounterSet& counters) {
  OrderedJson json;
  json["time"] = to_iso8601(clock.utc_now());
  json["clock"] = clock_state(clock.quality());
  json["problems"] = health.problems();
  json["states"] = health.states();
  json["queue"] = {{"unacknowledged", depth.unacknowledged},
                   {"evicted", depth.evicted},
                   {"expired", depth.expired},
                   {"damaged", depth.damaged},
                   {"segments", depth.segments},
                   {"segments_free", depth.segments_free}};
  if (depth.oldest) json["queue"]["oldest"] = depth.oldest->value();
  json["upload"] = {{"circuit", upload.circuit_open ? "open" : "closed"},
                    {"dead_lettered", upload.dead_lettered},
                    {"quarantined", upload.quarantined}};
  json["counters"] = OrderedJson::object();
  for (const CounterSet::Reading& reading : counters.readings())
    json["counters"][reading.name] = reading.value;
  return json;
}

}  // namespace

std::string heartbeat_json(const Clock& clock, const Health& health, const QueueUuid& queue,
                           const QueueDepth& depth, const UploaderState& upload, const CounterSet& counters,
                           std::uint64_t delivered_to, const HeldForOffice& held) {
  OrderedJson json = state(clock, health, depth, upload, counters);
  if (delivered_to > 0) json["queue"]["delivered_to"] = delivered_to;
  if (held.authority) json["authority"] = {{"number", *held.authority}};
  if (held.watch_lists) {
    json["watch_lists"] = OrderedJson::object();
    for (const auto& [list, revision] : *held.watch_lists)
      json["watch_lists"][list] = revision;
  }
  if (held.system) {
    json["system"] = {
        {"version", held.system->version},
        {"compatible", held.system->compatible},
        {"update",
         {{"state", held.system->state}, {"version", held.system->update}, {"reason", held.system->reason}}}};
  }
  json["queue_uuid"] = to_hex(queue);
  return json.dump();
}

std::string report_json(const RunFigures& figures, const Clock& clock, const Health& health,
                        const QueueDepth& depth, const UploaderState& upload, const CounterSet& counters) {
  OrderedJson json;
  json["version"] = version();
  json["ended"] = figures.ended;
  json["frames"] = figures.frames;
  json["frames_per_s"] = figures.wall_s > 0 ? static_cast<double>(figures.frames) / figures.wall_s : 0.0;
  json["wall_s"] = figures.wall_s;
  json["cpu_s"] = figures.cpu_s;
  json["peak_memory_bytes"] = figures.peak_memory_bytes;
  json["memory_bytes_at_end"] = figures.memory_bytes_at_end;
  json.update(state(clock, health, depth, upload, counters));
  return json.dump(2) + "\n";
}

}  // namespace wayside::app
