// Gives a camera's time servers to chronyd, and its back offices to the firewall.
#include "wayside/device/network/reach.hpp"

#include "src/app/command_line.hpp"

namespace wayside::app {
namespace {

constexpr std::string_view program = "wayside-network";

constexpr const char* description =
    "Gives chronyd the time servers of a Wayside camera's configuration (clock.time_servers, or those that\n"
    "the network names), and lets the firewall, where it is Wayside's, through to its back offices\n"
    "(upload.url, upload.unlock_url) and to nobody else. As root; wayside-network.path and\n"
    "wayside-network.timer start it. What the camera has written is checked again, and where it is not of\n"
    "its form nothing is changed.";

constexpr const char* footer =
    "Reads /run/wayside/network, writes /run/chrony-dhcp/wayside.sources and the sets office4 and office6 "
    "of\n"
    "the table inet wayside.\n\n"
    "Exit codes: 0 done, 1 something could not be done and is tried again, 2 what is asked is wrong.";

int run(int argc, const char* const* argv) {
  CLI::App app(description, std::string(program));
  prepare(app);
  app.footer(footer);
  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  const Status done = apply_outside({});
  return done ? exit_done : report(program, done.error());
}

}  // namespace
}  // namespace wayside::app

int main(int argc, char** argv) {
  return wayside::app::run_program(wayside::app::program, [&] { return wayside::app::run(argc, argv); });
}
