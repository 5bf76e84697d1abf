// How the enrolled cameras are, by what each said with its last heartbeat. Heartbeats are not signed: this is
// for whoever looks after cameras, and proves nothing.
//
// Threads: as the store. Failure: what the store says.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/endings.hpp"
#include "wayside/backoffice/revocation.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

// Heartbeats come each 30 s; a restart, with an update too, takes less.
inline constexpr std::chrono::minutes silent_after{15};

struct CameraHealth {
  std::string device_id;
  std::optional<UtcTime> heard;      // when its last heartbeat came; nothing: it never sent one
  std::optional<HealthSaid> said;    // nothing: it never sent one, or what is stored is none
  std::optional<SystemSaid> system;  // nothing: it does not run from an image
  bool revoked = false;
  std::optional<UtcTime> certificate_end;  // nothing: it ends with the office's own authority

  [[nodiscard]] bool ends_soon(UtcTime now) const {
    return !revoked && certificate_end && *certificate_end - now <= ending_warned_before;
  }
  [[nodiscard]] bool is_ill() const { return !revoked && said && !said->ill.empty(); }
  [[nodiscard]] bool is_silent(UtcTime now) const;
};

// By device id; of one alone where it is given.
[[nodiscard]] Result<std::vector<CameraHealth>> camera_health(Store& store, const RevokedCameras& revoked,
                                                              std::optional<UtcTime> authority_end,
                                                              const std::string& device_id);

// A line, and one for each part that is ill and for a certificate that ends soon, without the last line
// break. What the camera said is escaped: it moves no terminal, and makes no line of its own.
[[nodiscard]] std::string to_lines(const CameraHealth& camera, UtcTime now);
// What runs, and how its update stands; escaped.
[[nodiscard]] std::string to_words(const SystemSaid& system);

}  // namespace wayside::backoffice
