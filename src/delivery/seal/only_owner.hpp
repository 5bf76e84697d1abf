// Whether others than its owner may do what they must not with a recipient's file or folder.
//
// Threads: any. Failure: invalid_input names path, mode and remedy; io where it cannot be looked at.
#pragma once

#include <filesystem>

#include "wayside/base/result.hpp"

namespace wayside::seal {

// A file that is put there, or changed, adds a reader to every record from then on, and no record tells of
// it.
[[nodiscard]] Status check_only_owner_writes(const std::filesystem::path& path);
// It holds a pseudonym key.
[[nodiscard]] Status check_only_owner_reads(const std::filesystem::path& file);

}  // namespace wayside::seal
