// The exposure plan, the drawn road as its sensor, and what tells the plan about plates: the truth, or the
// recogniser that ships.
#pragma once

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "wayside/anpr/capture/exposure_plan.hpp"

#include "tests/exposure/drawn_road.hpp"

namespace wayside::exposure {

struct TakenFrame {
  ExposureControls controls;
  std::vector<PlateBrightness> plates;  // by the truth: all that count
};

// The plates of a picture, by whoever is asked; truth: of those that count.
using FindPlates =
    std::function<std::vector<PlateBrightness>(const std::vector<PlateBrightness>& truth, const FramePtr&)>;

// But for those without contrast, which nobody finds.
inline FindPlates by_truth() {
  return [](const std::vector<PlateBrightness>& truth, const FramePtr&) {
    std::vector<PlateBrightness> found = truth;
    std::erase_if(found, [](const PlateBrightness& plate) { return plate.bright - plate.dark <= 15; });
    return found;
  };
}

inline FindPlates by_recogniser(const eval::Recogniser& recognise) {
  return [recognise](const std::vector<PlateBrightness>&, const FramePtr& picture) {
    std::vector<PlateBrightness> found;
    for (const EvidencedRead& one : recognise.reads_of(picture).reads) {
      if (const auto level = plate_brightness(picture->luma(), one.read.quad)) found.push_back(*level);
    }
    return found;
  };
}

class ClosedLoop {
 public:
  ClosedLoop(ExposurePlan& plan, FindPlates find) : plan_(plan), find_(std::move(find)) {}

  // One frame of the scene; what it showed reaches the plan two frames later, as behind a pipeline.
  TakenFrame take(const roadsim::Scene& scene, int frame) {
    TakenFrame taken;
    taken.controls = plan_.next();
    const FramePtr picture = frame_of(
        scene.render(frame, {taken.controls.exposure_us, taken.controls.gain_db, taken.controls.strobe}), {});
    for (const roadsim::SeenPlate& plate : plates_that_count(scene, frame)) {
      if (const auto level = plate_brightness(picture->luma(), corners_of(plate.view.quad)))
        taken.plates.push_back(*level);
    }
    waiting_.push_back({taken.controls, scene_brightness(picture->luma()), find_(taken.plates, picture)});
    if (waiting_.size() > 2) {
      plan_.saw(waiting_.front());
      waiting_.pop_front();
    }
    return taken;
  }

 private:
  ExposurePlan& plan_;
  FindPlates find_;
  std::deque<FrameLight> waiting_;
};

// The frame from which on most plates are to be seen for so many frames.
inline int busiest(const roadsim::Scene& scene, int frames) {
  std::vector<int> seen;
  for (int frame = 0; frame < scene.frame_count(); ++frame) {
    seen.push_back(plates_that_count(scene, frame).empty() ? 0 : 1);
  }
  int best = 0, most = -1;
  for (int from = 0; from + frames <= static_cast<int>(seen.size()); ++from) {
    const int sum = static_cast<int>(std::count(seen.begin() + from, seen.begin() + from + frames, 1));
    if (sum > most) {
      most = sum;
      best = from;
    }
  }
  return best;
}

}  // namespace wayside::exposure
