// What lies in incoming/, which belongs to a user that is not trusted: read and taken without following a
// link, and never more than is allowed.
//
// Threads: one. Failure: invalid_input for what is no plain file of its own, too long, or not what it should
// be; not_found; io.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/device/update/update_folder.hpp"

namespace wayside::update_parts {

// A regular file, never a link, at most largest_update_file_bytes.
[[nodiscard]] Result<std::string> read_incoming(const UpdateFolder& folder, std::string_view name);

// Removes it, whatever it is; a folder with all that is in it, as far as nobody fills it meanwhile. Its name
// is free when it returns.
[[nodiscard]] Status remove_incoming(const UpdateFolder& folder, std::string_view name);

// Removes all that is none of what waysided leaves there: nobody else would, and it takes the room that an
// update needs. The last failure, where something stays.
[[nodiscard]] Status remove_strangers(const UpdateFolder& folder);

// Where a bundle lies while it is installed: beside incoming/, where only root may change anything.
[[nodiscard]] std::filesystem::path taken_bundle(const UpdateFolder& folder);

// Moves incoming/bundle there, makes it root's, or whoever calls, and closes it to all others. It has to be a
// regular file with one name, which nobody can still write to. Where there is none, one that was taken before
// a power cut counts.
[[nodiscard]] Status take_bundle(const UpdateFolder& folder);

// As remove_incoming(): what stood in the place of a bundle was taken too.
[[nodiscard]] Status remove_taken_bundle(const UpdateFolder& folder);

// SHA-256 of the taken bundle in hex.
[[nodiscard]] Result<std::string> taken_bundle_sha256(const UpdateFolder& folder);

}  // namespace wayside::update_parts
