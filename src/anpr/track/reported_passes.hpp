// What was reported lately, so that one vehicle is reported once: a track that broke in two, a parked vehicle
// that other traffic hides now and then.
//
// Threads: one. Memory: at most 256 passes, each forgotten once it was last sighted longer ago than it can
// matter.
#pragma once

#include <deque>
#include <string>

#include "src/anpr/track/plate_track.hpp"

namespace wayside {

class ReportedPasses {
 public:
  explicit ReportedPasses(double suppress_repeat_s) : suppress_repeat_s_(suppress_repeat_s) {}

  void forget_before(MonotonicTime now);
  void remember(const VehiclePass& pass, const ImageMotion& motion);
  // True where the track is a vehicle that was reported already; its latest place counts as the last sighting
  // then.
  [[nodiscard]] bool repeats(const VehiclePass& pass, const ImageMotion& motion);
  // The same vehicle is still where its reported pass ended.
  void refresh(const std::string& vrm, const ImageMotion& motion);

  [[nodiscard]] std::size_t size() const { return passes_.size(); }

 private:
  struct Reported {
    std::string vrm;
    double strength = 0;
    ImageMotion motion;
  };
  double suppress_repeat_s_;
  std::deque<Reported> passes_;
};

// How much a pass's vote rests on: to tell a misread leftover from a second vehicle with nearly the same VRM.
[[nodiscard]] double vote_strength(const VehiclePass& pass);
// The weaker one is a leftover of the stronger: nearly the same text, far fewer or less sure reads.
[[nodiscard]] bool is_leftover(const std::string& weaker_vrm, double weaker, const std::string& stronger_vrm,
                               double stronger);
// The later track begins (or runs) where the earlier one was or was going.
[[nodiscard]] bool is_same_way(const ImageMotion& earlier, const ImageMotion& later);

}  // namespace wayside
