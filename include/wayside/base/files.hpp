// Small files read whole and replaced atomically.
//
// Threads: pure apart from the file system. Failure: io or not_found with the path in the message.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

// Refuses more than limit bytes (invalid_input), folders and devices, so that a wrong path cannot eat the memory.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::size_t limit = std::size_t{16} << 20);

// Writes a temporary file beside it, fsyncs, renames, fsyncs the folder: after a power cut there is the old file or the
// new one, never neither. mode as for open(2), e.g. 0600 for secrets.
[[nodiscard]] Status replace_file(const std::filesystem::path& path, ByteView content, unsigned mode = 0644);

}  // namespace wayside
