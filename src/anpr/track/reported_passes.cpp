#include "src/anpr/track/reported_passes.hpp"

#include <algorithm>
#include <cmath>

#include "wayside/base/nearest.hpp"

namespace wayside {

namespace {

constexpr std::size_t most_remembered = 256;
constexpr double broken_track_s = 2;     // a track that broke goes on within this time
constexpr float same_way_widths = 1.5F;  // how far off the way it may go on, and
constexpr float same_way_widths_per_s = 4;
constexpr float same_place_widths = 1;
constexpr double same_size = 0.25;     // difference of the logarithms of the widths
constexpr double clearly_worse = 0.5;  // of the other's strength at most
constexpr std::uint32_t counted_reads = 20;

// From the end of one to the start of the other; 0 where they overlap.
double gap_s(const ImageMotion& earlier, const ImageMotion& later) {
  return std::max(0.0, seconds_between(earlier.last().time, later.first().time));
}

bool is_same_place(const ImageMotion& earlier, const ImageMotion& later) {
  const Sighting& left = earlier.last();
  const Sighting& found = later.first();
  return distance(left.centre, found.centre) <= same_place_widths * std::max(left.width, found.width) &&
         std::abs(std::log(static_cast<double>(found.width) / static_cast<double>(left.width))) <= same_size;
}

}  // namespace

double vote_strength(const VehiclePass& pass) {
  return static_cast<double>(pass.confidence) * std::min(pass.reads_used, counted_reads);
}

bool is_leftover(const std::string& weaker_vrm, double weaker, const std::string& stronger_vrm,
                 double stronger) {
  return weaker <= clearly_worse * stronger && edit_distance(weaker_vrm, stronger_vrm) <= 1;
}

bool is_same_way(const ImageMotion& earlier, const ImageMotion& later) {
  const double gap = gap_s(earlier, later);
  if (gap > broken_track_s) return false;
  const Sighting& start = later.first();
  const float off = distance(earlier.expected_at(start.time), start.centre);
  return off <= (same_way_widths + same_way_widths_per_s * static_cast<float>(gap)) *
                    std::max(start.width, earlier.last().width);
}

void ReportedPasses::forget_before(MonotonicTime now) {
  const double longest = std::max(suppress_repeat_s_, broken_track_s);
  std::erase_if(
      passes_, [&](const Reported& past) { return seconds_between(past.motion.last().time, now) > longest; });
}

void ReportedPasses::remember(const VehiclePass& pass, const ImageMotion& motion) {
  if (passes_.size() == most_remembered) passes_.pop_front();
  passes_.push_back({pass.vrm, vote_strength(pass), motion});
}

bool ReportedPasses::repeats(const VehiclePass& pass, const ImageMotion& motion) {
  const double strength = vote_strength(pass);
  for (Reported& past : passes_) {
    const bool same_text = past.vrm == pass.vrm;
    if (!same_text && !is_leftover(pass.vrm, strength, past.vrm, past.strength)) continue;
    const double gap = gap_s(past.motion, motion);
    const bool broke = gap <= broken_track_s && (same_text || is_same_way(past.motion, motion));
    const bool parked = gap <= suppress_repeat_s_ && is_same_place(past.motion, motion);
    if (!broke && !parked) continue;
    if (motion.last().time > past.motion.last().time) past.motion = motion;
    return true;
  }
  return false;
}

void ReportedPasses::refresh(const std::string& vrm, const ImageMotion& motion) {
  for (Reported& past : passes_) {
    if (past.vrm == vrm && past.motion.last().time < motion.last().time) past.motion = motion;
  }
}

}  // namespace wayside
