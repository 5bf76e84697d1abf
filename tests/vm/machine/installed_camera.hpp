// A camera's programs and units as they are installed, in a guest that systemd runs, and what an installer
// types there first.
//
// Threads, ownership: as VirtualMachine. Failure: std::runtime_error with what was said.
#pragma once

#include <filesystem>
#include <string>

#include "tests/vm/machine/virtual_machine.hpp"

namespace wayside::vm {

inline constexpr const char* installer = "alice";
inline constexpr const char* installers_password = "correct horse battery";

// What cmake --install gives a camera, in a folder of the host's that the guest sees.
[[nodiscard]] std::filesystem::path stage_camera(const std::filesystem::path& folder);

// As the README has it; nothing is started. What lies in /var/lib/wayside already stays.
void install_camera(VirtualMachine& machine, const std::filesystem::path& stage);

// For wayside-console's standard input: makes the first installer, logs in, commits the configuration.
[[nodiscard]] std::string commissioning(const std::string& toml);

}  // namespace wayside::vm
