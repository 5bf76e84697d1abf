// Plates that move through the view, read or not: who was there and was missed.
//
// A place that is no plate can look like one and move with its vehicle, so what never was read counts only
// where no plate was read beside it; and what stands still is a sign.
// Threads: one. Time is the frames' own.
#pragma once

#include <cstdint>
#include <vector>

#include "wayside/anpr/read/plate_read.hpp"

namespace wayside {

class MovingPlates {
 public:
  struct Gone {
    float widest_px = 0;
    bool read = false;
  };
  // Those that have left by this frame's time.
  [[nodiscard]] std::vector<Gone> update(const FrameReads& frame);

 private:
  struct Track {
    cv::Point2f first;
    cv::Point2f last;
    float widest_px = 0;
    float moved_px = 0;  // farthest from where it was first seen
    MonotonicTime seen;
    std::uint32_t looks = 0;
    bool read = false;
    bool beside_a_read = false;
  };
  void see(const PlateQuad& quad, bool read, MonotonicTime at);

  std::vector<Track> tracks_;
};

}  // namespace wayside
