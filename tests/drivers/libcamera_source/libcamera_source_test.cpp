// The source against a capture process that does whatever a test says, life by life.
#include "drivers/libcamera_source/libcamera_source.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class LibcameraSourceTest : public testing::Test {
 protected:
  LibcameraSource& start(const std::string& lives, std::chrono::milliseconds stall_limit = 300ms) {
    std::ofstream(folder_.path() / "lives") << lives;
    LibcameraOptions options;
    options.program = {std::string(std::getenv("WAYSIDE_BINARY_DIR")) + "/tests/fake_capture",
                       {folder_.path().string()}};
    options.stall_limit = stall_limit;
    options.start_limit = 2000ms;
    options.first_pause = 5ms;
    options.longest_pause = 50ms;
    options.on_state = [this](CameraState state, const std::string& sentence) {
      states_.push_back(state);
      sentences_[state] = sentence;
    };
    options.on_stream = [this](const capture_link::Stream& stream) { streams_.push_back(stream); };
    source_ = make_libcamera_source(std::move(options), *clock_, counters_);
    EXPECT_TRUE(source_->start());
    return *source_;
  }
  // Nothing: no frame came within ten seconds.
  FramePtr frame() {
    for (int i = 0; i < 100; ++i) {
      Result<NextFrame> next = source_->next(100ms);
      EXPECT_TRUE(next);
      if (!next) return {};
      if (FramePtr* frame = std::get_if<FramePtr>(&*next)) return std::move(*frame);
    }
    return {};
  }
  // Holds every frame that comes meanwhile.
  bool reaches(CameraState state) {
    std::vector<Result<NextFrame>> held;
    for (int i = 0; i < 200; ++i) {
      if (std::find(states_.begin(), states_.end(), state) != states_.end()) return true;
      held.push_back(source_->next(50ms));
      EXPECT_TRUE(held.back());
    }
    return false;
  }
  std::uint64_t count(std::string_view name) { return counters_.counter(name).value(); }
  // Whatever the process did, the camera is started anew, gives frames, and what was wrong had a name.
  void expect_recovery_from(const std::string& life, CameraState state, const std::string& sentence) {
    start(life + "\nstream\n");
    EXPECT_TRUE(reaches(state));
    EXPECT_THAT(sentences_[state], HasSubstr(sentence));
    const FramePtr after = frame();
    ASSERT_TRUE(after);
    EXPECT_EQ(states_.back(), CameraState::streaming);
  }

  doubles::TemporaryFolder folder_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
  CounterSet counters_;
  std::vector<CameraState> states_;
  std::vector<capture_link::Stream> streams_;
  std::map<CameraState, std::string> sentences_;
  std::unique_ptr<LibcameraSource> source_;
};

TEST_F(LibcameraSourceTest, GivesFramesWhereTheCaptureProcessPutThem) {
  start("stream\n");
  std::vector<FramePtr> held;
  for (std::uint64_t number = 0; number < 3; ++number) {
    held.push_back(frame());
    ASSERT_TRUE(held.back());
    const Frame& got = *held.back();
    EXPECT_EQ(got.info().number.value(), number);
    ASSERT_EQ(got.luma().size(), cv::Size(64, 48));
    EXPECT_EQ(got.luma().step, 80U);  // the slot's own rows: nothing was copied
    EXPECT_EQ(got.luma().at<std::uint8_t>(47, 63), number);
    EXPECT_EQ(got.bgr().type(), CV_8UC3);
    EXPECT_EQ(got.bgr().at<cv::Vec3b>(10, 10), cv::Vec3b::all(static_cast<std::uint8_t>(number)));
    const auto age = clock_->monotonic_now() - got.info().monotonic;
    EXPECT_GE(age, 0ns);
    EXPECT_LT(age, 5s);
    EXPECT_LT(clock_->utc_now() - got.info().utc, 5s);
  }
  EXPECT_EQ(states_, (std::vector{CameraState::starting, CameraState::streaming}));
  EXPECT_EQ(count("capture_starts"), 1U);
}

TEST_F(LibcameraSourceTest, GivesEverySlotBackWithItsFrameAndKeepsNoneBack) {
  start("stream\n");
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(frame()) << i;  // of four slots
  EXPECT_EQ(count("capture_starts"), 1U);
  EXPECT_EQ(count("camera_frames_missed"), 0U);
}

TEST_F(LibcameraSourceTest, HoldingEveryFrameIsNoStallOfTheCamera) {
  start("stream\n", 100ms);
  std::vector<FramePtr> held;
  for (int i = 0; i < 4; ++i)
    held.push_back(frame());
  for (int i = 0; i < 6; ++i)
    EXPECT_TRUE(std::holds_alternative<Stalled>(*source_->next(50ms)));
  EXPECT_EQ(count("capture_starts"), 1U);
  held.clear();
  EXPECT_TRUE(frame());
  EXPECT_EQ(count("capture_starts"), 1U);
}

