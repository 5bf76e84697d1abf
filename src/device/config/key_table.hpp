// The rows of the table of keys, in the order of the file: what the camera sees with, then what becomes of
// it.
//
// Threads: immutable.
#pragma once

#include "src/device/config/keys.hpp"

namespace wayside::config {

inline constexpr double most_count = 4'294'967'295.0;  // ids are 32 bits wide in the record

[[nodiscard]] const std::vector<Key>& camera_keys();
[[nodiscard]] const std::vector<Key>& service_keys();

}  // namespace wayside::config
