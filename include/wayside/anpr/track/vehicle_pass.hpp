// One vehicle's whole way through the view: what its reads voted for, and the pictures of a winning read.
//
// Threads: plain value. No speed, and nothing a speed could be worked out from, is kept beyond the frame
// times that the record needs as evidence of when the vehicle was seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/anpr/read/plate_read.hpp"

namespace wayside {

enum class Direction { unknown, towards, away };                // relative to the camera
[[nodiscard]] std::string_view to_string(Direction direction);  // "unknown", "towards", "away"

struct VrmAlternative {
  std::string vrm;
  float confidence = 0;  // share of the vote, 0 to 1
};

struct VehiclePass {
  PassNumber number;
  std::string vrm;
  float confidence = 0;                      // 0 to 1: that vrm is exactly right
  std::vector<float> character_confidences;  // one a character of vrm
  std::vector<VrmAlternative> alternatives;  // the runners-up, best first, at most 4
  std::string format;
  int lines = 1;
  Direction direction = Direction::unknown;
  std::optional<int> lane;  // number of the configured lane; nothing outside all lanes
  PlateQuad quad{};         // in the best frame
  FrameInfo first_frame;
  FrameInfo best_frame;  // the frame of the winning read that the pictures come from
  FrameInfo last_frame;
  int frame_width = 0;
  int frame_height = 0;
  std::uint32_t reads_used = 0;      // voted
  std::uint32_t reads_rejected = 0;  // seen on this vehicle, but left out of the vote
  ReadEvidence evidence;
};

}  // namespace wayside