TEST_F(LibcameraSourceTest, FramesOutliveTheirProcessAndTheSource) {
  start("stream\n");
  frame();
  const FramePtr kept = frame();
  ASSERT_TRUE(kept);
  source_->stop();
  source_.reset();
  EXPECT_EQ(kept->luma().at<std::uint8_t>(0, 0), 1);
  EXPECT_EQ(kept->bgr().rows, 48);
}

TEST_F(LibcameraSourceTest, ACrashIsNamedAndNumbersGoOn) {
  start("segfault\nstream\n");
  const FramePtr before = frame();
  ASSERT_TRUE(before);
  ASSERT_TRUE(reaches(CameraState::crashed));
  EXPECT_THAT(sentences_[CameraState::crashed], HasSubstr("signal 11"));
  const FramePtr after = frame();
  ASSERT_TRUE(after);
  EXPECT_GT(after->info().number.value(), before->info().number.value());
  EXPECT_GT(after->info().monotonic, before->info().monotonic);
  EXPECT_EQ(count("capture_starts"), 2U);
}

TEST_F(LibcameraSourceTest, ADeathBeforeTheFirstWordIsNamed) {
  expect_recovery_from("die\ndie\ndie", CameraState::crashed, "exit code 7");
  EXPECT_EQ(count("capture_starts"), 4U);
}

TEST_F(LibcameraSourceTest, ProcessThatNamesOneTroubleAfterAnotherIsStartedAnew) {
  expect_recovery_from("chatters", CameraState::crashed, "one trouble after another");
  EXPECT_LE(states_.size(), 12U);
}

TEST_F(LibcameraSourceTest, AProcessThatHangsBeforeItsStreamIsEnded) {
  expect_recovery_from("hang", CameraState::stalled, "2000 ms");
}

TEST_F(LibcameraSourceTest, AStreamWithoutFramesIsEnded) {
  expect_recovery_from("silent", CameraState::stalled, "no frame");
}

TEST_F(LibcameraSourceTest, OnlyDamagedFramesAreAStallThatSaysSo) {
  expect_recovery_from("damaged", CameraState::stalled, "only damaged pictures");
  EXPECT_GT(count("camera_frames_damaged"), 5U);
}

TEST_F(LibcameraSourceTest, AProcessThatTakesEveryBufferForLentIsEnded) {
  expect_recovery_from("loses-slots", CameraState::stalled, "no frame");
  EXPECT_GT(count("camera_frames_unbuffered"), 5U);
}

TEST_F(LibcameraSourceTest, WhoFloodsTheLinkIsStalledAllTheSame) {
  expect_recovery_from("floods", CameraState::stalled, "only damaged pictures");
}

TEST_F(LibcameraSourceTest, AnotherSizeThanWasAgreedIsAStallThatSaysSo) {
  expect_recovery_from("resized", CameraState::stalled, "another size");
}

TEST_F(LibcameraSourceTest, NoCameraIsNamed) {
  expect_recovery_from("none\nnone\nnone", CameraState::none_present, "as the test says");
}

TEST_F(LibcameraSourceTest, ACameraThatComesLaterStreamsFromTheProcessThatWaitedForIt) {
  expect_recovery_from("arrives", CameraState::none_present, "none yet");
  EXPECT_EQ(count("capture_starts"), 1U);
}

TEST_F(LibcameraSourceTest, ABusyCameraIsNamed) {
  expect_recovery_from("busy", CameraState::busy, "as the test says");
}

TEST_F(LibcameraSourceTest, AWrongFormatIsNamed) {
  expect_recovery_from("format", CameraState::wrong_format, "as the test says");
}

TEST_F(LibcameraSourceTest, ACameraNotDecidedUponIsNamed) {
  expect_recovery_from("undecided", CameraState::undecided, "as the test says");
}

TEST_F(LibcameraSourceTest, UnpluggedInMidStreamIsNamedAndStaysSoWhileThereIsNone) {
  start("unplug\nnone\nnone\nstream\n");
  ASSERT_TRUE(frame());
  EXPECT_TRUE(reaches(CameraState::unplugged));
  ASSERT_TRUE(frame());
  EXPECT_EQ(states_.back(), CameraState::streaming);
  EXPECT_EQ(std::count(states_.begin(), states_.end(), CameraState::streaming), 2)
      << "a frame that was on its way is no sign of a camera";
  EXPECT_THAT(states_, testing::Not(testing::Contains(CameraState::none_present)));
  EXPECT_GT(count("camera_blind_ms"), 0U);
}

