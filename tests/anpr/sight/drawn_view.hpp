// A drawn road as a camera that stands for minutes, in any light, turned, dirty or covered.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include <opencv2/imgproc.hpp>

#include "wayside/anpr/sight/sight_gauge.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "tests/doubles/drawn_plate.hpp"

namespace wayside::doubles {

inline const roadsim::PlatePress& press() {
  static const auto loaded = roadsim::PlatePress::load(source_folder() / "models" / "plates");
  if (!loaded) throw std::runtime_error(loaded.error().message);
  return *loaded;
}

using Change = std::function<void(roadsim::Scenario&)>;
using Spoil = std::function<void(cv::Mat& luma)>;

// Pictures of one place, whose fixed things the scene's seed decides, a second apart.
class DrawnView {
 public:
  explicit DrawnView(const std::string& preset, const Change& change = {}) : scene_(make(preset, change)) {}

  [[nodiscard]] cv::Mat luma(int second) const {
    const int frame = static_cast<int>(second * scene_.scenario().fps);
    cv::Mat luma;
    cv::cvtColor(scene_.render(frame, scene_.planned_exposure()), luma, cv::COLOR_BGR2GRAY);
    return luma;
  }
  [[nodiscard]] double strobe() const { return scene_.planned_exposure().strobe; }

 private:
  static roadsim::Scene make(const std::string& preset, const Change& change) {
    roadsim::Scenario scenario = roadsim::preset_scenario(preset).value();
    scenario.seed = 5;
    scenario.seconds = 60;
    scenario.width = 640;
    scenario.height = 360;
    if (change) change(scenario);
    auto made = roadsim::Scene::make(scenario, press());
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }
  roadsim::Scene scene_;
};

// Shows a gauge a minute of the view (some of its seconds, which is quicker), and closes it.
class Minutes {
 public:
  explicit Minutes(SightGauge& gauge) : gauge_(gauge) {}
  SightMinute show(const DrawnView& view, const Spoil& spoil = {}, const FramesLost& lost = {}) {
    for (int second = 0; second < 60; second += 4) {
      cv::Mat luma = view.luma(second);
      if (spoil) spoil(luma);
      FrameInfo info;
      info.number = FrameNumber(++number_);
      info.monotonic = {(minute_ * 60 + second) * 1'000'000'000};
      info.strobe_level = view.strobe();
      gauge_.saw_frame(*make_frame(info, luma).value());
    }
    ++minute_;
    return gauge_.close(lost);
  }

 private:
  SightGauge& gauge_;
  std::uint64_t number_ = 0;
  std::int64_t minute_ = 0;
};

}  // namespace wayside::doubles
