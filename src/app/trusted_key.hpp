// The file of a key that signs what this camera is told: whoever may write it decides what the camera does.
//
// Threads: a plain function. Failure: not_found, invalid_input where others may write the file or it holds no
// key; the message does not name the file.
#pragma once

#include <filesystem>

#include "wayside/base/result.hpp"
#include "wayside/base/signature.hpp"

namespace wayside::app {

[[nodiscard]] Result<VerifyingKey> read_trusted_key(const std::filesystem::path& file);

}  // namespace wayside::app
