// Groups reads of one vehicle over frames, lets them vote, and reports each vehicle once.
//
// Threads: one thread. Takes every frame in order, those without reads too: they are how time passes. Never
// drops, never blocks. Time is the frames' own (monotonic), so equal input gives equal passes; the order of
// the reads within a frame makes no difference. Memory: bounded, however long it runs and whatever it is
// shown: at most 32 open tracks with 4 pictures each. Failure: none; frames out of order are a bug upstream
// and asserted.
//
// How a pass gets its confidence. A read gives its vrm its own confidence and shares the rest among what its
// characters could also be. Reads of a plate that has not moved are one look: they are averaged, since the
// same picture read 500 times is no better than read once. Looks are multiplied, because they are nearly
// independent, with two brakes:
//  - the number of looks n counts as n / (1 + 0.3 (n - 1)), the effective sample size of equally correlated
//  samples
//    (Kish, Survey Sampling, 1965, section 5.4; the 0.3 is our choice);
//  - against every vrm that was named stands "something nobody named", with whatever the reads left over;
//  each further
//    look halves its odds, because it would have to be the same something.
// So one look gives its own confidence, agreeing looks give more, contradicting ones less, and nothing
// exceeds 0.999. A vrm of no form or of a rare one, which lettering can have too, is reported only with a
// read more than min_reads, however sure. Only a vrm that was read as such can win, so that there are always
// pictures that show it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core/types.hpp>

#include "wayside/anpr/track/vehicle_pass.hpp"

namespace wayside {

struct Lane {
  int number = 1;
  std::vector<cv::Point2f> polygon;  // in fractions of frame width and height, 0 to 1
};

struct TrackerOptions {
  std::vector<Lane> lanes;
  double close_after_s = 0.5;  // a pass closes this long after its last read
  double suppress_repeat_s =
      30;  // the same VRM at the same place within this time is the same (parked) vehicle
  double longest_pass_s =
      600;  // a vehicle still in view is reported after this long, and not again when it leaves
  float min_pass_confidence = 0.5F;  // passes below are counted, not reported
  std::uint32_t min_reads = 2;       // a single read must reach single_read_confidence instead
  float single_read_confidence = 0.9F;
  // Somebody waits for this VRM: its pass is reported as soon as its vote is settled, while the vehicle is
  // still in view, and not again when it leaves. Empty: nobody waits for anybody. Called by update().
  std::function<bool(const std::string& vrm)> is_waited_for;
  float settled_confidence = 0.98F;
};

class PassTracker {
 public:
  virtual ~PassTracker() = default;
  // Returns the passes that closed by this frame's time, in the order in which the vehicles were first seen.
  // A read that comes no later than close_after_s after the last one, or in the very next frame where frames
  // were lost, still counts.
  [[nodiscard]] virtual std::vector<VehiclePass> update(const FrameReads& frame) = 0;
  // Closes what is open: the source has ended, or was stopped and may go on later.
  [[nodiscard]] virtual std::vector<VehiclePass> finish() = 0;

  struct Counts {
    std::uint64_t passes = 0;
    std::uint64_t too_unsure = 0;  // closed below min_pass_confidence or with too few reads
    std::uint64_t repeats_suppressed = 0;
    std::uint64_t reads_unusable = 0;  // no text, or numbers that are not finite: a bug upstream
    // What is held right now, to see that it stays bounded.
    std::size_t open_tracks = 0;
    std::size_t pictures_held = 0;
    std::size_t passes_remembered = 0;  // against repeats
  };
  [[nodiscard]] virtual Counts counts() const = 0;
};

[[nodiscard]] std::unique_ptr<PassTracker> make_pass_tracker(TrackerOptions options);

}  // namespace wayside
