// Who sends to the police service: the username from the configuration, the signature from a file that nobody
// else can read.
//
// Threads: a plain function. Failure: not_found, or invalid_input naming file, expected form and remedy; the
// message never repeats what the file holds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"

#include "src/delivery/upload/bof2_capture.hpp"

namespace wayside::upload {

[[nodiscard]] Result<bof2::Sender> load_sender(const std::string& username,
                                               const std::filesystem::path& signature_file);

// Nobody but its owner can read or write it; `key` is the configuration's name for it.
[[nodiscard]] Status check_private(const std::filesystem::path& file, std::string_view key);

}  // namespace wayside::upload
