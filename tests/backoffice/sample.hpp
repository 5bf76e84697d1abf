// Which camera, and when.
#pragma once

#include <string>

#include "wayside/base/time.hpp"

namespace wayside::backoffice {

inline const std::string sample_device = "0123456789abcdef";
inline constexpr UtcTime sample_now{1'795'000'000'000};  // 2026-11-18

}  // namespace wayside::backoffice
