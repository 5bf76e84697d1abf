// The image of an ext4 file system with a queue's folder: made, and taken apart, on the host and without
// mounting it. So nobody has to be root, and a broken image can do no harm to the host's kernel.
//
// Threads: one. Failure: std::runtime_error with what the tool said.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace wayside::vm {

inline constexpr std::uint64_t flash_bytes = 24U << 20U;

// Of the programs needed, those that are not there, with what to do; empty: none.
[[nodiscard]] std::string missing_image_tools();

void make_flash_image(const std::filesystem::path& image);
// What the file system's journal, replayed, makes of the folder; an empty one where it has none. The image
// stays as it is.
void copy_folder_out(const std::filesystem::path& image, const std::string& name,
                     const std::filesystem::path& to);
// Where a file begins; it lies in one piece.
[[nodiscard]] std::uint64_t first_sector_of(const std::filesystem::path& image, const std::string& file);

}  // namespace wayside::vm
