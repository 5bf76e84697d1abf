// What the camera knew about each frame of a recording, from a file beside it
// (wayside/roadsim/truth_format.md).
//
// Threads: pure but for reading the file. Failure: invalid_input; the message names file, line, column and
// form.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/anpr/capture/frame.hpp"
#include "wayside/base/result.hpp"

namespace wayside::replay {

struct SidecarRow {
  std::size_t line = 0;
  std::string file;  // a folder's sidecar only: a name in that folder
  FrameInfo info;
};

struct Sidecar {
  std::filesystem::path path;
  std::vector<SidecarRow> rows;  // never empty; numbers and monotonic times rise
};

// with_files: the sidecar of a folder, with `file` as its first column.
[[nodiscard]] Result<Sidecar> parse_sidecar(std::string_view text, const std::filesystem::path& path,
                                            bool with_files);

// The sidecar that belongs to a video or folder; nothing where there is none.
[[nodiscard]] Result<std::optional<Sidecar>> find_sidecar(const std::filesystem::path& recording);

}  // namespace wayside::replay
