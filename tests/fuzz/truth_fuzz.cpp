// The ground truth of a drawn scene, and scoring by it.
#include "wayside/eval/labels.hpp"
#include "wayside/eval/sightings.hpp"
#include "wayside/eval/truth.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const Result<eval::SceneTruth> truth = eval::parse_truth(text_of(data, size), "a.truth.json");
  if (!truth) {
    require_good(truth.error());
    return 0;
  }
  std::vector<eval::Sighting> sightings;
  for (const eval::TrueVehicle& vehicle : truth->vehicles) {
    require(!vehicle.vrm.empty() && eval::normal_text(vehicle.vrm) == vehicle.vrm, "a mark is normal");
    if (!vehicle.views.empty())
      sightings.push_back({vehicle.vrm, vehicle.views.front().frame, vehicle.views.front().quad});
  }
  for (const std::uint64_t runs : {1U, 2U}) {
    const eval::SightingScore score = eval::score_by_place(sightings, *truth, runs);
    require(score.vehicles + score.illegible_vehicles == runs * truth->vehicles.size(),
            "every vehicle is counted");
    require(
        score.captured + score.duplicates + score.false_sightings + score.of_illegible == sightings.size(),
        "every sighting is counted once");
  }
  return 0;
}
