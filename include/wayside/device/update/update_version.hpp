// Versions of the system, as images and bundles bear them: MAJOR.MINOR.PATCH, compared as numbers.
//
// Threads: values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wayside {

struct UpdateVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;
  friend constexpr auto operator<=>(const UpdateVersion&, const UpdateVersion&) = default;
};

// Three decimal numbers of at most six digits without leading zeros, and nothing else.
[[nodiscard]] std::optional<UpdateVersion> update_version_from(std::string_view text);
[[nodiscard]] std::string to_string(const UpdateVersion& version);

}  // namespace wayside
