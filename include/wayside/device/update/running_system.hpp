// Which system runs: its version and board, and the slot that the loader started.
//
// Threads: any; files are read anew. Failure: not_found, io, or corrupt with the file and what it lacks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/device/update/boot_state.hpp"
#include "wayside/device/update/update_version.hpp"

namespace wayside {

struct RunningSystem {
  UpdateVersion version;   // IMAGE_VERSION of os-release
  std::string compatible;  // "wayside-" and VARIANT_ID of os-release: bundles for this board say the same
  std::optional<BootSlot>
      slot;               // wayside.slot= of the kernel's command line; none: started by another loader
  bool on_trial = false;  // wayside.trial=1
  std::string boot_id;    // read_boot_id()
};

struct SystemFiles {
  std::filesystem::path os_release = "/usr/lib/os-release";
  std::filesystem::path command_line = "/proc/cmdline";
  std::filesystem::path boot_id = "/proc/sys/kernel/random/boot_id";
};

// corrupt where this is no image of Wayside's (IMAGE_ID).
[[nodiscard]] Result<RunningSystem> read_running_system(const SystemFiles& files = {});

}  // namespace wayside
