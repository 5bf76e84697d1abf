#include "src/anpr/track/association.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace wayside {

namespace {

// Distances in plate widths. A vehicle seen once may be anywhere it can drive to until the next frame: at 100
// mph and 25 frames a second that is 1.8 m, 3.4 plates of 0.52 m, less by foreshortening.
constexpr double unknown_drift_gate = 0.8;
constexpr double unknown_drift_gate_per_s = 50;
constexpr double unknown_drift_gate_most = 4;
constexpr double known_drift_gate = 0.6;
constexpr double known_drift_gate_per_s = 4;
constexpr double drift_doubt = 0.5;   // share of the predicted way that may be wrong
constexpr double tight_gate = 0.5;    // so near, a read belongs to the track whatever it says
constexpr double growth_gate = 0.45;  // difference of the logarithms of the widths
constexpr double growth_gate_per_s = 1;
constexpr float alike = 0.5F;  // likeness from which the text speaks for the track
constexpr float nothing_alike = 0.3F;
constexpr float sure_read = 0.8F;
constexpr double text_cost = 1.5;  // of a wholly different text; a place at the gate's edge costs 1
constexpr double growth_cost = 0.5;
constexpr float same_plate_overlap = 0.5F;  // of the smaller box

bool is_usable(const PlateRead& read) {
  if (read.vrm.empty() || !(read.confidence >= 0 && read.confidence <= 1)) return false;
  const bool finite = std::all_of(read.quad.begin(), read.quad.end(), [](const cv::Point2f& corner) {
    return std::isfinite(corner.x) && std::isfinite(corner.y);
  });
  return finite && width_px(read.quad) >= 1;
}

// A line or a part of a plate can be read surer than the whole, and says less: length counts too.
float worth(const PlateRead& read) {
  return read.confidence * std::sqrt(static_cast<float>(read.vrm.size()));
}

bool is_same_plate(const PlateRead& a, const PlateRead& b) {
  const cv::Rect2f box_a = bounding_box(a.quad);
  const cv::Rect2f box_b = bounding_box(b.quad);
  return (box_a & box_b).area() > same_plate_overlap * std::min(box_a.area(), box_b.area());
}

struct Pairing {
  double cost = 0;
  std::size_t track = 0;
  std::size_t read = 0;
};

std::optional<double> cost_of(const PlateRead& read, const FrameInfo& frame, const PlateTrack& track) {
  const Sighting seen = sighting_of(read, frame);
  const Sighting& last = track.motion().last();
  const double dt = seconds_between(last.time, seen.time);
  const auto width = static_cast<double>(std::max(seen.width, last.width));
  const auto off = static_cast<double>(distance(seen.centre, track.motion().expected_at(seen.time))) / width;
  const auto way = static_cast<double>(distance(last.centre, track.motion().expected_at(seen.time))) / width;
  const double gate =
      track.motion().sightings() == 1
          ? std::min(unknown_drift_gate + unknown_drift_gate_per_s * dt, unknown_drift_gate_most)
          : known_drift_gate + known_drift_gate_per_s * dt + drift_doubt * way;
  const double growth = std::abs(std::log(static_cast<double>(seen.width) / static_cast<double>(last.width)));
  const double most_growth = growth_gate + growth_gate_per_s * dt;
  if (off > gate || growth > most_growth) return std::nullopt;

  const float likeness = track.likeness(read.vrm);
  if (likeness < alike && off > tight_gate) return std::nullopt;
  if (likeness < nothing_alike && read.confidence >= sure_read && track.is_sure()) return std::nullopt;
  return off / gate + growth_cost * growth / most_growth + text_cost * static_cast<double>(1 - likeness);
}

}  // namespace

std::vector<UniqueRead> unique_reads(const FrameReads& frame, std::uint64_t& unusable) {
  std::vector<const EvidencedRead*> best_first;
  for (const EvidencedRead& read : frame.reads) {
    if (is_usable(read.read)) {
      best_first.push_back(&read);
    } else {
      ++unusable;
    }
  }
  std::sort(best_first.begin(), best_first.end(), [](const EvidencedRead* a, const EvidencedRead* b) {
    const auto key = [](const PlateRead& read) {
      const cv::Point2f at = centre(read.quad);
      return std::tuple(-worth(read), read.vrm, at.x, at.y, -width_px(read.quad));
    };
    return key(a->read) < key(b->read);
  });
  std::vector<UniqueRead> unique;
  for (const EvidencedRead* read : best_first) {
    const auto same = std::find_if(unique.begin(), unique.end(), [&](const UniqueRead& kept) {
      return is_same_plate(kept.read->read, read->read);
    });
    if (same == unique.end()) {
      unique.push_back({read, 0});
    } else {
      ++same->duplicates;
    }
  }
  return unique;
}

std::vector<std::optional<std::size_t>> assign(const std::vector<UniqueRead>& reads, const FrameInfo& frame,
                                               const std::vector<PlateTrack>& tracks) {
  std::vector<Pairing> pairings;
  for (std::size_t t = 0; t < tracks.size(); ++t) {
    for (std::size_t r = 0; r < reads.size(); ++r) {
      if (const auto cost = cost_of(reads[r].read->read, frame, tracks[t])) pairings.push_back({*cost, t, r});
    }
  }
  std::sort(pairings.begin(), pairings.end(), [](const Pairing& a, const Pairing& b) {
    return std::tie(a.cost, a.track, a.read) < std::tie(b.cost, b.track, b.read);
  });
  std::vector<std::optional<std::size_t>> track_of(reads.size());
  std::vector<bool> taken(tracks.size());
  for (const Pairing& pairing : pairings) {
    if (taken[pairing.track] || track_of[pairing.read]) continue;
    taken[pairing.track] = true;
    track_of[pairing.read] = pairing.track;
  }
  return track_of;
}

}  // namespace wayside
