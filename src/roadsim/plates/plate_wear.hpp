// Makes a clean print into a plate that has been on the road: sheeting texture, grime, splashes, insects.
//
// Threads: pure functions on the caller's canvas. Everything follows from the seed.
#pragma once

#include <cstdint>

#include "src/roadsim/plates/canvas.hpp"

namespace wayside::roadsim {

// Subtle unevenness of the sheeting's colour and of what it sends back.
void add_texture(Canvas& canvas, std::uint64_t seed);

// dirt: 0 clean to 1 barely legible. Thickest at the foot, where the wheels of others throw it.
void add_dirt(Canvas& canvas, double dirt, std::uint64_t seed);

}  // namespace wayside::roadsim
