// The reference back office: takes records from cameras, shows and exports them.
#include <string>
#include <vector>

#include <sys/stat.h>

#include "wayside/base/harden_process.hpp"
#include "wayside/base/log.hpp"

#include "src/app/command_line.hpp"
#include "src/app/office/commands.hpp"

namespace wayside::app::office {
namespace {

constexpr const char* description =
    "Reference back office for Wayside cameras: takes their capture records over HTTPS or MQTT,\n"
    "opens them, keeps each exactly once, lists, exports and checks them.";

constexpr const char* examples =
    "Examples, from an empty disk to a page of passes:\n"
    "  wayside-backoffice init office --host anpr.example.org\n"
    "  wayside-backoffice enrol office --request device.csr --out for-the-camera\n"
    "  wayside-backoffice serve office --listen 0.0.0.0 --port 8443 --watch\n"
    "  wayside-backoffice list office --limit 20\n"
    "  wayside-backoffice export office --html passes.html\n\n"
    "Exit codes: 0 done, 1 the work failed, 2 the command line is wrong.";

int run(int argc, char** argv) {
  ::umask(077);  // everything this program writes is somebody's personal data
  log::start(log::Level::info, log::Format::console);
  CLI::App app{description, std::string(program)};
  prepare(app);
  app.footer(examples);
  Arguments arguments;
  const std::vector<Command> commands = add_commands(app, arguments);
  if (const auto code = parse(app, argc, argv)) return *code;
  for (const Command& command : commands) {
    if (!command.parsed->parsed()) continue;
    const Status done = command.work(arguments);
    return done ? exit_done : report(program, done.error());
  }
  return report(program, {ErrorCode::invalid_input,
                          "a command is missing: init, enrol, revoke, recipient-key, unlock-key, authority, "
                          "watchlist, update, serve, ingest, broker-certificate, list, sight, health, audit, "
                          "export or check; see --help"});
}

}  // namespace
}  // namespace wayside::app::office

int main(int argc, char** argv) {
  using namespace wayside::app;
  wayside::harden_process();
  return run_program(office::program, [&] { return office::run(argc, argv); });
}
