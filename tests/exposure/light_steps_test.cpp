// The plan in closed loop: how soon plates are readable again after the light has changed, and how they stay.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <gtest/gtest.h>

#include "tests/exposure/closed_loop.hpp"

namespace wayside::exposure {
namespace {

constexpr int settling = 6;
constexpr int wanted_within = 10;
constexpr int watched = 18;
constexpr int no_road_is_empty_for = 100;

struct Road {
  std::string preset;
  std::unique_ptr<roadsim::Scene> scene;
  int from = 0;
};

Road road_of(const std::string& preset, std::uint64_t seed, int width) {
  Road made{preset, std::make_unique<roadsim::Scene>(road(preset, seed, width))};
  made.from = busiest(*made.scene, settling + watched);
  return made;
}

struct Step {
  int views = 0;     // of plates, from the tenth frame on
  int readable = 0;  // of those
  int settled = 0;   // frames until they were readable
  int without = 0;   // frames behind the step without a plate, which count for nothing of this
};

// How many roads of each kind; the default suite takes one, in small pictures.
int roads_wanted() {
  const char* text = std::getenv("WAYSIDE_EXPOSURE_ROADS");
  return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

// As it drives out of one light into another, with the speed limit of where it comes to.
Step step(const Road& before, const Road& behind, const FindPlates& find) {
  ExposureLimits limits;
  limits.speed_limit_mph = behind.scene->scenario().traffic.speed_mph;
  ExposurePlan plan(limits);
  ClosedLoop loop(plan, find);
  for (int i = 0; i < settling; ++i)
    (void)loop.take(*before.scene, before.from + i);
  Step step;
  std::vector<std::pair<int, bool>> frames;  // with plates: which, and whether all are readable
  std::string line;
  for (int i = 0; i < watched; ++i) {
    const TakenFrame taken = loop.take(*behind.scene, behind.from + step.without + i);
    if (taken.plates.empty()) {
      // A plate's brightness is that of a plate: the count begins with the first in view.
      if (frames.empty() && ++step.without < no_road_is_empty_for) --i;
      continue;
    }
    const auto good = std::count_if(taken.plates.begin(), taken.plates.end(), readable);
    frames.emplace_back(i, good == std::ssize(taken.plates));
    for (const PlateBrightness& plate : taken.plates)
      line += std::to_string(std::lround(plate.bright)) + (readable(plate) ? " " : "! ");
    if (i < wanted_within) continue;
    step.views += static_cast<int>(taken.plates.size());
    step.readable += static_cast<int>(good);
  }
  // Settled at the first frame from which of four with plates at most one, the pattern's darkest or
  // brightest, is not readable.
  step.settled = watched;
  for (std::size_t at = 0; at < frames.size() && step.settled == watched; ++at) {
    const auto from = frames.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = frames.begin() + static_cast<std::ptrdiff_t>(std::min(at + 4, frames.size()));
    const auto bad = std::count_if(from, to, [](const auto& frame) { return !frame.second; });
    if (from->second && bad <= 1) step.settled = from->first;
  }
  std::printf(
      "%-9s to %-9s settled after %2d frames (and %d without a plate), then %2d of %2d readable: %s\n",
      before.preset.c_str(), behind.preset.c_str(), step.settled, step.without, step.readable, step.views,
      line.c_str());
  return step;
}

TEST(LightSteps, PlatesAreReadableWithinTenFramesOfAnyStepBetweenPresets) {
  int views = 0, readable = 0;
  for (int seed = 3; seed < 3 + roads_wanted(); ++seed) {
    std::vector<Road> roads;
    for (const char* preset : {"day", "dusk", "night-ir", "rain", "dense", "fast", "two-line"})
      roads.push_back(road_of(preset, static_cast<std::uint64_t>(seed), 640));
    for (const Road& before : roads) {
      for (const Road& behind : roads) {
        if (&before == &behind) continue;
        const Step taken = step(before, behind, by_truth());
        EXPECT_LE(taken.settled, wanted_within);
        views += taken.views;
        readable += taken.readable;
      }
    }
  }
  std::printf("all: %d of %d views readable from the tenth frame on\n", readable, views);
  ASSERT_GE(views, 200);
  EXPECT_GE(100 * readable, 97 * views);
}

TEST(LightSteps, WhatTheRecogniserSeesIsEnoughToFollowThem) {
  const FindPlates find = by_recogniser(recogniser());
  for (int seed = 3; seed < 3 + roads_wanted(); ++seed) {
    const Road day = road_of("day", static_cast<std::uint64_t>(seed), 1280);
    const Road dusk = road_of("dusk", static_cast<std::uint64_t>(seed), 1280);
    const Road night = road_of("night-ir", static_cast<std::uint64_t>(seed), 1280);
    for (const auto& [before, behind] :
         {std::pair(&day, &night), {&night, &day}, {&day, &dusk}, {&dusk, &night}})
      EXPECT_LE(step(*before, *behind, find).settled, wanted_within);
  }
}

TEST(Night, PlatesUnderTheFlashAreNotSaturated) {
  int views = 0, unsaturated = 0, within = 0;
  for (int seed = 5; seed < 5 + roads_wanted(); ++seed) {
    const roadsim::Scene scene = road("night-ir", static_cast<std::uint64_t>(seed), 640);
    ExposurePlan plan(ExposureLimits{.speed_limit_mph = 40});
    ClosedLoop loop(plan, by_truth());
    for (int frame = 0; frame < scene.frame_count(); ++frame) {
      for (const PlateBrightness& plate : loop.take(scene, frame).plates) {
        ++views;
        unsaturated += plate.saturated < saturated_share ? 1 : 0;
        within += readable(plate) ? 1 : 0;
      }
    }
  }
  std::printf("night-ir: %d of %d views unsaturated, %d readable\n", unsaturated, views, within);
  ASSERT_GE(views, 100);
  EXPECT_GE(100 * unsaturated, 99 * views);
  EXPECT_GE(100 * within, 95 * views);
}

}  // namespace
}  // namespace wayside::exposure