class Nonsense : public LibcameraSourceTest, public testing::WithParamInterface<const char*> {};

TEST_P(Nonsense, IsNotBelievedAndTheProcessStartedAnew) {
  expect_recovery_from(GetParam(), CameraState::crashed, "not to be believed");
  EXPECT_EQ(count("capture_starts"), 2U);
}

INSTANTIATE_TEST_SUITE_P(OfTheCaptureProcess, Nonsense,
                         testing::Values("garbage", "long", "frame-first", "outside", "larger", "twice",
                                         "no-slot", "second-stream"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(LibcameraSourceTest, GapsRepeatsAndDisorderAreCounted) {
  start("gaps\n");
  std::vector<std::uint64_t> numbers;
  while (numbers.size() < 5) {
    const FramePtr got = frame();
    ASSERT_TRUE(got);
    numbers.push_back(got->info().number.value());
  }
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{0, 1, 5, 6, 9}));
  EXPECT_EQ(count("camera_frames_missed"), 3U);        // 2, 3 and 4
  EXPECT_EQ(count("camera_frames_out_of_order"), 2U);  // 1 again, and 3 too late
  EXPECT_EQ(count("camera_frames_unbuffered"), 1U);
  EXPECT_EQ(count("camera_frames_damaged"), 1U);
}

TEST_F(LibcameraSourceTest, ACountThatWrapsGoesOn) {
  start("wraps\n");
  for (std::uint64_t number = 0; number < 5; ++number)
    EXPECT_EQ(frame()->info().number.value(), number);
  EXPECT_EQ(count("camera_frames_missed") + count("camera_frames_out_of_order"), 0U);
}

TEST_F(LibcameraSourceTest, ATimestampThatCannotBeIsReplacedByTheArrival) {
  start("old\n");
  const FramePtr got = frame();
  ASSERT_TRUE(got);
  EXPECT_LT(clock_->monotonic_now() - got->info().monotonic, 5s);
  EXPECT_EQ(count("camera_times_refused"), 1U);
}

TEST_F(LibcameraSourceTest, ControlsReachTheCameraAndComeBackWithTheFrame) {
  start("segfault\nstream\n");
  source_->set_controls({200, 2000});
  for (int life = 0; life < 2; ++life) {  // and are told to the next process too
    FramePtr got = frame();
    for (int i = 0; i < 50 && got && !got->info().exposure_us; ++i)
      got = frame();
    ASSERT_TRUE(got);
    if (count("capture_starts") == 1) continue;
    EXPECT_EQ(got->info().exposure_us, 200);
    ASSERT_TRUE(got->info().gain_db);
    EXPECT_NEAR(*got->info().gain_db, 6.02, 0.01);
  }
}

TEST_F(LibcameraSourceTest, WhatTheCameraLetsItselfBeToldIsToldBeforeItsFrames) {
  start("stream\n");
  ASSERT_TRUE(frame());
  ASSERT_EQ(streams_.size(), 1U);
  EXPECT_EQ(streams_[0].exposure_us, (capture_link::Range{20, 10'000}));
  EXPECT_FALSE(streams_[0].gain_thousandths);
}

TEST_F(LibcameraSourceTest, AProgramThatIsNotThereIsNamedAndTriedAgain) {
  LibcameraOptions options;
  options.program = {"/none/wayside-capture", {}};
  options.on_state = [this](CameraState state, const std::string& sentence) { sentences_[state] = sentence; };
  source_ = make_libcamera_source(std::move(options), *clock_, counters_);
  ASSERT_TRUE(source_->start());
  for (int i = 0; i < 20 && count("capture_starts") < 2; ++i)
    EXPECT_TRUE(source_->next(100ms));
  EXPECT_THAT(sentences_[CameraState::failed], HasSubstr("/none/wayside-capture"));
  EXPECT_GE(count("capture_starts"), 2U);
}

std::size_t entries(const char* folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST_F(LibcameraSourceTest, ManyLivesLeaveNothingBehind) {
  std::string lives;
  for (int i = 0; i < 30; ++i)
    lives += i % 2 == 0 ? "segfault\n" : "garbage\n";
  start(lives + "stream\n");
  const std::size_t before = entries("/proc/self/fd");
  while (count("capture_starts") < 31)
    frame();
  ASSERT_TRUE(frame());
  source_->stop();
  EXPECT_EQ(entries("/proc/self/fd"), before);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    EXPECT_EQ(line.find("wayside-frame"), std::string::npos) << line;
}

}  // namespace
}  // namespace wayside
