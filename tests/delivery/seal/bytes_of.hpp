// Text as bytes.
#pragma once

#include <string_view>

#include "wayside/base/bytes.hpp"

namespace wayside {

inline Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace wayside
