// A file as cameras fetch it: a piece at a time.
//
// Threads: a plain function on a file. Failure: not_found, or io naming the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside::backoffice {

struct PieceOfFile {
  std::string bytes;       // none where the file ends before
  std::uint64_t size = 0;  // of the whole file
};

// From there on, `most` bytes of it or what is left. A link is not followed.
[[nodiscard]] Result<PieceOfFile> read_piece(const std::filesystem::path& file, std::uint64_t from,
                                             std::size_t most);

}  // namespace wayside::backoffice
