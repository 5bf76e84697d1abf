// How much of it: a number that the test run asks for.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace wayside::image {

inline std::uint64_t asked_for(const char* variable, std::uint64_t usually) {
  const char* asked = std::getenv(variable);
  return asked == nullptr ? usually : std::strtoull(asked, nullptr, 10);
}

}  // namespace wayside::image
