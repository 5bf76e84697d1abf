// Puts on the audit trail that a commit which nobody confirmed was taken back, and what the camera runs
// since: done by whoever took it back, waysided or the console, and so once (device/audit/trail_format.md).
//
// Threads: any. Failure: the trail's.
#pragma once

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "wayside/device/audit/trail.hpp"
#include "wayside/device/config/store/configuration_store.hpp"

namespace wayside::app {

[[nodiscard]] inline Status record_taken_back(const Reversion& reversion, AuditTrail::Options options,
                                              const Clock& clock) {
  const auto name_of = [](std::uint32_t version) {
    return version == 0 ? std::string("none") : fmt::format("version {}", version);
  };
  TrailEvent event;
  event.event = trail_event::configuration;
  event.details = {{"taken_back", name_of(reversion.from)}, {"runs", name_of(reversion.to)}};
  Result<AuditTrail> trail = AuditTrail::open(std::move(options), clock);
  return trail ? trail->append(event) : fail(trail.error());
}

}  // namespace wayside::app
