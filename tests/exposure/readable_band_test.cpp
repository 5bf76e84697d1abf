// How exactly plates are read by how bright they come out: what the plan's readable band rests on. The table
// that it prints is of WAYSIDE_BAND_SEEDS drawn roads of each kind; the default suite draws one of two kinds.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>

#include <gtest/gtest.h>

#include "wayside/anpr/capture/exposure_plan.hpp"

#include "tests/exposure/drawn_road.hpp"

namespace wayside::exposure {
namespace {

struct Tally {
  int plates = 0;
  int exact = 0;
  void add(bool read) {
    ++plates;
    exact += read ? 1 : 0;
  }
};

struct Measured {
  std::map<int, Tally> by_bright;     // of those that are not saturated, in steps of 10
  std::map<int, Tally> by_saturated;  // of all, in tenths of the plate
  Tally readable;
};

void expose_and_read(const std::string& preset, std::uint64_t seed, std::span<const double> all_stops,
                     const eval::Recogniser& recognise, Measured& measured) {
  const roadsim::Scene scene = road(preset, seed);
  const auto vrm_of = vrms(scene);
  for (int frame = 10; frame < scene.frame_count(); frame += 25) {
    const auto plates = plates_that_count(scene, frame);
    if (plates.empty()) continue;
    for (const double stops : all_stops) {
      roadsim::Exposure exposure = scene.planned_exposure();
      // Less light is less time, as on a road; more than was planned is gain, for time would add blur.
      exposure.exposure_us =
          std::max(1, static_cast<int>(exposure.exposure_us * std::exp2(std::min(0.0, stops))));
      exposure.gain_db += 6.02 * std::max(0.0, stops);
      const FramePtr picture = frame_of(scene.render(frame, exposure), {});
      recognise.forget();
      const FrameReads reads = recognise.reads_of(picture);
      for (const roadsim::SeenPlate& plate : plates) {
        const auto level = plate_brightness(picture->luma(), corners_of(plate.view.quad));
        if (!level) continue;
        const bool exact = std::any_of(reads.reads.begin(), reads.reads.end(), [&](const EvidencedRead& one) {
          return one.read.vrm == vrm_of.at(plate.vehicle_id);
        });
        if (level->saturated < saturated_share)
          measured.by_bright[static_cast<int>(level->bright / 10)].add(exact);
        measured.by_saturated[static_cast<int>(level->saturated * 10)].add(exact);
        if (readable(*level)) measured.readable.add(exact);
      }
    }
  }
}

void print(const Measured& measured) {
  for (const auto& [step, tally] : measured.by_bright) {
    std::printf("bright %3d to %3d: %4d of %4d exact, %.1f %%\n", step * 10, step * 10 + 9, tally.exact,
                tally.plates, 100.0 * tally.exact / tally.plates);
  }
  for (const auto& [step, tally] : measured.by_saturated) {
    std::printf("saturated from %.1f: %4d of %4d exact, %.1f %%\n", step / 10.0, tally.exact, tally.plates,
                100.0 * tally.exact / tally.plates);
  }
  std::printf("in the readable band: %d of %d exact\n", measured.readable.exact, measured.readable.plates);
}

TEST(ReadableBand, PlatesWithinItAreReadExactly) {
  const eval::Recogniser recognise = recogniser();
  Measured measured;
  const char* seeds = std::getenv("WAYSIDE_BAND_SEEDS");
  if (seeds == nullptr) {
    constexpr double edges[] = {-3, 1.5};
    for (const char* preset : {"day", "night-ir"})
      expose_and_read(preset, 1, edges, recognise, measured);
  } else {
    constexpr double all[] = {-6, -5, -4, -3, -2.5, -2, -1, 0, 0.5, 1, 1.5, 2, 3, 4};
    for (const char* preset : {"day", "night-ir", "dusk", "fast"}) {
      for (int seed = 1; seed <= std::atoi(seeds); ++seed)
        expose_and_read(preset, static_cast<std::uint64_t>(seed), all, recognise, measured);
    }
  }
  print(measured);
  ASSERT_GE(measured.readable.plates, 8);
  EXPECT_GE(100 * measured.readable.exact, 97 * measured.readable.plates);
}

}  // namespace
}  // namespace wayside::exposure
