// What waysided and wayside-update, which is root's, tell each other about updates: files below one folder
// (update.md).
//
// waysided writes into incoming/ (bundle, offer, install, confirm), wayside-update all else (status, begun).
// Each file is one JSON object, replaced whole. Neither trusts the other's: unknown keys, odd words, and
// values out of their bounds are refused.
//
// Threads: pure functions apart from the file system. Failure: invalid_input or corrupt with a reason that
// repeats nothing of the text; io, not_found and exhausted of files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

struct UpdateFolder {
  std::filesystem::path root = "/var/lib/wayside/update";

  [[nodiscard]] std::filesystem::path incoming() const { return root / "incoming"; }
  [[nodiscard]] std::filesystem::path part() const { return incoming() / "bundle.part"; }
  [[nodiscard]] std::filesystem::path bundle() const { return incoming() / "bundle"; }
  [[nodiscard]] std::filesystem::path install() const { return incoming() / "install"; }
  [[nodiscard]] std::filesystem::path confirm() const { return incoming() / "confirm"; }
  [[nodiscard]] std::filesystem::path status() const { return root / "status"; }
  [[nodiscard]] std::filesystem::path begun() const { return root / "begun"; }
};

// What a camera is able to do, and a trial has to do: "capture" (frames come and are read), "deliver" (a
// record is sealed, kept and acknowledged by the back office). Later versions may add words.
using Abilities = std::vector<std::string>;
inline constexpr std::string_view ability_capture = "capture";
inline constexpr std::string_view ability_deliver = "deliver";
// Whether `did` holds all of `able`.
[[nodiscard]] bool covers(const Abilities& did, const Abilities& able);

// Asks for what lies in bundle() to be installed.
struct InstallRequest {
  std::string version;  // UpdateVersion
  std::string sha256;   // of the bundle, 64 lower case hex digits
  Abilities able;       // of the camera that asks
  friend bool operator==(const InstallRequest&, const InstallRequest&) = default;
};

// waysided's word that the system on trial works.
struct ConfirmRequest {
  std::string boot_id;  // read_boot_id() of the start in which it did
  Abilities did;
  friend bool operator==(const ConfirmRequest&, const ConfirmRequest&) = default;
};

enum class UpdateState {
  none,        // nothing has been updated yet
  installing,  // percent says how far
  installed,   // the next start tries it
  refused,     // reason says why and what to do
  trial,       // runs, and has to show that it works
  confirmed,   // runs, and stays
  reverted,    // reason says why; the one before it runs again
};
[[nodiscard]] std::string_view to_string(UpdateState state);

struct UpdateStatus {
  UpdateState state = UpdateState::none;
  std::string version;   // of the bundle that the state is about; empty: none, or it could not be told
  std::string from;      // what ran when it came
  std::string reason;    // one sentence; empty: none is needed
  unsigned percent = 0;  // at most 100
  Abilities able;        // what a trial has to do
  std::string boot_id;   // the start in which a trial runs; empty otherwise
  std::string
      confirmed;  // the newest version that was ever confirmed: nothing older is installed; empty: none
  friend bool operator==(const UpdateStatus&, const UpdateStatus&) = default;
};

// An installation that has not come to an end yet.
struct BegunInstallation {
  std::string sha256;  // of its bundle; empty: none
  unsigned times = 0;  // it was begun
  friend bool operator==(const BegunInstallation&, const BegunInstallation&) = default;
};

inline constexpr std::size_t largest_update_file_bytes = 4096;
inline constexpr std::size_t longest_reason_bytes = 500;  // longer ones are cut when written

[[nodiscard]] std::string encode(const InstallRequest& request);
[[nodiscard]] std::string encode(const ConfirmRequest& request);
[[nodiscard]] std::string encode(const UpdateStatus& status);
[[nodiscard]] std::string encode(const BegunInstallation& begun);
[[nodiscard]] Result<BegunInstallation> begun_installation_from(std::string_view text);
[[nodiscard]] Result<InstallRequest> install_request_from(std::string_view text);
[[nodiscard]] Result<ConfirmRequest> confirm_request_from(std::string_view text);
[[nodiscard]] Result<UpdateStatus> update_status_from(std::string_view text);

// For waysided. The bundle of an install request has to lie there whole and synced before.
[[nodiscard]] Status request_install(const UpdateFolder& folder, const InstallRequest& request);
[[nodiscard]] Status request_confirm(const UpdateFolder& folder, const ConfirmRequest& request);
// UpdateState::none where there is no status yet.
[[nodiscard]] Result<UpdateStatus> read_update_status(const UpdateFolder& folder);
// For wayside-update: 0644.
[[nodiscard]] Status write_update_status(const UpdateFolder& folder, const UpdateStatus& status);
// One that cannot be read is none.
[[nodiscard]] BegunInstallation read_begun_installation(const UpdateFolder& folder);
[[nodiscard]] Status write_begun_installation(const UpdateFolder& folder, const BegunInstallation& begun);

}  // namespace wayside
