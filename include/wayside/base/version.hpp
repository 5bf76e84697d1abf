// The version of this build, as records, logs and --version state it.
#pragma once

#include <string_view>

namespace wayside {
[[nodiscard]] std::string_view version();  // "0.1.0"
}
