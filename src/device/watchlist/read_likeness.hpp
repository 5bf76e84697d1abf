// How likely a character of a read is another one (watched_read.hpp, "How sure").
//
// Threads: pure.
#pragma once

#include <array>
#include <cstddef>

#include "wayside/device/watchlist/watched_read.hpp"

#include "src/device/watchlist/vrm_key.hpp"

namespace wayside::watchlist {

// At one place, by glyph: how often it is this one for each time that it is the one that was read.
using Ratios = std::array<double, glyphs>;

// text, place: of the read's texts, and a place in it.
[[nodiscard]] Ratios ratios_at(const WatchedRead& read, std::size_t text, std::size_t place);

}  // namespace wayside::watchlist
