// Finds plates in a frame.
//
// Threads: one locator a thread; locate() may keep state between frames of one source (regions of interest).
// Failure: none; a picture without plates, or not like a road at all, gives no candidates. Never throws.
#pragma once

#include <memory>
#include <vector>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside {

class PlateLocator {
 public:
  virtual ~PlateLocator() = default;
  [[nodiscard]] virtual std::vector<PlateCandidate> locate(const Frame& frame) = 0;
};

struct LocatorOptions {
  float min_plate_width_px = 60;  // narrower plates are not looked for
  float max_plate_width_px = 600;
  std::size_t max_candidates = 12;  // per frame, best first
};

// By morphology and contours: dark strokes on a light field (and the reverse), grouped into lines.
[[nodiscard]] std::unique_ptr<PlateLocator> make_contour_locator(const LocatorOptions& options);

}  // namespace wayside
