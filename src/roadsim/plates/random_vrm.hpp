// Registration marks by chance, of every format. They are invented, and may by chance be somebody's.
//
// Threads: pure but for the caller's generator.
#pragma once

#include <string>
#include <string_view>

#include "wayside/roadsim/plates/random.hpp"

namespace wayside::roadsim {

// format: as PlateSpec::format, "trailer" too. year: the youngest age identifier that may occur; before 2002
// counts as 2002. Requires a known format.
[[nodiscard]] std::string random_vrm(Random& random, std::string_view format, int year);

}  // namespace wayside::roadsim
