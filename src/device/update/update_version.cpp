#include "wayside/device/update/update_version.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace wayside {

std::optional<UpdateVersion> update_version_from(std::string_view text) {
  constexpr std::size_t most_digits = 6;
  std::array<std::uint32_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
    if (digits.empty() || digits.size() > most_digits || (digits.size() > 1 && digits.front() == '0'))
      return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), numbers[i]);
    text.remove_prefix(digits.size());
    if (i + 1 == numbers.size()) break;
    if (!text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
  }
  if (!text.empty()) return std::nullopt;
  return UpdateVersion{numbers[0], numbers[1], numbers[2]};
}

std::string to_string(const UpdateVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace wayside
