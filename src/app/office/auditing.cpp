#include <fmt/format.h>

#include "wayside/backoffice/trails.hpp"
#include "wayside/base/json_text.hpp"

#include "src/app/office/commands.hpp"

namespace wayside::app::office {

namespace {

std::string line_of(const TrailEntry& entry) {
  const TrailEvent& what = entry.what;
  std::string line =
      fmt::format("{:>8}  {}{}  {:<16}  {}", entry.number, entry.utc,
                  entry.time_source == "unsynchronised" ? " (unsynchronised)" : "", json_escape(what.event),
                  what.by.name.empty() ? "-" : json_escape(what.by.name));
  if (!what.by.role.empty()) line += fmt::format(" ({})", json_escape(what.by.role));
  if (!what.by.terminal.empty()) line += " at " + json_escape(what.by.terminal);
  for (const auto& [name, value] : what.details)
    line += fmt::format("  {}={}", json_escape(name), json_escape(value));
  return line;
}

}  // namespace

Status list_trails(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  if (!arguments.device_id.empty()) {
    if (const auto enrolled = check_enrolled(*office->store, {arguments.device_id}); !enrolled)
      return enrolled;
  }
  const auto trails = backoffice::camera_trails(*office->store, arguments.device_id);
  if (!trails) return fail(trails.error());
  if (trails->empty()) fmt::print("No camera has sent an audit trail.\n");
  std::size_t faults = 0;
  for (const backoffice::CameraTrail& trail : *trails) {
    fmt::print("device {}\n", trail.device_id);
    for (const TrailEntry& entry : trail.entries)
      fmt::print("{}\n", line_of(entry));
    for (const std::string& note : trail.report.notes)
      fmt::print("  note: {}\n", json_escape(note));
    for (const std::string& fault : trail.report.faults)
      fmt::print("  FAULT: {}\n", json_escape(fault));
    faults += trail.report.faults.size();
    if (trail.report.good()) fmt::print("  whole: entries {} to {}\n", trail.report.first, trail.report.last);
  }
  if (faults == 0) return {};
  return fail(
      ErrorCode::corrupt,
      fmt::format("{} faults in the audit trails above: entries are missing, or were altered", faults));
}

}  // namespace wayside::app::office
