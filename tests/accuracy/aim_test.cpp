// What the aiming aid says of drawn roads, against what stands in them.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include <gtest/gtest.h>

#include "wayside/anpr/aim/aim_gauge.hpp"
#include "wayside/anpr/locate/plate_locator.hpp"
#include "wayside/anpr/read/plate_reader.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "src/app/recogniser.hpp"
#include "tests/doubles/installed_models.hpp"

namespace wayside::app {
namespace {

constexpr int look_every = 5;  // frames
constexpr double seconds_seen = 9;

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// By the widths of domain practice (aim_gauge.hpp), written apart from the product's own rule.
std::string expected_of(double wide) {
  if (wide < 100) return "move closer or lengthen the lens";
  if (wide < 130) return "enough to read";
  if (wide > 260) return "a shorter lens covers more road";
  return "";
}

class DrawnAim : public testing::TestWithParam<std::string> {};

TEST_P(DrawnAim, TheVerdictAgreesWithWhatStandsInTheScene) {
  auto scenario = roadsim::preset_scenario(GetParam()).value();
  scenario.seed = 41;
  scenario.seconds = 60;
  const auto press = roadsim::PlatePress::load(doubles::source_folder() / "models" / "plates").value();
  const auto scene = roadsim::Scene::make(scenario, press).value();
  const ModelStore models = doubles::installed_models();
  const RecogniserOptions options = recogniser_options({}, doubles::source_folder() / "models");
  const auto locator = make_network_locator(options.locator, models).value();
  const auto reader = make_tesseract_reader(options.reader, models, doubles::installed_syntax()).value();
  AimGauge gauge(AimOptions{});
  std::map<int, double> widest;
  for (int i = 0; i * look_every < seconds_seen * scenario.fps; ++i) {
    const int number = static_cast<int>(20 * scenario.fps) + i * look_every;
    FrameInfo info;
    info.number = FrameNumber(static_cast<std::uint64_t>(number));
    info.monotonic = MonotonicTime{static_cast<std::int64_t>(number * 1e9 / scenario.fps)};
    const FramePtr frame = make_frame(info, scene.render(number, scene.planned_exposure())).value();
    gauge.saw_frame(*frame);
    locator->forget();
    gauge.saw_reads(reader->read({frame, locator->locate(*frame)}, false));
    for (const roadsim::SeenPlate& plate : scene.plates_at(number)) {
      if (plate.view.visible > 0.99 && plate.view.width_px >= options.locator.min_plate_width_px)
        widest[plate.vehicle_id] = std::max(widest[plate.vehicle_id], plate.view.width_px);
    }
  }
  std::vector<double> widths;
  for (const auto& [vehicle, wide] : widest)
    widths.push_back(wide);
  const AimReport report = gauge.report(true);
  if (widths.empty()) {
    EXPECT_EQ(report.verdicts.front().substr(0, 8), "no plate") << report.verdicts.front();
    return;
  }
  ASSERT_GE(widths.size(), 2U);
  const double truth = median_of(widths);
  ASSERT_TRUE(report.plate_width_px);
  std::printf(
      "%-10s vehicles %zu, read %zu; width %.0f px, told %.0f; sharpness %.3f, tilt %.1f, skew %.1f; %s\n",
      GetParam().c_str(), widths.size(), report.plates, truth, *report.plate_width_px,
      report.sharpness.value_or(-1), report.tilt_deg.value_or(0), report.skew_deg.value_or(0),
      report.verdicts.front().c_str());
  EXPECT_NEAR(*report.plate_width_px, truth, 0.08 * truth);
  // A truth beside a limit may be told either way.
  constexpr std::array limits = {100.0, 130.0, 260.0};
  const bool clear = std::none_of(limits.begin(), limits.end(),
                                  [&](double limit) { return std::abs(truth - limit) < 0.08 * limit; });
  const std::string expected = expected_of(truth);
  if (clear && !expected.empty()) {
    EXPECT_NE(report.verdicts.front().find(expected), std::string::npos) << report.verdicts.front();
  }
  if (clear && expected.empty()) {
    EXPECT_EQ(report.verdicts.front().find("px wide:"), std::string::npos) << report.verdicts.front();
  }
}

std::vector<std::string> every_preset() {
  std::vector<std::string> names;
  for (const roadsim::PresetLine& line : roadsim::presets())
    names.emplace_back(line.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Presets, DrawnAim, testing::ValuesIn(every_preset()), [](const auto& preset) {
  std::string name = preset.param;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace wayside::app
