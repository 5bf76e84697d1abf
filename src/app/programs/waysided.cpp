// waysided: the camera's daemon. What it does stands in its help below; how, in src/app/daemon.hpp.
#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/harden_process.hpp"
#include "wayside/base/log.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/identity/identity.hpp"

#include "src/app/command_line.hpp"
#include "src/app/daemon.hpp"
#include "src/app/process.hpp"
#include "src/app/readiness.hpp"
#include "src/app/single_thread.hpp"
#include "src/app/stored_configuration.hpp"

namespace {

using namespace wayside;
using namespace wayside::app;
namespace fs = std::filesystem;

constexpr const char* description =
    "The daemon of a Wayside camera: takes frames, reads the number plates of passing vehicles, keeps one "
    "record a\n"
    "vehicle in a queue on flash, and delivers the records to the back office until it has said that it has "
    "them.\n"
    "\n"
    "Nothing about a vehicle is logged but the numbers of passes and records. No speed is measured.\n"
    "A missing certificate or network never stops the capture: the records wait in the "
    "queue. With damaged\n"
    "models it stays up, says so to the service manager and the back office, delivers what waits, and looks "
    "again\n"
    "every ten seconds.\n";

constexpr const char* footer =
    "\nEXAMPLES\n"
    "  waysided --print-config-template > camera.toml\n"
    "      Start a configuration; every key is explained in it.\n"
    "  waysided --config camera.toml --check-config\n"
    "      Say whether a configuration is right, or everything that is wrong with it; and of a right one "
    "what this\n"
    "      machine does not have yet: recording, models, identity, recipients.\n"
    "  waysided --make-identity /var/lib/wayside/identity\n"
    "      Make this camera's key and the certificate request to take to the back office.\n"
    "  waysided --config camera.toml\n"
    "      Run until told to stop.\n"
    "  waysided --store /var/lib/wayside/config\n"
    "      The same with the configuration that wayside-console commits, as the service does; without one it "
    "waits for it.\n"
    "  waysided --config replay.toml --until-delivered 60 --report run.json\n"
    "      Play a recording to its end, see every record delivered, and write down how it went.\n"
    "\nSIGNALS\n"
    "  SIGTERM, SIGINT   Stop the camera, put everything taken so far into the queue, finish the part "
    "under way.\n"
    "\nENVIRONMENT\n"
    "  NOTIFY_SOCKET, WATCHDOG_USEC   As systemd sets them: READY, STATUS, STOPPING and, while frames move, "
    "WATCHDOG;\n"
    "                                 with each segment of a queue that is made WATCHDOG and "
    "EXTEND_TIMEOUT_USEC.\n"
    "  OMP_THREAD_LIMIT               Set to 1 by waysided itself: each recogniser keeps to its own thread.\n"
    "\nEXIT CODES\n"
    "  0  done, or stopped by a signal with nothing lost\n"
    "  1  the work failed: the recording or camera, the queue, records not delivered in time or, with "
    "--until-delivered,\n"
    "     the models\n"
    "  2  the command line or the configuration is wrong; the message names file, line and key\n";

struct Arguments {
  std::string config;
  std::string store;
  bool check = false;
  bool print_template = false;
  std::string identity;
  std::string report;
  std::optional<std::uint32_t> until_delivered_s;
};

int make_identity_in(const std::string& folder) {
  const Result<fs::path> request = make_identity(folder);
  if (!request) return report("waysided", request.error());
  fmt::print(
      "The certificate request of this camera is {}\n"
      "Next: take it to the back office, have it signed (wayside-backoffice enrol), and put all that comes "
      "back\n"
      "(device.crt, back-office-ca.crt and the folders recipients, authority and watchlists) into {}\n",
      request->string(), folder);
  return exit_done;
}

// Before the work begins, which may be the playing of a day: the report must have a place to go, and must not
// go over what the daemon lives by.
Status check_report(const fs::path& report, const fs::path& config, const Configuration& configuration) {
  constexpr std::string_view replay = "replay:";
  const std::string& source = configuration.camera.source;
  const fs::path recording = source.rfind(replay, 0) == 0 ? source.substr(replay.size()) : std::string{};
  for (const fs::path& input : {config, recording}) {
    std::error_code absent;
    if (!fs::equivalent(report, input, absent)) continue;
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{} would be written over, which waysided reads: name another file", report.string()));
  }
  // Before anything is tried there: a queue's folder holds nothing but the queue.
  for (const auto& [key, folder] : {std::pair("queue.directory", configuration.queue.directory),
                                    std::pair("identity.directory", configuration.identity.directory)}) {
    if (!overlap(report, folder)) continue;
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is in the way of {}, which is {}: name a file outside of that folder",
                            report.string(), key, folder.string()));
  }
  return check_replaceable(report);
}

