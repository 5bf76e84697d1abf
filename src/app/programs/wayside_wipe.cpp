// Destroys what a camera holds: keys, records, accounts, configuration.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"
#include "wayside/device/clock/boot_id.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "src/app/command_line.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view program = "wayside-wipe";

constexpr const char* description =
    "Destroys what this Wayside camera holds: its key first, then watch lists, identity, records,\n"
    "accounts, configuration and audit trail, overwritten and removed. It needs nothing of the camera to\n"
    "work, neither a configuration that can be read nor a key that is whole. There is no way back: the\n"
    "camera has to be commissioned and enrolled anew.";

constexpr const char* examples =
    "Examples, as root, with waysided stopped:\n"
    "  wayside-wipe --yes --reason \"taken down\"\n"
    "  wayside-wipe --yes --also /mnt/card/queue\n"
    "  wayside-wipe --begun\n\n"
    "What lies elsewhere is named with --also: a queue on another disk, keys and certificates that [upload] "
    "of\n"
    "the configuration names, the configuration itself where it is in /etc/wayside. One that is under way "
    "takes\n"
    "it up, too.\n\n"
    "--begun finishes what a power cut interrupted, or what was asked for at the console, and otherwise "
    "does\n"
    "nothing; wayside-wipe.service runs it before every start of waysided, and reaches what lies below\n"
    "/var/lib/wayside, /etc/wayside, /media, /mnt and /srv. What stands in the place of such a request\n"
    "and is none, it removes.\n\n"
    "It leaves a receipt in STATE/wipe: what was destroyed, when, for whom, signed by the camera's key "
    "before\n"
    "that key was destroyed. Anybody can check it with the camera's certificate:\n"
    "  wayside-verify receipt receipt-0001.json --device device.crt\n\n"
    "Overwriting does not reach the copies that flash memory keeps for itself. Records are sealed to keys "
    "that\n"
    "were never on the camera; where they were not, destroy the card.\n\n"
    "Exit codes: 0 no file is left, 1 something is left, 2 the command line is wrong.";

struct Arguments {
  fs::path state = "/var/lib/wayside";
  std::vector<fs::path> also;
  std::string reason;
  bool begun = false;
  bool due = false;
  bool yes = false;
};

std::vector<WipeThing> things_of(const Arguments& arguments) {
  std::vector<WipeThing> things = things_to_wipe(arguments.state);
  // At once after the key: it may hold another.
  for (const fs::path& path : arguments.also)
    things.insert(things.begin() + 1, {path.string(), path, false});
  return things;
}

// What stands where a request would must not stay: wayside-wipe.path would begin the service again and again.
int nothing_to_do(const fs::path& folder) {
  const auto removed = remove_false_requests(folder);
  if (!removed) return report(program, removed.error());
  for (const std::string& sentence : *removed)
    fmt::print("{}\n", sentence);
  return exit_done;
}

// A name that is mistyped, before anything is destroyed.
Status check_also(const Arguments& arguments) {
  for (const fs::path& path : arguments.also) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(path, ignored))) continue;
    return fail(ErrorCode::invalid_input,
                fmt::format("nothing was destroyed: there is no {} (--also): name a file or folder that is "
                            "there, or mount what it lies on",
                            json_escape(path.string())));
  }
  return {};
}

int wipe_now(const Arguments& arguments) {
  const fs::path folder = wipe_folder(arguments.state);
  const bool asks = arguments.begun || arguments.due;
  if (asks && !is_wipe_due(folder)) {
    const int code = nothing_to_do(folder);
    return arguments.due ? exit_failed : code;
  }
  if (arguments.due) return exit_done;
  // Of one that is under way some are gone.
  if (!is_wipe_due(folder)) {
    if (const Status there = check_also(arguments); !there) return report(program, there.error());
  }
  if (!arguments.begun && !arguments.yes) {
    fmt::print("This would destroy:\n");
    for (const WipeThing& thing : things_of(arguments))
      fmt::print("  {} ({})\n", json_escape(thing.name), json_escape(thing.path.string()));
    return report(program, {ErrorCode::invalid_input, "nothing was destroyed: say --yes to do it"});
  }
  const auto boot_id = read_boot_id();
  const std::unique_ptr<Clock> clock = make_system_clock();
  std::string told;
  const auto progress = [&](const WipeProgress& at) {
    const std::uint64_t percent =
        at.of_bytes == 0 ? 100 : std::min<std::uint64_t>(100, at.done_bytes * 100 / at.of_bytes);
    // A line a thing, and in between one each ten percent.
    const std::string now = fmt::format("{} {}", json_escape(at.thing), percent / 10);
    if (std::exchange(told, now) == now) return;
    fmt::print("{:3} %  {}\n", percent, json_escape(at.thing));
    std::fflush(stdout);
  };
  const auto result = wipe_camera({folder, arguments.state / "identity", boot_id ? *boot_id : std::string()},
                                  {{}, {}, {}, arguments.reason}, things_of(arguments), *clock, progress);
  if (!result) return report(program, result.error());
  for (const std::string& problem : result->problems)
    static_cast<void>(report(program, {ErrorCode::io, problem}));
  if (result->receipt.empty()) {
    fmt::print("{}", result->receipt_text);
  } else {
    fmt::print("receipt: {}\n", json_escape(result->receipt.string()));
  }
  fmt::print("{}\n", !result->complete     ? "SOMETHING IS LEFT: see above, and run it again"
                     : result->overwritten ? "nothing is left"
                                           : "no file is left; what they held may be: see above");
  return result->complete ? exit_done : exit_failed;
}

int run(int argc, const char* const* argv) {
  CLI::App app(description, std::string(program));
  prepare(app);
  app.footer(examples);
  Arguments arguments;
  app.add_option("--state", arguments.state, "The folder with all of the camera's own")
      ->capture_default_str();
  app.add_option("--also", arguments.also, "A file or folder elsewhere, such as a queue; again for more")
      ->allow_extra_args(false);
  app.add_option("--reason", arguments.reason, "Why; it stands in the receipt");
  CLI::Option* begun = app.add_flag("--begun", arguments.begun, "Only what was begun or asked for");
  CLI::Option* due =
      app.add_flag("--due", arguments.due, "Only whether --begun would wipe: exit code 0, else 1")
          ->excludes(begun);
  app.add_flag("--yes", arguments.yes, "Do it")->excludes(begun)->excludes(due);
  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  // As of a variable that is not set: it would be whatever folder this is started in.
  const bool also_empty = std::any_of(arguments.also.begin(), arguments.also.end(),
                                      [](const fs::path& path) { return path.empty(); });
  if (arguments.state.empty() || also_empty) {
    return report(program, {ErrorCode::invalid_input,
                            fmt::format("nothing was destroyed: {} is empty: name a file or folder",
                                        also_empty ? "--also" : "--state")});
  }
  // A start that goes on with it is somewhere else.
  std::error_code ignored;
  arguments.state = fs::absolute(arguments.state, ignored);
  for (fs::path& path : arguments.also)
    path = fs::absolute(path, ignored);
  return wipe_now(arguments);
}

}  // namespace
}  // namespace wayside::app

int main(int argc, char** argv) {
  return wayside::app::run_program(wayside::app::program, [&] { return wayside::app::run(argc, argv); });
}
