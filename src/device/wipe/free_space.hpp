// What a file system has given free still lies there: earlier versions of files that were replaced, and in
// its journal the names of files that were removed.
//
// Threads: one. Failure: in what it returns.
#pragma once

#include <filesystem>

#include "src/device/wipe/receipt.hpp"

namespace wayside::wipe_parts {

// Writes over both, where the folder is the root of a file system of its own ("destroyed"); another may be
// anybody's, and large ("removed", as where something kept it from that). All of an ext4 is reached: what it
// keeps to itself of what is free, and a journal as large as mke2fs makes one.
[[nodiscard]] Outcome destroy_free_space(const std::filesystem::path& root);

}  // namespace wayside::wipe_parts
