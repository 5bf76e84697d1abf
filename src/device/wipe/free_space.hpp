// What a file system has given free still lies there: earlier versions of files that were replaced, and in
// its journal the names of files that were removed.
//
// Threads: one. Failure: in what it returns.
#pragma once

#include <filesystem>

#include "src/device/wipe/receipt.hpp"

namespace wayside::wipe_parts {

// Writes over both, where the folder is all of an ext4: each block that no file has, those too that ext4
// keeps to itself, and its journal ("destroyed"). Else, and where something kept it from that: "removed",
// with the reason. Another file system may be anybody's, and keeps things where no file gets. Of files that
// are gone an ext4 keeps times and owners, by their number.
[[nodiscard]] Outcome destroy_free_space(const std::filesystem::path& root);

}  // namespace wayside::wipe_parts
