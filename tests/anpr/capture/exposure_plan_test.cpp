#include "wayside/anpr/capture/exposure_plan.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include <gtest/gtest.h>

namespace wayside {
namespace {

// A road of one shade with one plate, in light that can be set: what a sensor makes of the controls.
struct Road {
  double daylight = 1;  // what a microsecond at 0 dB brings a plate, in thousandths of white
  double flash = 0;     // the same of the full flash
  double scene_share = 1 / 6.0;
  bool plate = true;

  [[nodiscard]] FrameLight seen(const ExposureControls& controls) const {
    const double gain = controls.exposure_us * std::pow(10, controls.gain_db / 20) / 1000;
    const auto value = [](double light) { return std::min(255.0, 255 * std::pow(light, 1 / 2.2)); };
    FrameLight frame{controls, value(scene_share * daylight * gain), {}};
    const double bright = value((daylight + controls.strobe * flash) * gain);
    if (plate && bright > 12) frame.plates.push_back({bright, bright / 6, bright >= 250 ? 0.7 : 0});
    return frame;
  }
};

ExposureControls drive(ExposurePlan& plan, const Road& road, int frames) {
  ExposureControls controls;
  std::deque<FrameLight> waiting;
  for (int i = 0; i < frames; ++i) {
    controls = plan.next();
    waiting.push_back(road.seen(controls));
    if (waiting.size() < 3) continue;
    plan.saw(waiting.front());
    waiting.pop_front();
  }
  return controls;
}

// The share of so many frames whose plate is readable.
double share_readable(ExposurePlan& plan, const Road& road, int frames) {
  int good = 0;
  for (int i = 0; i < frames; ++i) {
    const FrameLight frame = road.seen(plan.next());
    good += !frame.plates.empty() && readable(frame.plates.front()) ? 1 : 0;
    plan.saw(frame);
  }
  return static_cast<double>(good) / frames;
}

constexpr ExposureLimits road_of_40_mph{.speed_limit_mph = 40};
const Road sun{.daylight = 3};
const Road overcast{.daylight = 0.8};
const Road dusk{.daylight = 0.06, .flash = 2};
const Road night{.daylight = 0.0005, .flash = 1};

TEST(ShutterCeiling, FollowsFromTheSpeedLimitAndIsOneMillisecondAtMost) {
  EXPECT_EQ(shutter_ceiling_us(30), 1000);
  EXPECT_EQ(shutter_ceiling_us(55), 1000);
  EXPECT_EQ(shutter_ceiling_us(70), 793);
  EXPECT_EQ(shutter_ceiling_us(100), 555);
}

TEST(ExposurePlan, TheShutterNeverStaysOpenPastItsCeilingAndFlashesAreShort) {
  for (const double mph : {20.0, 40.0, 70.0, 100.0}) {
    for (const Road& road : {sun, overcast, dusk, night}) {
      ExposurePlan plan(ExposureLimits{.speed_limit_mph = mph});
      for (int i = 0; i < 60; ++i) {
        const ExposureControls controls = plan.next();
        EXPECT_GE(controls.exposure_us, 20);
        EXPECT_LE(controls.exposure_us, shutter_ceiling_us(mph));
        if (controls.strobe > 0) {
          EXPECT_GE(controls.exposure_us, least_flashed_us);
          EXPECT_LE(controls.exposure_us, most_flashed_us);
        }
        EXPECT_GE(controls.gain_db, 0);
        EXPECT_LE(controls.gain_db, 24);
        plan.saw(road.seen(controls));
      }
    }
  }
}

TEST(ExposurePlan, FlashIsReckonedByWhatASlowSensorExposesAtLeast) {
  ExposurePlan plan(ExposureLimits{.least_exposure_us = 450});
  int flashes = 0;
  for (int i = 0; i < 60; ++i) {
    const ExposureControls controls = plan.next();
    EXPECT_GE(controls.exposure_us, 450);
    flashes += controls.strobe > 0 ? 1 : 0;
    plan.saw(night.seen(controls));
  }
  EXPECT_GT(flashes, 30);
}

TEST(ExposurePlan, GainComesLast) {
  for (const Road& road : {sun, overcast, dusk, night}) {
    ExposurePlan plan(road_of_40_mph);
    drive(plan, road, 30);
    for (int i = 0; i < 40; ++i) {
      const ExposureControls controls = plan.next();
      plan.saw(road.seen(controls));
      if (controls.gain_db == 0) continue;
      EXPECT_GE(controls.exposure_us, controls.strobe > 0 ? most_flashed_us - 1 : 999);
      EXPECT_TRUE(controls.strobe == 0 || controls.strobe == 1);
    }
  }
}

TEST(ExposurePlan, BracketsFrameByFrameAStopDarkerAndBrighter) {
  ExposurePlan plan(road_of_40_mph);
  drive(plan, sun, 40);
  std::vector<int> exposures;
  for (int i = 0; i < 8; ++i) {
    exposures.push_back(plan.next().exposure_us);
    plan.saw(sun.seen({exposures.back(), 0, 0}));
  }
  const int base = exposures[0];
  EXPECT_NEAR(exposures[1], base / 2.0, 1);
  EXPECT_EQ(exposures[2], base);
  EXPECT_NEAR(exposures[3], base * 2.0, 2);
  EXPECT_EQ(std::vector<int>(exposures.begin() + 4, exposures.end()),
            std::vector<int>(exposures.begin(), exposures.begin() + 4));
}

TEST(ExposurePlan, AnyStepOfLightIsFollowedWithinTenFrames) {
  for (const Road& before : {sun, overcast, dusk, night}) {
    for (const Road& behind : {sun, overcast, dusk, night}) {
      ExposurePlan plan(road_of_40_mph);
      drive(plan, before, 40);
      drive(plan, behind, 10);
      EXPECT_EQ(share_readable(plan, behind, 12), 1) << before.daylight << " to " << behind.daylight;
    }
  }
}

TEST(ExposurePlan, DayDuskAndNightAreToldByThePlates) {
  ExposurePlan plan(road_of_40_mph);
  drive(plan, sun, 40);
  EXPECT_EQ(plan.phase(), DayPhase::day);
  drive(plan, Road{.daylight = 0.11}, 40);
  EXPECT_EQ(plan.phase(), DayPhase::dusk);
  drive(plan, night, 40);
  EXPECT_EQ(plan.phase(), DayPhase::night);
  // A lit road by night is no day: its plates are still dark without the flash.
  drive(plan, Road{.daylight = 0.02, .flash = 1, .scene_share = 20}, 200);
  EXPECT_EQ(plan.phase(), DayPhase::night);
  drive(plan, sun, 80);
  EXPECT_EQ(plan.phase(), DayPhase::day);
}

TEST(ExposurePlan, LightAtTheLimitDoesNotMakeTheFlashGoOnAndOff) {
  ExposurePlan plan(road_of_40_mph);
  drive(plan, sun, 40);
  int changes = 0;
  bool flashed = false;
  for (int i = 0; i < 2000; ++i) {
    // About the light at which the flash goes on, up and down by a third of a stop.
    const Road limit{.daylight = 0.08 * std::exp2(0.33 * std::sin(i / 30.0)), .flash = 2};
    drive(plan, limit, 1);
    const FrameLight frame = limit.seen(plan.next());
    plan.saw(frame);
    const bool now = plan.phase() == DayPhase::night;
    changes += now != flashed ? 1 : 0;
    flashed = now;
  }
  EXPECT_LE(changes, 1);
}

TEST(ExposurePlan, HeadlampsDoNotPumpIt) {
  ExposurePlan plan(road_of_40_mph);
  drive(plan, night, 80);
  const ExposureControls calm[] = {plan.next(), plan.next(), plan.next(), plan.next()};
  for (int i = 0; i < 400; ++i) {
    const ExposureControls controls = plan.next();
    EXPECT_EQ(controls.exposure_us, calm[i % 4].exposure_us) << i;
    EXPECT_DOUBLE_EQ(controls.gain_db, calm[i % 4].gain_db) << i;
    FrameLight frame = night.seen(controls);
    frame.scene = i % 20 < 10 ? 180 : 3;  // lamps fill the picture, and are gone
    if (i % 3 != 0) frame.plates.clear();
    plan.saw(frame);
  }
}

TEST(ExposurePlan, AWhiteLorryAndADirtyPlateDoNotMoveIt) {
  ExposurePlan plan(road_of_40_mph);
  drive(plan, overcast, 80);
  const int base = plan.next().exposure_us;
  for (int i = 0; i < 3; ++i)
    (void)plan.next();
  for (int i = 0; i < 48; ++i) {
    FrameLight frame = overcast.seen(plan.next());
    frame.scene = std::min(240.0, frame.scene * 2.5);  // three stops
    frame.plates.clear();
    plan.saw(frame);
  }
  EXPECT_EQ(plan.next().exposure_us, base);
  FrameLight dirty = Road{.daylight = 0.2}.seen({base, 0, 0});
  dirty.scene = overcast.seen({base, 0, 0}).scene;
  plan.saw(dirty);
  for (int i = 0; i < 3; ++i)
    (void)plan.next();
  EXPECT_EQ(plan.next().exposure_us, base);
}

TEST(ExposurePlan, DuskFallsOnAnEmptyRoadToo) {
  ExposurePlan plan(road_of_40_mph);
  drive(plan, overcast, 80);
  Road empty = dusk;
  empty.plate = false;
  drive(plan, empty, 400);
  EXPECT_GE(share_readable(plan, dusk, 10), 0.9);  // the first may be one of the search
}

TEST(ExposurePlan, WithoutAnIlluminatorItDoesWhatGainCan) {
  ExposurePlan plan(road_of_40_mph);
  drive(plan, dusk, 60);
  ASSERT_EQ(plan.phase(), DayPhase::night);
  plan.illuminator_usable(false);
  for (int i = 0; i < 30; ++i) {
    const ExposureControls controls = plan.next();
    EXPECT_EQ(controls.strobe, 0);
    plan.saw(dusk.seen(controls));
  }
  EXPECT_EQ(plan.phase(), DayPhase::dusk);
  EXPECT_EQ(share_readable(plan, dusk, 12), 1);
  plan.illuminator_usable(true);
  EXPECT_EQ(plan.phase(), DayPhase::night);
}

TEST(ExposurePlan, WhatCannotHaveBeenMeasuredIsPassedOver) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  ExposurePlan plan(road_of_40_mph);
  drive(plan, overcast, 80);
  const int base = plan.next().exposure_us;
  for (int i = 0; i < 3; ++i)
    (void)plan.next();
  for (int i = 0; i < 40; ++i) {
    plan.saw({{0, 0, 0}, 255, {{255, 0, 1}}});
    plan.saw({{-5, 0, 0}, 255, {{255, 0, 1}}});
    plan.saw({{300, nan, 0}, 255, {{255, 0, 1}}});
    plan.saw({{300, 0, nan}, 255, {{255, 0, 1}}});
    plan.saw({{base, 0, 0}, nan, {{nan, nan, nan}}});
  }
  EXPECT_EQ(plan.next().exposure_us, base);
}

TEST(ExposurePlan, ACameraThatCannotExposeSoShortlyExposesAsShortlyAsItCan) {
  ExposureLimits limits;
  limits.least_exposure_us = 5'000;  // 70 mph asks for 793
  limits.illuminator = false;
  ExposurePlan plan(limits);
  for (const double bright : {250.0, 20.0}) {
    for (int i = 0; i < 40; ++i) {
      const ExposureControls controls = plan.next();
      EXPECT_EQ(controls.exposure_us, 5'000);
      plan.saw({controls, bright / 3, {{bright, bright / 8, 0}}});
    }
  }
}

}  // namespace
}  // namespace wayside
