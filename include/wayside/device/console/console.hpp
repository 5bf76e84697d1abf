// The console: who comes to a terminal logs in, types commands, and is logged out when he is away.
//
// Threads: one. Ownership: terminal and services outlive it. Failure: none of its own; whatever is typed or
// noise, it says a sentence and goes on.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "wayside/device/console/services.hpp"
#include "wayside/device/console/terminal.hpp"

namespace wayside::console {

struct ConsoleOptions {
  std::string terminal_name;  // "ttyS0", "socket": for who else edits
  // Somebody stands at the camera with a cable: what he may do that nobody may from afar.
  bool physically_present = false;
  std::chrono::milliseconds idle_limit = std::chrono::minutes(10);  // of a line of somebody logged in
  std::chrono::milliseconds login_limit = std::chrono::minutes(1);  // of a name or password
  std::chrono::milliseconds commissioning_minute = std::chrono::minutes(1);  // tests have shorter ones
  std::string version;
  // Instead of a person's: these lines, after a login at the terminal. The first that fails ends it.
  std::vector<std::string> script;
  bool has_script = false;
};

// Returns when the terminal has hung up, or somebody has logged out of one that is not a screen; false where
// a line of a file or of the script failed.
[[nodiscard]] bool run_console(Terminal& terminal, ConsoleServices services, const ConsoleOptions& options);

}  // namespace wayside::console
