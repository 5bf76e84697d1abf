// What the console has of a real camera: its accounts, configuration store and audit trail, which it opens
// itself and which work while waysided does not; and waysided, asked over its control socket.
//
// Each is opened when it is first needed, and again after a failure: a folder that is broken takes nothing
// else with it. Threads: one. Ownership: the clock outlives it. Failure: as wayside/device/console says.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "wayside/device/clock/clock.hpp"
#include "wayside/device/console/services.hpp"

namespace wayside::app {

struct ConsolePlaces {
  std::filesystem::path state = "/var/lib/wayside";
  std::filesystem::path control_socket = "/run/wayside/control";
  // Where it asks for the machine's restart: a file that a path unit waits for.
  std::filesystem::path requests = "/run/wayside-console";
  std::string terminal_name;
  std::string boot_id;
};

[[nodiscard]] std::unique_ptr<console::ConsoleAccounts> join_accounts(const ConsolePlaces& places,
                                                                      const Clock& clock);
[[nodiscard]] std::unique_ptr<console::ConsoleConfiguration> join_configuration(const ConsolePlaces& places,
                                                                                const Clock& clock);
[[nodiscard]] std::unique_ptr<console::ConsoleTrail> join_trail(const ConsolePlaces& places,
                                                                const Clock& clock);
[[nodiscard]] std::unique_ptr<console::ConsoleCamera> join_camera(const ConsolePlaces& places);

}  // namespace wayside::app
