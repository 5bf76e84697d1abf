// Asks chronyd how well it keeps the clock, through chronyc.
//
// Threads: any; blocks for at most `limit`, then ends the program that it started. Failure: not_found where
// chronyc is not installed, unavailable where chronyd does not answer in time, invalid_input where the answer
// is not understood.
#pragma once

#include <chrono>
#include <filesystem>

#include "wayside/base/result.hpp"
#include "wayside/device/clock/discipline.hpp"

namespace wayside::time_sources {

[[nodiscard]] Result<Discipline> ask_chrony(
    const std::filesystem::path& chronyc = "/usr/bin/chronyc",
    std::chrono::milliseconds limit = std::chrono::milliseconds(2000));

}  // namespace wayside::time_sources
