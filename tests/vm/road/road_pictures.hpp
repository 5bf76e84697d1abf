// A drawn road as a USB camera sends it: JPEG pictures, and the truth of what drives there.
//
// Threads: one. Failure: std::runtime_error.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"

namespace wayside::vm {

struct RoadPictures {
  std::uint16_t width = 0;
  std::uint16_t height = 0;
  std::vector<Bytes> pictures;
  std::set<std::string> vrms;
};

// Ten a second, 960 x 540. empty_at_end: pictures of the empty road behind the last vehicle.
[[nodiscard]] RoadPictures draw_road(int vehicles, int empty_at_end);
// The same road, 640 x 360, with nobody on it.
[[nodiscard]] RoadPictures draw_empty_road(int pictures);

}  // namespace wayside::vm
