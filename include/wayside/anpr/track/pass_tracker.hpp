// Groups reads of one vehicle over frames, lets them vote, and reports each vehicle once.
//
// Threads: one thread. Takes frames in order; never drops, never blocks. Time is the frames' own.
// Failure: none; frames out of order are a bug upstream and asserted.
#pragma once

#include <opencv2/core/types.hpp>
#include <vector>

#include "wayside/anpr/track/vehicle_pass.hpp"

namespace wayside {

struct Lane {
  int number = 1;
  std::vector<cv::Point2f> polygon;  // in fractions of frame width and height, 0 to 1
};

struct TrackerOptions {
  std::vector<Lane> lanes;
  double close_after_s = 0.5;          // a pass closes this long after its last read
  double suppress_repeat_s = 30;       // the same VRM at the same place within this time is the same (parked) vehicle
  float min_pass_confidence = 0.5F;    // passes below are counted, not reported
  std::uint32_t min_reads = 2;         // a single read must reach single_read_confidence instead
  float single_read_confidence = 0.9F;
};

class PassTracker {
 public:
  virtual ~PassTracker() = default;
  // Returns the passes that closed by this frame's time, oldest first.
  [[nodiscard]] virtual std::vector<VehiclePass> update(const FrameReads& frame) = 0;
  // Closes what is open: the source has ended.
  [[nodiscard]] virtual std::vector<VehiclePass> finish() = 0;

  struct Counts {
    std::uint64_t passes = 0;
    std::uint64_t too_unsure = 0;       // closed below min_pass_confidence or with too few reads
    std::uint64_t repeats_suppressed = 0;
  };
  [[nodiscard]] virtual Counts counts() const = 0;
};

[[nodiscard]] std::unique_ptr<PassTracker> make_pass_tracker(TrackerOptions options);

}  // namespace wayside
