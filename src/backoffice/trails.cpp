#include "wayside/backoffice/trails.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/export.hpp"

namespace wayside::backoffice {

namespace {

struct Gathered {
  std::vector<TrailEntry> entries;
  std::vector<std::string> faults;
};

CameraTrail judged(const std::string& device_id, Gathered gathered) {
  CameraTrail trail;
  trail.device_id = device_id;
  std::vector<TrailEntry>& entries = gathered.entries;
  // Records come in the order of their queue's number, and a camera may have had several queues.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TrailEntry& a, const TrailEntry& b) { return a.number < b.number; });
  std::string text;
  for (TrailEntry& entry : entries) {
    const auto same = [&](const TrailEntry& one) {
      return one.number == entry.number && one.hash == entry.hash;
    };
    // A camera that stops at the wrong moment carries some twice.
    if (std::any_of(trail.entries.rbegin(), trail.entries.rend(), same)) continue;
    text += entry.line + "\n";
    trail.entries.push_back(std::move(entry));
  }
  trail.report = verify_trail(text);
  for (std::string& fault : gathered.faults)
    trail.report.faults.push_back(std::move(fault));
  return trail;
}

}  // namespace

Result<std::vector<CameraTrail>> camera_trails(Store& store, const std::string& device_id) {
  std::map<std::string, Gathered> devices;
  const auto wanted = [&](const RecordId& id) { return device_id.empty() || id.device_id == device_id; };
  const auto damaged = [&](const RecordId& id) {
    if (!wanted(id)) return;
    devices[id.device_id].faults.push_back(
        fmt::format("record {} is no longer what the camera signed", id.number));
  };
  const auto take = [&](const StoredRecord& record) -> Status {
    if (!wanted(record.id)) return {};
    const auto json = nlohmann::json::parse(record.document);
    if (json.at("event") != "trail") return {};
    Gathered& gathered = devices[record.id.device_id];
    for (const auto& line : json.at("trail").at("lines")) {
      auto entry = trail_entry_from(line.get<std::string>());
      if (entry) {
        gathered.entries.push_back(std::move(*entry));
      } else {
        gathered.faults.push_back(fmt::format("record {} carries a line that is no entry: {}",
                                              record.id.number, entry.error().message));
      }
    }
    return {};
  };
  if (const Status visited = visit_sound_of(store, RecordType::audit, take, damaged); !visited)
    return fail(visited.error());
  std::vector<CameraTrail> trails;
  for (auto& [device, gathered] : devices)
    trails.push_back(judged(device, std::move(gathered)));
  return trails;
}

}  // namespace wayside::backoffice