// The last word, in the form of the log where machines read that; a person gets a sentence.
int report_end(const Error& error, bool as_json) {
  if (!as_json) return report("waysided", error);
  log::error("failed", {{"reason", error}});
  return exit_code_of(error);
}

int run_store(const Arguments& arguments) {
  if (!arguments.config.empty() || arguments.check || !arguments.report.empty() ||
      arguments.until_delivered_s) {
    fmt::print(
        log::standard_error(),
        "waysided: --store runs what the store says and takes no --config, --check-config, --report or "
        "--until-delivered; give it alone\n");
    return exit_usage;
  }
  DaemonOptions options;
  options.models = models_folder();
  log::start(log::Level::info, log::Format::console);
  StoredConfiguration stored(arguments.store);
  const Status done = run_stored_daemon(stored, options);
  return done ? exit_done : report_end(done.error(), false);
}

int run(const Arguments& arguments) {
  if (!arguments.store.empty()) return run_store(arguments);
  if (arguments.config.empty()) {
    fmt::print(log::standard_error(),
               "waysided: --config FILE or --store DIR is missing; see waysided --help\n");
    return exit_usage;
  }
  const Result<Configuration> configuration = load_configuration(arguments.config);
  if (!configuration) {
    // One error a line, each naming the file itself.
    fmt::print(log::standard_error(), "{}\n", configuration.error().message);
    return exit_usage;
  }
  if (arguments.check) {
    fmt::print("{}: valid\n", arguments.config);
    const std::vector<std::string> lacking =
        not_in_place(*configuration, models_folder(), *make_system_clock());
    if (!lacking.empty()) fmt::print("Not in place on this machine:\n");
    for (const std::string& sentence : lacking)
      fmt::print("  {}\n", sentence);
    return exit_done;
  }
  DaemonOptions options;
  options.models = models_folder();
  if (!arguments.report.empty()) {
    const Status place = check_report(arguments.report, arguments.config, *configuration);
    // Whatever the system says against it, it is the command line that has to change.
    if (!place)
      return report("waysided", {ErrorCode::invalid_input, place.error().context("--report").message});
    options.report = arguments.report;
  }
  if (arguments.until_delivered_s) {
    if (configuration->upload.url.empty()) {
      fmt::print(log::standard_error(),
                 "waysided: --until-delivered needs an upload.url in {}; add one or leave the option out\n",
                 arguments.config);
      return exit_usage;
    }
    options.until_delivered = std::chrono::seconds(*arguments.until_delivered_s);
  }
  const Result<log::Level> level = log::level_from(configuration->log.level);
  const Result<log::Format> format = log::format_from(configuration->log.format);
  if (level && format) log::start(*level, *format);
  const Status done = run_daemon(*configuration, options);
  return done ? exit_done : report_end(done.error(), format && *format == log::Format::json);
}

int run(int argc, char** argv) {
  CLI::App app(description, "waysided");
  prepare(app);
  app.footer(footer);
  Arguments arguments;
  app.add_option("--config", arguments.config, "The camera's configuration")->type_name("FILE");
  app.add_option("--store", arguments.store,
                 "Run the configuration that the console keeps in DIR, and take over what is committed there")
      ->type_name("DIR");
  app.add_flag("--check-config", arguments.check,
               "Check the configuration, tell what this machine lacks for it, and end");
  app.add_flag("--print-config-template", arguments.print_template,
               "Print a configuration with every key explained and end");
  app.add_option("--make-identity", arguments.identity,
                 "Make key and certificate request in DIR, keep those there are, and end")
      ->type_name("DIR");
  app.add_option("--report", arguments.report, "At the end write figures and counters there, as JSON")
      ->type_name("FILE");
  app.add_option("--until-delivered", arguments.until_delivered_s,
                 "When the source has ended wait at most so long until the back office has every record")
      ->check(whole_number(0, UINT32_MAX))
      ->type_name("SECONDS");
  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  if (int{arguments.check} + int{arguments.print_template} + int{!arguments.identity.empty()} > 1) {
    fmt::print(log::standard_error(),
               "waysided: --check-config, --print-config-template and --make-identity each end the program; "
               "give one of them\n");
    return exit_usage;
  }
  if (arguments.print_template) {
    fmt::print("{}", configuration_template());
    return exit_done;
  }
  if (!arguments.identity.empty()) return make_identity_in(arguments.identity);
  return run(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  hold_vendors_to_one_thread(argv);
  harden_process();
  return run_program("waysided", [&] { return run(argc, argv); });
}
