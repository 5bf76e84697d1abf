// What root does about updates (update.md): installs what waysided asks for, puts the new system on trial,
// confirms it once waysided says that it does what the camera could before, and gives it up otherwise.
//
// Every step changes one thing that a power cut leaves old or new, and each call goes on from whatever the
// last start left: a request is removed when all that it asked for has been done.
//
// Threads: one, and one process at a time (a lock). Ownership: the tools' functions are called from within.
// Failure: of the call only where files or boot state cannot be read or written; that an update is refused is
// no failure, and stands in the status.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/device/update/boot_state.hpp"
#include "wayside/device/update/rauc.hpp"
#include "wayside/device/update/running_system.hpp"
#include "wayside/device/update/update_folder.hpp"

namespace wayside {

// A trial gets its starts anew from each start that comes as far as the services, this often: a run of power
// cuts does not burn it, and one that never does its work ends.
inline constexpr unsigned most_trial_starts = 50;
// An installation that brings the machine down, or that the power keeps breaking off, is not begun for ever.
inline constexpr unsigned most_begun = 6;
// A trial that nobody confirmed so long after its start is given up (wayside-update-deadline.timer).
inline constexpr std::chrono::minutes trial_deadline{10};
// The machine's watchdog ends a trial that hangs so badly that nobody is left to give it up. Nobody feeds it:
// a trial that does its work is confirmed before.
inline constexpr std::chrono::minutes trial_hangs_after{15};

struct UpdateTools {
  std::function<Result<BundleInfo>(const std::filesystem::path&)> look;
  std::function<Status(const std::filesystem::path&, const std::function<void(unsigned)>&)> install;
  std::function<Status()> restart;                       // of the machine
  std::function<void(std::chrono::seconds)> guard = {};  // the watchdog, from now on; where there is one
  std::function<void()> unguard = {};
  std::function<void()> before_change = {};        // of anything that lasts
  std::function<void(std::string_view)> say = {};  // a sentence for the log
};

// RAUC, and systemd for the restart.
[[nodiscard]] UpdateTools real_update_tools(const RaucOptions& rauc);

class Updater {
 public:
  Updater(UpdateFolder folder, std::filesystem::path boot_state, RunningSystem system, UpdateTools tools);

  // What is asked for in incoming/: first a confirmation, then an installation, which ends in a restart.
  [[nodiscard]] Status due();
  // Early in each start of the machine, before waysided.
  [[nodiscard]] Status started();
  // A trial that is not confirmed by now goes back to the system before it.
  [[nodiscard]] Status deadline();

 private:
  [[nodiscard]] Result<BootState> boot() const;
  [[nodiscard]] bool tries(const BootState& state) const;
  [[nodiscard]] bool is_due(const BootState& state) const;
  [[nodiscard]] UpdateStatus status() const;
  [[nodiscard]] Status keep(const UpdateStatus& status);
  [[nodiscard]] Status keep(const BootState& state);
  [[nodiscard]] Status drop(std::string_view incoming);
  [[nodiscard]] Status drop_taken();
  [[nodiscard]] Status judge_confirmation();
  [[nodiscard]] Status judge_installation();
  [[nodiscard]] Status refuse(const InstallRequest& request, const std::string& reason);
  [[nodiscard]] Status count_begun(const InstallRequest& request);
  [[nodiscard]] Status drop_begun();
  [[nodiscard]] Status check(const InstallRequest& request) const;
  [[nodiscard]] Status install(const InstallRequest& request);
  [[nodiscard]] Status try_again(BootState state);
  [[nodiscard]] Status on_trial(BootState state);
  [[nodiscard]] Status settled(const BootState& state);
  [[nodiscard]] Status end_trial(const BootState& state, const std::string& reason);
  void say(const std::string& sentence) const;

  UpdateFolder folder_;
  std::filesystem::path boot_state_;
  RunningSystem system_;
  UpdateTools tools_;
};

}  // namespace wayside
