// The version of this build, as records, logs and --version state it.
#pragma once

#include <string_view>

namespace wayside {
[[nodiscard]] std::string_view version();  // "0.1.0"
// A day on which this version was not finished yet: no camera has run it earlier, whatever its clock says.
[[nodiscard]] std::string_view made_on();  // "2026-11-20"
}
