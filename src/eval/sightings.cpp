#include "wayside/eval/sightings.hpp"

#include <map>
#include <optional>

#include "wayside/base/nearest.hpp"
#include "wayside/eval/labels.hpp"

#include "src/eval/overlap.hpp"

namespace wayside::eval {

namespace {

constexpr std::size_t most_wrong_characters = 2;
constexpr std::uint64_t most_frames_off = 2;

struct Tally {
  std::size_t sightings = 0;
  bool exact = false;
  void add(bool is_exact) {
    ++sightings;
    exact = exact || is_exact;
  }
};

void add_vehicle(SightingScore& score, const Tally& tally) {
  ++score.vehicles;
  if (tally.sightings == 0) return;
  ++score.captured;
  score.exact += tally.exact ? 1U : 0U;
  score.duplicates += tally.sightings - 1;
}

bool seen_at(const TrueVehicle& vehicle, const Sighting& sighting, std::uint64_t frame) {
  const PlateView* nearest_view = nullptr;
  std::uint64_t least = most_frames_off + 1;
  for (const PlateView& view : vehicle.views) {
    const std::uint64_t off = view.frame > frame ? view.frame - frame : frame - view.frame;
    if (off >= least) continue;
    least = off;
    nearest_view = &view;
  }
  return nearest_view != nullptr && same_place(box_of(sighting.quad), box_of(nearest_view->quad));
}

std::optional<std::size_t> vehicle_at(const SceneTruth& truth, const Sighting& sighting,
                                      std::uint64_t frame) {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < truth.vehicles.size(); ++i) {
    if (!seen_at(truth.vehicles[i], sighting, frame)) continue;
    if (truth.vehicles[i].vrm == normal_text(sighting.vrm)) return i;
    if (!first) first = i;
  }
  return first;
}

}  // namespace

SightingScore& SightingScore::operator+=(const SightingScore& other) {
  vehicles += other.vehicles;
  captured += other.captured;
  exact += other.exact;
  duplicates += other.duplicates;
  false_sightings += other.false_sightings;
  illegible_vehicles += other.illegible_vehicles;
  of_illegible += other.of_illegible;
  return *this;
}

SightingScore score_by_place(const std::vector<Sighting>& sightings, const SceneTruth& truth,
                             std::uint64_t runs) {
  SightingScore score;
  std::map<std::pair<std::uint64_t, std::size_t>, Tally> tallies;  // by run and vehicle
  for (const Sighting& sighting : sightings) {
    // One run may hold more numbers than frames, where frames were lost; several runs say nothing of where
    // each began.
    const bool joined = runs > 1 && truth.frames > 0;
    const std::uint64_t run = joined ? sighting.best_frame / truth.frames : 0;
    const std::uint64_t frame = joined ? sighting.best_frame % truth.frames : sighting.best_frame;
    const auto vehicle = run < runs ? vehicle_at(truth, sighting, frame) : std::nullopt;
    if (!vehicle) {
      ++score.false_sightings;
    } else if (!truth.vehicles[*vehicle].legible()) {
      ++score.of_illegible;
    } else {
      tallies[{run, *vehicle}].add(truth.vehicles[*vehicle].vrm == normal_text(sighting.vrm));
    }
  }
  for (std::uint64_t run = 0; run < runs; ++run) {
    for (std::size_t i = 0; i < truth.vehicles.size(); ++i) {
      if (truth.vehicles[i].legible()) {
        add_vehicle(score, tallies[{run, i}]);
      } else {
        ++score.illegible_vehicles;
      }
    }
  }
  return score;
}

SightingScore score_by_vrm(const std::vector<Sighting>& sightings, const std::vector<std::string>& vrms) {
  SightingScore score;
  std::vector<Tally> tallies(vrms.size());
  for (const Sighting& sighting : sightings) {
    std::optional<std::size_t> best;
    std::size_t best_distance = most_wrong_characters + 1;
    for (std::size_t i = 0; i < vrms.size(); ++i) {
      const std::size_t distance = edit_distance(normal_text(sighting.vrm), vrms[i]);
      // A vehicle may be named twice, which came twice.
      const bool nearer = distance < best_distance || (distance == best_distance && best &&
                                                       tallies[i].sightings < tallies[*best].sightings);
      if (!nearer) continue;
      best_distance = distance;
      best = i;
    }
    if (best) {
      tallies[*best].add(best_distance == 0);
    } else {
      ++score.false_sightings;
    }
  }
  for (const Tally& tally : tallies)
    add_vehicle(score, tally);
  return score;
}

}  // namespace wayside::eval
