// Overwrites and removes files.
//
// Threads: one. Failure: in what it returns; it goes on with the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "src/device/wipe/receipt.hpp"

namespace wayside::wipe_parts {

[[nodiscard]] Found count(const std::filesystem::path& path);
// Links are removed and not followed. more: called with each amount of bytes that was overwritten.
[[nodiscard]] Outcome destroy(const WipeThing& thing, const std::function<void(std::uint64_t)>& more);

}  // namespace wayside::wipe_parts
