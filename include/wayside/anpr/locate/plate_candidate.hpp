// Where a plate may be in a frame.
//
// Threads: plain values. Units: pixels of the full frame, the centre of the top left pixel at (0, 0).
#pragma once

#include <array>
#include <vector>

#include <opencv2/core/types.hpp>

#include "wayside/anpr/capture/frame.hpp"

namespace wayside {

// Corners as the plate is read: top left, top right, bottom right, bottom left.
using PlateQuad = std::array<cv::Point2f, 4>;

// The upright box around it, and the length of its upper and lower edge on average.
[[nodiscard]] cv::Rect2f bounding_box(const PlateQuad& quad);
[[nodiscard]] float width_px(const PlateQuad& quad);
[[nodiscard]] cv::Point2f centre(const PlateQuad& quad);

struct PlateCandidate {
  PlateQuad quad{};
  float score = 0;          // 0 to 1, only to rank: no probability
  int lines = 1;            // of text, 1 or 2
  float light_on_dark = 0;  // probability of light characters on a dark field
};

// What the localiser hands on: the frame with its candidates, best first; none is normal.
struct FrameCandidates {
  FramePtr frame;
  std::vector<PlateCandidate> candidates;
};

}  // namespace wayside
