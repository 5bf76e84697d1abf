// Installs, tries, confirms and gives up systems: what root does about a camera's updates.
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/device/update/boot_backend.hpp"
#include "wayside/device/update/updater.hpp"

#include "drivers/watchdog/watchdog.hpp"
#include "src/app/command_line.hpp"

namespace wayside::app {
namespace {

constexpr std::string_view program = "wayside-update";
constexpr const char* watchdog = "/dev/watchdog";

constexpr const char* description =
    "Updates this Wayside camera: installs a signed bundle into the slot that does not run, tries it, and\n"
    "goes back by itself unless the camera says that the new system does what the old one did. It trusts\n"
    "nothing that the camera leaves in STATE/incoming. Units of systemd start it, and RAUC.";

constexpr const char* examples =
    "Examples, as root:\n"
    "  wayside-update status\n"
    "  wayside-update --due        what the camera asked for: to install, or to confirm "
    "(wayside-update.service)\n"
    "  wayside-update --started    early at each start of the machine (wayside-update-started.service)\n"
    "  wayside-update --deadline   gives up a trial that nobody confirmed (wayside-update-deadline.timer)\n"
    "  wayside-update boot-slot get-primary    as RAUC asks it (get-state, set-primary, set-state)\n\n"
    "Exit codes: 0 done, or refused with the reason in STATE/status; 1 the work failed; 2 the command line "
    "is\n"
    "wrong.";

struct Arguments {
  UpdateFolder folder;
  std::filesystem::path boot_state = "/dev/disk/by-partlabel/bootstate";
  bool due = false;
  bool started = false;
  bool deadline = false;
  std::vector<std::string> boot_slot;
};

Status run_updater(const Arguments& arguments) {
  auto system = read_running_system();
  if (!system) return fail(system.error());
  UpdateTools tools = real_update_tools({});
  // Until here the initramfs had it. One that cannot be opened is not there, or waysided's, who feeds it on
  // progress.
  tools.guard = [](std::chrono::seconds limit) { (void)Watchdog::open(watchdog, limit); };
  tools.unguard = [] {
    if (auto ours = Watchdog::open(watchdog, trial_hangs_after)) ours->release();
  };
  tools.say = [](std::string_view sentence) {
    fmt::print("{}\n", sentence);
    std::fflush(stdout);
  };
  Updater updater(arguments.folder, arguments.boot_state, std::move(*system), std::move(tools));
  if (arguments.due) return updater.due();
  return arguments.started ? updater.started() : updater.deadline();
}

Status print_status(const Arguments& arguments) {
  const auto system = read_running_system();
  if (!system) return fail(system.error());
  const auto status = read_update_status(arguments.folder);
  if (!status) return fail(status.error());
  const auto boot = read_boot_state(arguments.boot_state);
  fmt::print("version  {} ({})\n", to_string(system->version), system->compatible);
  fmt::print("slot     {}{}\n", system->slot ? to_string(*system->slot) : "unknown",
             system->on_trial ? ", on trial" : "");
  if (boot) {
    fmt::print("starts   {}", to_string(boot->state.slot));
    if (boot->state.trial)
      fmt::print("; {} is tried, {} starts left", to_string(*boot->state.trial), boot->state.left);
    fmt::print("\n");
  } else {
    fmt::print("starts   unknown: {}\n", boot.error().message);
  }
  fmt::print("update   {} {}\n", to_string(status->state), status->version);
  if (!status->reason.empty()) fmt::print("reason   {}\n", json_escape(status->reason));
  return {};
}

int run(int argc, const char* const* argv) {
  CLI::App app(description, std::string(program));
  prepare(app);
  app.footer(examples);
  Arguments arguments;
  app.add_option("--state", arguments.folder.root, "The folder with all about updates")
      ->capture_default_str();
  app.add_option("--boot-state", arguments.boot_state, "The partition that says which slot starts")
      ->capture_default_str();
  CLI::Option* due = app.add_flag("--due", arguments.due, "Do what is asked for");
  CLI::Option* started =
      app.add_flag("--started", arguments.started, "The machine has started")->excludes(due);
  app.add_flag("--deadline", arguments.deadline, "A trial's time is over")->excludes(due)->excludes(started);
  CLI::App* boot_slot = app.add_subcommand("boot-slot", "What RAUC asks of a boot loader");
  boot_slot->add_option("words", arguments.boot_slot,
                        "get-primary, get-state SLOT, set-primary SLOT, set-state SLOT good|bad");
  CLI::App* status = app.add_subcommand("status", "What runs, and how the last update stands");
  app.require_subcommand(0, 1);
  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  const int asked = int{arguments.due} + int{arguments.started} + int{arguments.deadline} +
                    int{boot_slot->parsed()} + int{status->parsed()};
  if (asked != 1) {
    return report(program, {ErrorCode::invalid_input,
                            "say what to do: status, boot-slot, --due, --started or --deadline"});
  }
  if (boot_slot->parsed()) {
    const auto said = boot_backend(arguments.boot_state, arguments.boot_slot);
    if (!said) return report(program, said.error());
    if (!said->empty()) fmt::print("{}\n", *said);
    return exit_done;
  }
  const Status done = status->parsed() ? print_status(arguments) : run_updater(arguments);
  return done ? exit_done : report(program, done.error());
}

}  // namespace
}  // namespace wayside::app

int main(int argc, char** argv) {
  return wayside::app::run_program(wayside::app::program, [&] { return wayside::app::run(argc, argv); });
}
