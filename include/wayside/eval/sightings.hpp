// Matching what was reported, passes or records, with the vehicles that really passed.
//
// Threads: pure functions.
// With a scene's truth, a sighting belongs to the vehicle whose plate stands at its place (the rule of
// images.hpp) in its best frame, or the nearest of the vehicle's frames within 2; where several do, to one
// with its very VRM, else to the first. With VRM labels alone, to the labelled vehicle with the same VRM,
// else to the nearest within 2 characters. A vehicle is captured where it has a sighting, exact where one of
// its sightings says its VRM; every further sighting is a duplicate; a sighting that belongs to no vehicle is
// false. Vehicles that are not legible count nowhere, nor do their sightings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/eval/truth.hpp"

namespace wayside::eval {

struct Sighting {
  std::string vrm;
  std::uint64_t best_frame = 0;
  PlateQuad quad{};  // in the best frame
};

struct SightingScore {
  std::size_t vehicles = 0;  // legible ones
  std::size_t captured = 0;
  std::size_t exact = 0;
  std::size_t duplicates = 0;
  std::size_t false_sightings = 0;
  std::size_t illegible_vehicles = 0;
  std::size_t of_illegible = 0;  // sightings
  SightingScore& operator+=(const SightingScore& other);
};

// runs: how often the scene was played in one go, its frame numbers going on; each time its vehicles pass
// again.
[[nodiscard]] SightingScore score_by_place(const std::vector<Sighting>& sightings, const SceneTruth& truth,
                                           std::uint64_t runs = 1);
[[nodiscard]] SightingScore score_by_vrm(const std::vector<Sighting>& sightings,
                                         const std::vector<std::string>& vrms);

}  // namespace wayside::eval
