// Where the office's VOI lists lie: <folder>/<list>/<revision>.full and <base>-<revision>.delta.
//
// Threads: plain functions on files. Failure: io, naming the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wayside/base/result.hpp"

#include "src/backoffice/signing_key.hpp"

namespace wayside::backoffice::list_files {

[[nodiscard]] SigningKeyFiles keys(const std::filesystem::path& folder);
[[nodiscard]] std::filesystem::path full(const std::filesystem::path& folder, const std::string& list,
                                         std::uint64_t revision);
[[nodiscard]] std::filesystem::path delta(const std::filesystem::path& folder, const std::string& list,
                                          std::uint64_t base, std::uint64_t revision);
// "7.full", or "4-7.delta", is what a camera asks for.
[[nodiscard]] bool is_document_name(std::string_view name);

// Sorted; none where the folder is not there.
[[nodiscard]] Result<std::vector<std::filesystem::path>> paths_in(const std::filesystem::path& folder);
// Of the full lists of one list's folder, rising.
[[nodiscard]] Result<std::vector<std::uint64_t>> revisions_in(const std::filesystem::path& folder);

}  // namespace wayside::backoffice::list_files
