// What a configuration asks for and this machine does not have yet, for a person who checks it before the
// camera is started.
//
// Threads: one. Reads and changes nothing. Sentences name the key, the path and what to do.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wayside/device/clock/clock.hpp"
#include "wayside/device/config/configuration.hpp"

namespace wayside::app {

// In the order of the configuration; empty where the camera would work.
[[nodiscard]] std::vector<std::string> not_in_place(const Configuration& configuration,
                                                    const std::filesystem::path& models, const Clock& clock);

}  // namespace wayside::app
