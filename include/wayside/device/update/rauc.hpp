// RAUC, which checks a bundle's signature and writes it into the slot that does not run: a program of its
// own, run as a child without a shell.
//
// Threads: one call at a time. Failure: a sentence that says what and what to do; refused where RAUC does not
// take the bundle or it is not what was signed, io where RAUC cannot be run or the bundle not be read,
// unavailable where RAUC takes too long.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside {

struct BundleInfo {
  std::string compatible;
  std::string version;  // as the manifest says, whatever it is
};

struct RaucOptions {
  std::filesystem::path program = "/usr/bin/rauc";
  std::filesystem::path configuration = "/etc/rauc/system.conf";
  std::chrono::milliseconds look_limit = std::chrono::minutes(2);
  std::chrono::milliseconds install_limit = std::chrono::hours(1);
};

// Of a bundle whose signature RAUC has checked, and all of whose payload is as it was signed.
[[nodiscard]] Result<BundleInfo> bundle_info(const RaucOptions& options, const std::filesystem::path& bundle);
// Of `rauc info --output-format=json`.
[[nodiscard]] Result<BundleInfo> bundle_info_from(std::string_view json);

// Written into the slot that does not run, and that slot made the next to start (boot_backend.hpp).
// on_percent hears a number once, 0 to 100, as RAUC counts.
[[nodiscard]] Status install_bundle(const RaucOptions& options, const std::filesystem::path& bundle,
                                    const std::function<void(unsigned)>& on_percent);

}  // namespace wayside
