#include "src/backoffice/camera_health.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

namespace wayside::backoffice {

namespace {

std::string counted(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

// The office's clock may have been set back, and its file may say anything.
std::int64_t ms_since(UtcTime then, UtcTime now) {
  return now.ms - std::clamp<std::int64_t>(then.ms, 0, now.ms);
}

// In the largest unit of which there is a whole one.
std::string ago(UtcTime then, UtcTime now) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 3> units{
      {{86'400'000, "day"}, {3'600'000, "hour"}, {60'000, "minute"}}};
  const std::int64_t ms = ms_since(then, now);
  for (const auto& [unit_ms, unit] : units) {
    if (const std::int64_t count = ms / unit_ms; count > 0)
      return counted(static_cast<std::uint64_t>(count), unit) + " ago";
  }
  return "within the minute";
}

}  // namespace

Result<std::vector<CameraHealth>> camera_health(Store& store, const RevokedCameras& revoked_cameras,
                                                std::optional<UtcTime> authority_end,
                                                const std::string& device_id) {
  const auto enrolled = store.enrolments();
  if (!enrolled) return fail(enrolled.error());
  const auto heartbeats = store.heartbeats();
  if (!heartbeats) return fail(heartbeats.error());
  const auto revoked = revoked_cameras.all();
  if (!revoked) return fail(revoked.error());
  std::map<std::string, CameraHealth> cameras;
  for (const auto& [device, at] : *enrolled) {
    if (!device_id.empty() && device != device_id) continue;
    CameraHealth camera{device, {}, {}, {}, revoked->contains(device), {}};
    const UtcTime end = at + certificate_lifetime;
    if (!authority_end || end < *authority_end) camera.certificate_end = end;
    cameras.emplace(device, std::move(camera));
  }
  for (const Store::KeptHeartbeat& kept : *heartbeats) {
    const auto camera = cameras.find(kept.device_id);
    if (camera == cameras.end()) continue;
    camera->second.heard = kept.received_at;
    camera->second.said = health_in_heartbeat(kept.json);
    camera->second.system = system_in_heartbeat(kept.json);
  }
  std::vector<CameraHealth> all;
  for (auto& [device, camera] : cameras)
    all.push_back(std::move(camera));
  return all;
}

bool CameraHealth::is_silent(UtcTime now) const {
  return !revoked && (!heard || ms_since(*heard, now) > std::chrono::milliseconds(silent_after).count());
}

std::string to_words(const SystemSaid& system) {
  std::string words = fmt::format("{} runs {}", system.compatible, system.version);
  if (!system.state.empty()) words += "  " + system.state;
  if (!system.updating.empty()) words += " " + system.updating;
  if (!system.reason.empty()) words += ": " + system.reason;
  return json_escape(words);
}

std::string to_lines(const CameraHealth& camera, UtcTime now) {
  if (camera.revoked) return fmt::format("{}  revoked", camera.device_id);
  const std::string ending =
      camera.ends_soon(now)
          ? fmt::format(
                "\n  certificate: ends at {}, and the camera delivers nothing from then on: enrol it again",
                to_iso8601(*camera.certificate_end))
          : "";
  if (!camera.heard) return fmt::format("{}  never sent a heartbeat{}", camera.device_id, ending);
  std::string lines =
      fmt::format("{}  {}said {}, {}: ", camera.device_id, camera.is_silent(now) ? "SILENT, last " : "",
                  to_iso8601(*camera.heard), ago(*camera.heard, now));
  if (!camera.said) return lines + "what is stored is no heartbeat" + ending;
  const auto& [ill, waiting] = *camera.said;
  lines += ill.empty() ? "well" : fmt::format("{} ill", counted(ill.size(), "part"));
  lines += fmt::format("  {} waiting", counted(waiting, "record"));
  if (camera.system) lines += "  " + to_words(*camera.system);
  for (const auto& [part, why] : ill)
    lines += fmt::format("\n  {}: {}", json_escape(part), json_escape(why));
  return lines + ending;
}

}  // namespace wayside::backoffice
