// Overwrites and removes files.
//
// Threads: one. Failure: in what it returns; it goes on with the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "wayside/base/result.hpp"

#include "src/device/wipe/receipt.hpp"

namespace wayside::wipe_parts {

[[nodiscard]] Found count(const std::filesystem::path& path);
// Links are removed and not followed. more: called with each amount of bytes that was overwritten.
[[nodiscard]] Outcome destroy(const WipeThing& thing, const std::function<void(std::uint64_t)>& more);

// What a file system has given free still lies there: earlier versions of files that were replaced. Writes
// over it, where the folder is the root of a file system of its own; another may be anybody's, and large.
// Failure: io.
[[nodiscard]] Status overwrite_free_space(const std::filesystem::path& root);

}  // namespace wayside::wipe_parts
