// Where a file that a person has named may be written: not among the office's own, and onto nothing that is
// no file.
//
// Threads: plain functions on the file system; what another process changes meanwhile is not seen. Failure:
// invalid_input naming the path and what to give instead, io where the system refuses to tell.
#pragma once

#include <filesystem>

#include "wayside/base/result.hpp"

namespace wayside::backoffice {

// Whether both lead to one file, in whatever spelling and through symbolic links. There need be nothing yet.
[[nodiscard]] bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b);

// Refuses a place inside of the office's folder, and one that is taken by anything but a regular file: it
// would be replaced by the file to be written. A symbolic link is none: it would not be written through.
[[nodiscard]] Status check_output(const std::filesystem::path& file, const std::filesystem::path& office);

}  // namespace wayside::backoffice
