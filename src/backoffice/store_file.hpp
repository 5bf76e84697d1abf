// The store's file: its tables, and which versions of it are taken.
//
// Failure: as Store says.
#pragma once

#include <filesystem>

#include "wayside/base/result.hpp"

#include "src/backoffice/database.hpp"

namespace wayside::backoffice {

// Ready for use: every table is there, and what is committed survives a power cut.
[[nodiscard]] Result<Database> open_store_file(const std::filesystem::path& file, IfMissing missing);

}  // namespace wayside::backoffice
