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

[[nodiscard]] Found count(const WipeThing& thing);
// Links are removed and not followed; in the path itself those of root's, or of who runs this, lead on. more: called with each amount of bytes that was overwritten.
[[nodiscard]] Outcome destroy(const WipeThing& thing, const std::function<void(std::uint64_t)>& more);

// What a file system has given free still lies there: earlier versions of files that were replaced. Writes
// over it, where the folder is the root of a file system of its own; another may be anybody's, and large.
// Failure: io.
[[nodiscard]] Status overwrite_free_space(const std::filesystem::path& root);

// Names of files that were removed stay in a file system's journal until it has come round: makes it do so,
// under the same condition. Of ext4's usual journal, 4 MB of a file system of 64; each step writes three
// blocks at least. Failure: io.
[[nodiscard]] Status turn_journal_over(const std::filesystem::path& root);

}  // namespace wayside::wipe_parts
