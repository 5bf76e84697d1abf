// Times as people write them.
#pragma once

#include <string_view>

#include "wayside/base/time.hpp"

namespace wayside::doubles {

inline UtcTime at(std::string_view text) {
  return utc_from_iso8601(text).value();
}

}  // namespace wayside::doubles
