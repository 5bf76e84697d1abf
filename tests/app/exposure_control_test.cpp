#include "src/app/exposure_control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drivers/illuminator/fake_board.hpp"

namespace wayside::app {
namespace {

using namespace std::chrono_literals;
using illuminator::test::FakeBoard;
using testing::HasSubstr;

class ExposureControlTest : public testing::Test {
 protected:
  ExposureControlTest() {
    options_.limits.speed_limit_mph = 70;
    options_.check_every = 5ms;
    options_.try_again = 20ms;
    options_.dark_without = 10s;
  }
  ExposureControl& control(bool with_illuminator = true) {
    control_.emplace(
        options_, [this](const capture_link::Controls& controls) { note(controls); },
        with_illuminator ? board_.make() : nullptr, *clock_, health_);
    control_->start();
    return *control_;
  }
  void note(const capture_link::Controls& controls) {
    const std::lock_guard lock(mutex_);
    ordered_.push_back(controls);
    came_.notify_all();
  }
  static capture_link::Stream stream(bool exposure = true, bool gain = true) {
    capture_link::Stream stream{1280, 720, 8, true, "R8", "a camera", "imx296"};
    if (exposure) stream.exposure_us = capture_link::Range{29, 15'000'000};
    if (gain) stream.gain_thousandths = capture_link::Range{1000, 16'000};
    return stream;
  }
  FrameInfo next_frame(std::optional<std::int32_t> exposure_us = 500, std::optional<double> gain_db = 0.0) {
    FrameInfo frame;
    frame.number = FrameNumber(number_++);
    frame.monotonic = clock_->monotonic_now();
    frame.exposure_us = exposure_us;
    frame.gain_db = gain_db;
    return frame;
  }
  // What the next frame's coming orders. Fails where nothing is within ten seconds.
  capture_link::Controls ordered_by(const FrameInfo& frame) {
    std::unique_lock lock(mutex_);
    const std::size_t before = ordered_.size();
    lock.unlock();
    control_->frame(frame);
    lock.lock();
    EXPECT_TRUE(came_.wait_for(lock, 10s, [&] { return ordered_.size() > before; }));
    return ordered_.empty() ? capture_link::Controls{} : ordered_.back();
  }
  template <class Holds>
  static bool soon(Holds holds) {
    for (int i = 0; i < 10'000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  std::string state(const std::string& part) { return health_.states()[part]; }
  bool reaches(const std::string& part, const std::string& words) {
    return soon([&] { return state(part).find(words) != std::string::npos; });
  }
  // A plate that came out so bright, whatever was ordered, until the plan has seen it often enough.
  void show(double bright, int frames) {
    for (int i = 0; i < frames; ++i) {
      const FrameInfo frame = next_frame();
      ordered_by(frame);
      control_->light(frame, bright / 3, {{bright, bright / 8, 0}});
    }
  }

  std::unique_ptr<Clock> clock_ = make_system_clock();
  Health health_;
  FakeBoard board_;
  ExposureControlOptions options_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<capture_link::Controls> ordered_;
  std::uint64_t number_ = 0;
  std::optional<ExposureControl> control_;  // goes before what it uses
};

TEST_F(ExposureControlTest, EveryFrameOrdersALaterOnesExposureWithinTheRoadsCeiling) {
  control().stream(stream());
  std::set<std::int32_t> exposures;
  for (int i = 0; i < 8; ++i) {
    const capture_link::Controls controls = ordered_by(next_frame());
    ASSERT_TRUE(controls.exposure_us && controls.gain_thousandths);
    EXPECT_LE(*controls.exposure_us, shutter_ceiling_us(70));
    EXPECT_GE(*controls.gain_thousandths, 1000);
    exposures.insert(*controls.exposure_us);
  }
  EXPECT_GE(exposures.size(), 3U) << "bracketed";
  EXPECT_TRUE(reaches("exposure", "planned"));
  EXPECT_TRUE(reaches("light", "day"));
  EXPECT_TRUE(health_.problems().empty());
}

TEST_F(ExposureControlTest, AnotherSpeedLimitCountsFromTheNextFramesOn) {
  control(false).stream(stream());
  show(4, 40);  // dark, so that the ceiling is what holds it back
  const auto longest = [&] {
    std::int32_t most = 0;
    for (int i = 0; i < 8; ++i)
      most = std::max(most, *ordered_by(next_frame()).exposure_us);
    return most;
  };
  EXPECT_GT(longest(), shutter_ceiling_us(140));
  ExposureLimits limits = options_.limits;
  limits.speed_limit_mph = 140;
  control_->limits(limits);
  EXPECT_LE(longest(), shutter_ceiling_us(140));
}

TEST_F(ExposureControlTest, WhatPlatesLookLikeMovesTheExposure) {
  control(false).stream(stream());
  const std::int32_t before = *ordered_by(next_frame()).exposure_us;
  show(250, 24);
  std::int32_t most = 0;
  for (int i = 0; i < 4; ++i)
    most = std::max(most, *ordered_by(next_frame()).exposure_us);
  EXPECT_LT(most, before) << "even the brightest of the pattern";
}

TEST_F(ExposureControlTest, PlatesInTheDarkAreFlashedAndItEndsWithTheCamera) {
  control().stream(stream());
  show(8, 40);
  EXPECT_TRUE(reaches("light", "night"));
  EXPECT_TRUE(reaches("illuminator", "flashing"));
  EXPECT_TRUE(board_.line->high);
  EXPECT_EQ(board_.get("enable"), "1");
  for (int i = 0; i < 8; ++i)
    EXPECT_LE(*ordered_by(next_frame()).exposure_us, most_flashed_us);
  control_->stop();
  EXPECT_TRUE(board_.is_dark());
}

TEST_F(ExposureControlTest, WithoutFramesItIsDark) {
  options_.dark_without = 50ms;
  control().stream(stream());
  show(8, 40);
  EXPECT_TRUE(soon([&] { return board_.is_dark(); }));
  EXPECT_TRUE(health_.problems().empty());
}

TEST_F(ExposureControlTest, ACameraThatOffersNoExposureTimeIsLeftToItselfWhichIsNoProblem) {
  control().stream(stream(false, true));
  for (int i = 0; i < 10; ++i)
    control_->frame(next_frame());
  EXPECT_TRUE(reaches("exposure", "offers no exposure time"));
  control_->stop();
  EXPECT_TRUE(ordered_.empty());
  EXPECT_TRUE(health_.problems().empty());
}

TEST_F(ExposureControlTest, NorIsOneThatDoesNotSayHowItExposed) {
  control().stream(stream());
  for (int i = 0; i < 10; ++i)
    control_->frame(next_frame(std::nullopt));
  EXPECT_TRUE(reaches("exposure", "does not say"));
  for (int i = 0; i < 10; ++i)
    control_->frame(next_frame(500, std::nullopt));
  control_->stop();
  EXPECT_TRUE(ordered_.empty());
  EXPECT_TRUE(health_.problems().empty());
}

TEST_F(ExposureControlTest, WithoutGainTheShutterAloneIsPlanned) {
  control(false).stream(stream(true, false));
  const capture_link::Controls controls = ordered_by(next_frame(500, std::nullopt));
  EXPECT_TRUE(controls.exposure_us);
  EXPECT_FALSE(controls.gain_thousandths);
  EXPECT_TRUE(reaches("exposure", "without gain"));
}

TEST_F(ExposureControlTest, AnIlluminatorThatCannotBeUsedIsAProblemAndTriedAgain) {
  board_.put("temp1_input", "broken\n");
  control().stream(stream());
  EXPECT_TRUE(soon([&] { return health_.problems().contains("illuminator"); }));
  EXPECT_THAT(health_.problems()["illuminator"], HasSubstr("temp1_input"));
  show(8, 40);
  EXPECT_TRUE(reaches("illuminator", "cannot be used"));
  EXPECT_TRUE(board_.is_dark());
  EXPECT_TRUE(reaches("light", "dusk")) << "gain does what it can";
  board_.put("temp1_input", "41500\n");
  EXPECT_TRUE(soon([&] { return !health_.problems().contains("illuminator"); }));
  show(8, 40);
  EXPECT_TRUE(reaches("illuminator", "flashing"));
}

TEST_F(ExposureControlTest, HeatMakesItDarkAndIsSaid) {
  control().stream(stream());
  show(8, 40);
  ASSERT_TRUE(reaches("illuminator", "flashing"));
  board_.put("temp1_input", "81000\n");
  EXPECT_TRUE(soon([&] { return health_.problems().contains("illuminator"); }));
  EXPECT_THAT(health_.problems()["illuminator"], HasSubstr("81 C hot"));
  EXPECT_TRUE(board_.is_dark());
}

// Ten frames of 25 a second, two of which are said to be of one moment.
TEST_F(ExposureControlTest, TwoFramesOfOneMomentDoNotWeakenTheFlashForGood) {
  control().stream(stream());
  const MonotonicTime begin = clock_->monotonic_now();
  for (int i = 0; i < 80; ++i) {
    FrameInfo frame = next_frame();
    frame.monotonic = begin + 40ms * i + (i == 1 ? -40ms : 0ms);
    ordered_by(frame);
    control_->light(frame, 8.0 / 3, {{8, 1, 0}});
  }
  EXPECT_TRUE(reaches("illuminator", "flashing"));
  EXPECT_TRUE(soon([&] { return control_->flashes(); }));
  EXPECT_TRUE(soon([&] { return board_.get("duty_cycle") == "10000"; }))
      << board_.get("duty_cycle") << " of 10000, though 0.3 ms in 40 are far from the limit";
}

}  // namespace
}  // namespace wayside::app
