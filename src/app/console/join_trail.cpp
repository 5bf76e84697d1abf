#include <fmt/format.h>

#include "wayside/device/audit/trail.hpp"

#include "src/app/console/joined_services.hpp"
#include "src/app/console/opened_late.hpp"

namespace wayside::app {

namespace {

std::string line_of(const TrailEntry& entry) {
  std::string line = fmt::format("{:>6} {} {}", entry.number, entry.utc, entry.what.event);
  if (!entry.what.by.name.empty() || !entry.what.by.terminal.empty())
    line += fmt::format(" by {} ({}) on {}", entry.what.by.name.empty() ? "nobody known" : entry.what.by.name,
                        entry.what.by.role.empty() ? "no role" : entry.what.by.role, entry.what.by.terminal);
  const auto& details = entry.what.details;
  const auto key = details.find("key");
  const auto before = details.find("before");
  const auto after = details.find("after");
  const bool changed = before != details.end() && after != details.end();
  // A change reads in its own order.
  if (changed)
    line += fmt::format("; {}from {} to {}", key == details.end() ? std::string() : key->second + " ",
                        before->second.empty() ? "none" : before->second,
                        after->second.empty() ? "none" : after->second);
  for (const auto& [name, value] : details) {
    if (changed && (name == "key" || name == "before" || name == "after")) continue;
    line += fmt::format("; {}: {}", name, value);
  }
  return line;
}

class JoinedTrail final : public console::ConsoleTrail {
 public:
  JoinedTrail(const ConsolePlaces& places, const Clock& clock)
      : terminal_(places.terminal_name),
        trail_([folder = places.state / "audit", boot_id = places.boot_id, &clock] {
          AuditTrail::Options options;
          options.folder = folder;
          options.boot_id = boot_id;
          return AuditTrail::open(std::move(options), clock);
        }) {}

  Status record(const std::vector<Event>& events) override {
    const Result<AuditTrail*> trail = trail_.get();
    if (!trail) return fail(trail.error());
    std::vector<TrailEvent> all;
    for (const Event& event : events)
      all.push_back({event.event, {event.name, event.role, terminal_}, event.details});
    return (*trail)->append(all);
  }
  Result<std::vector<std::string>> last(std::size_t most) override {
    const Result<AuditTrail*> trail = trail_.get();
    if (!trail) return fail(trail.error());
    const auto entries = (*trail)->last(most);
    if (!entries) return fail(entries.error());
    std::vector<std::string> lines;
    for (const TrailEntry& entry : *entries)
      lines.push_back(line_of(entry));
    return lines;
  }
  Result<std::vector<std::string>> verify() override {
    const Result<AuditTrail*> trail = trail_.get();
    if (!trail) return fail(trail.error());
    const auto report = (*trail)->verify();
    if (!report) return fail(report.error());
    std::vector<std::string> lines;
    lines.push_back(fmt::format(
        "Entries {} to {} are there{}: {}.", report->first, report->last,
        report->cut > 0 ? fmt::format(", those up to {} were cut off in order", report->cut) : std::string(),
        report->good() ? "all whole, signed and in order" : "not all is as it was written"));
    lines.insert(lines.end(), report->faults.begin(), report->faults.end());
    lines.insert(lines.end(), report->notes.begin(), report->notes.end());
    return lines;
  }
  Result<std::string> exported() override {
    const Result<AuditTrail*> trail = trail_.get();
    if (!trail) return fail(trail.error());
    return (*trail)->exported();
  }

 private:
  std::string terminal_;
  OpenedLate<AuditTrail> trail_;
};

}  // namespace

std::unique_ptr<console::ConsoleTrail> join_trail(const ConsolePlaces& places, const Clock& clock) {
  return std::make_unique<JoinedTrail>(places, clock);
}

}  // namespace wayside::app
