#include "src/anpr/sight/moving_plates.hpp"

#include <algorithm>
#include <chrono>

namespace wayside {

namespace {

constexpr std::chrono::milliseconds gone_after{500};
constexpr std::uint32_t least_looks = 3;
constexpr std::size_t most_tracks = 32;
// In widths of the plate: how far it goes between two looks at most; how far it must go in all to be no sign;
// how near a plate that was read has to be to be the same vehicle's.
constexpr float most_step = 2;
constexpr float least_way = 0.5F;
constexpr float beside = 5;

float distance(const cv::Point2f& a, const cv::Point2f& b) {
  return static_cast<float>(cv::norm(a - b));
}

}  // namespace

void MovingPlates::see(const PlateQuad& quad, bool read, MonotonicTime at) {
  const cv::Point2f here = centre(quad);
  const float width = width_px(quad);
  Track* nearest = nullptr;
  for (Track& track : tracks_) {
    if (track.seen == at && track.looks > 0) continue;  // has been seen in this frame
    if (nearest == nullptr || distance(track.last, here) < distance(nearest->last, here)) nearest = &track;
  }
  if (nearest == nullptr || distance(nearest->last, here) > most_step * std::max(width, nearest->widest_px)) {
    if (tracks_.size() == most_tracks) return;
    tracks_.push_back({here, here, width, 0, at, 0, false, false});
    nearest = &tracks_.back();
  }
  nearest->last = here;
  nearest->seen = at;
  nearest->widest_px = std::max(nearest->widest_px, width);
  nearest->moved_px = std::max(nearest->moved_px, distance(nearest->first, here));
  nearest->read = nearest->read || read;
  ++nearest->looks;
}

std::vector<MovingPlates::Gone> MovingPlates::update(const FrameReads& frame) {
  const MonotonicTime now = frame.frame.monotonic;
  std::vector<Gone> gone;
  std::erase_if(tracks_, [&](const Track& track) {
    if (now - track.seen <= gone_after) return false;
    const bool moved = track.moved_px >= least_way * track.widest_px;
    if (moved && track.looks >= least_looks && (track.read || !track.beside_a_read))
      gone.push_back({track.widest_px, track.read});
    return true;
  });
  for (const EvidencedRead& read : frame.reads)
    see(read.read.quad, true, now);
  for (const PlateQuad& quad : frame.rejected)
    see(quad, false, now);
  for (const EvidencedRead& read : frame.reads) {
    const cv::Point2f there = centre(read.read.quad);
    for (Track& track : tracks_)
      track.beside_a_read = track.beside_a_read || distance(track.last, there) <= beside * track.widest_px;
  }
  return gone;
}

}  // namespace wayside
