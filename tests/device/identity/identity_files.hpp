// What the tests of an identity's folder share.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "wayside/base/time.hpp"

namespace wayside {

inline constexpr UtcTime now{1'795'000'000'000};  // 2026-11-18

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace wayside
