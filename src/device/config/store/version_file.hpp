// A version as a file: TOML below a head of comment lines that says which, by whom, when, why, and a checksum
// of both.
//
// Threads: plain values and pure functions. Failure: corrupt, or unsupported where a newer firmware wrote it,
// with a reason that names no file.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::config {

inline constexpr std::size_t most_who_bytes = 64;
inline constexpr std::size_t most_comment_bytes = 200;
inline constexpr std::size_t most_version_bytes = std::size_t{64} << 10;

struct VersionFile {
  unsigned format = 1;
  std::uint32_t number = 0;  // 0: a candidate
  std::uint32_t after = 0;   // what ran when it was made
  std::string who;
  UtcTime at;
  std::string comment;
  std::optional<std::chrono::seconds> confirm_within;
  std::string toml;
};

[[nodiscard]] std::string text_of(const VersionFile& version);
// newest_format: what this firmware can read.
[[nodiscard]] Result<VersionFile> version_from(std::string_view text, unsigned newest_format);

}  // namespace wayside::config
