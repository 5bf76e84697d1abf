// Which start of the system this is.
//
// Threads: any. Failure: not_found, io or corrupt, with the path.
#pragma once

#include <filesystem>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside {

// 32 lower case hex digits, new with each start of the kernel (random(4)).
[[nodiscard]] Result<std::string> read_boot_id(
    const std::filesystem::path& file = "/proc/sys/kernel/random/boot_id");

}  // namespace wayside
