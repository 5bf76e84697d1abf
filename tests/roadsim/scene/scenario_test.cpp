#include "wayside/roadsim/scene/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "small_scene.hpp"

namespace wayside::roadsim {
namespace {

using ::testing::HasSubstr;

TEST(Scenario, EveryPresetIsDrawable) {
  ASSERT_EQ(presets().size(), 8U);
  for (const PresetLine& preset : presets()) {
    const auto scenario = preset_scenario(preset.name);
    ASSERT_TRUE(scenario) << preset.name;
    EXPECT_EQ(scenario->preset, preset.name);
    const auto sound = check(*scenario);
    EXPECT_TRUE(sound) << preset.name << ": " << (sound ? "" : sound.error().message);
  }
}

TEST(Scenario, AnUnknownPresetIsAnsweredWithTheNearest) {
  const auto scenario = preset_scenario("nigth-ir");
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(scenario.error().message, HasSubstr("did you mean night-ir?"));
}

TEST(Scenario, AbsurdValuesAreRefusedWithTheirLimits) {
  struct Case {
    std::function<void(Scenario&)> spoil;
    const char* said;
  };
  const Case cases[] = {
      {[](Scenario& s) { s.width = 100000; }, "the width is 100000; it must be 160 to 3840 px"},
      {[](Scenario& s) { s.height = 0; }, "the height is 0"},
      {[](Scenario& s) { s.width = 481; }, "even numbers"},
      {[](Scenario& s) { s.fps = 0; }, "the frame rate is 0"},
      {[](Scenario& s) { s.seconds = std::numeric_limits<double>::quiet_NaN(); }, "the duration is nan"},
      {[](Scenario& s) { s.vehicles = 0; }, "the number of vehicles is 0"},
      {[](Scenario& s) { s.lanes.clear(); }, "has 0 lanes"},
      {[](Scenario& s) { s.lanes[1].number = s.lanes[0].number; }, "two lanes have the number"},
      {[](Scenario& s) { s.lanes[1].centre_x_m = s.lanes[0].centre_x_m; }, "overlap"},
      {[](Scenario& s) { s.traffic.mix = {1}; }, "the vehicle mix has 1 weights"},
      {[](Scenario& s) { s.traffic.mix = {0, 0, 0, 0, 0, 0, 1}; }, "motorcycles only"},
  };
  for (const Case& wrong : cases) {
    Scenario scenario = test::small("day");
    wrong.spoil(scenario);
    const auto made = Scene::make(scenario, test::press());
    ASSERT_FALSE(made) << wrong.said;
    EXPECT_EQ(made.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(made.error().message, HasSubstr(wrong.said));
  }
}

TEST(Scenario, AnEmptyRoadCannotRunUntilVehiclesHavePassed) {
  Scenario scenario = test::small("empty");
  scenario.vehicles = 5;
  const auto sound = check(scenario);
  ASSERT_FALSE(sound);
  EXPECT_THAT(sound.error().message, HasSubstr("give --seconds instead"));
}

}  // namespace
}  // namespace wayside::roadsim
