// How alike two VRMs are.
//
// Threads: pure functions.
#pragma once

#include <string_view>

namespace wayside {

// 1 for equal texts, 0 for texts with nothing in common; 1 - edit distance / longer length.
[[nodiscard]] float similarity(std::string_view a, std::string_view b);

}  // namespace wayside
