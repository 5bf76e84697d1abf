// Where a plate was in the picture, where it is expected next, and whether it came or went.
//
// Threads: plain value. Units: pixels of the full frame, seconds between frames. Used to tell which read
// belongs to which vehicle and dropped with the track: nothing here is in metres, and nothing of it leaves
// the tracker but the direction.
#pragma once

#include <cstddef>
#include <vector>

#include <opencv2/core/types.hpp>

#include "wayside/anpr/track/vehicle_pass.hpp"

namespace wayside {

struct Sighting {
  MonotonicTime time;
  cv::Point2f centre;
  float width = 0;
};

[[nodiscard]] double seconds_between(MonotonicTime earlier, MonotonicTime later);
[[nodiscard]] float distance(cv::Point2f a, cv::Point2f b);

class ImageMotion {
 public:
  void add(const Sighting& sighting);

  [[nodiscard]] std::size_t sightings() const { return count_; }
  [[nodiscard]] const Sighting& first() const { return opening_.front(); }
  [[nodiscard]] const Sighting& last() const { return latest_.back(); }

  // At constant drift beyond the last sighting (for a second at most, then it is expected to wait there), on
  // the line between two known places before it.
  [[nodiscard]] cv::Point2f expected_at(MonotonicTime time) const;
  // Pixels that the plate drifts in one second of frame time, over the last few sightings.
  [[nodiscard]] cv::Point2f drift() const;

  // A plate that comes grows, and moves down the picture of a camera that stands above the road. Compares the
  // first few sightings with the last few, by medians, so that jitter, stops and single bad outlines do not
  // matter.
  [[nodiscard]] Direction direction() const;

 private:
  std::vector<Sighting> opening_;  // the first few
  std::vector<Sighting> latest_;   // the last few
  std::vector<Sighting> trail_;    // the way between, thinned out when it gets long
  std::size_t count_ = 0;
};

}  // namespace wayside
