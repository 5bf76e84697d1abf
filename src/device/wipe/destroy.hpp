// Overwrites and removes files.
//
// Threads: one. Failure: in what it returns; it goes on with the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <sys/stat.h>

#include "src/device/wipe/receipt.hpp"

namespace wayside::wipe_parts {

// Of root's, or of who runs this: whoever else put it there could have it say or lead to anything.
[[nodiscard]] bool is_ours(const struct stat& info);

[[nodiscard]] Found count(const WipeThing& thing);
// Links are removed and not followed; in the path itself those of root's, or of who runs this, lead on. What
// cannot be overwritten of a file keeps nothing else of it from being. more: called with each amount of bytes
// that was overwritten.
// unwritten: called before the first file is removed that could not be overwritten.
[[nodiscard]] Outcome destroy(const WipeThing& thing, const std::function<void(std::uint64_t)>& more,
                              const std::function<void()>& unwritten = {});

// Of the file system that it lies on, or would, a word that is the same after a restart: another one at the
// same path says that what was there may be as it was, on a disk that is not mounted any more.
[[nodiscard]] std::string what_it_lies_on(const std::filesystem::path& path);

}  // namespace wayside::wipe_parts
