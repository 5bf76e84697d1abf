// The audit trails of cameras, as their records brought them: whether each is whole, and what stands in it.
//
// Threads: as the store. Failure: corrupt where a stored record is not what its camera signed.
#pragma once

#include <string>
#include <vector>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"
#include "wayside/device/audit/trail.hpp"

namespace wayside::backoffice {

struct CameraTrail {
  std::string device_id;
  std::vector<TrailEntry> entries;  // ascending by number, each once
  TrailReport report;
};
// By device. device_id: of this one alone; empty: of all.
[[nodiscard]] Result<std::vector<CameraTrail>> camera_trails(Store& store, const std::string& device_id = {});

}  // namespace wayside::backoffice
