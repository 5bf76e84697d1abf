#include "src/app/pipeline.hpp"

#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "tests/app/pipeline_doubles.hpp"
#include "tests/doubles/memory_queue.hpp"

namespace wayside::app {
namespace {

using doubles::FakeLocator;
using doubles::FakeReader;
using doubles::FakeTracker;
using doubles::Gate;
using doubles::MemoryQueue;
using doubles::numbered_frame;
using doubles::ScriptedSource;
using testing::ElementsAreArray;
using testing::HasSubstr;

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    options_.origin.device_id = "0123456789abcdef";
    options_.origin.site_name = "Test road";
    options_.origin.firmware_version = "0.1.0";
    options_.origin.model_version = "eng";
    options_.origin.configuration_version = "0123456789abcdef";
    options_.date = [](VehiclePass&) { return TimeQuality{TimeSource::recording, {}, {}}; };
    options_.on_finished = [this] { finished_.set_value(); };
    options_.writer.group_wait = std::chrono::milliseconds(5);
    options_.writer.retry_wait = std::chrono::milliseconds(5);
  }

  // `readers` threads that read, all watched by the same functions.
  Pipeline& make(std::vector<ScriptedSource::Step> script, bool waits, std::size_t readers = 1,
                 std::function<void(const Frame&)> on_locate = {},
                 std::function<void(const Frame&)> on_read = {}) {
    Stages stages;
    auto source = std::make_unique<ScriptedSource>(std::move(script), waits);
    source_ = source.get();
    stages.source = std::move(source);
    stages.locator = std::make_unique<FakeLocator>(3, on_locate);
    for (std::size_t i = 0; i < readers; ++i)
      stages.readers.push_back(std::make_unique<FakeReader>(on_read));
    stages.tracker = std::make_unique<FakeTracker>(tracked_, keeps_last_open_);
    pipeline_ = std::make_unique<Pipeline>(std::move(stages), options_, queue_, *clock_, counters_);
    return *pipeline_;
  }
  void run_to_end() {
    pipeline_->start();
    wait_to_end();
  }
  void wait_to_end() {
    ASSERT_EQ(finished_.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    pipeline_->wait();
  }
  std::uint64_t count(std::string_view name) { return counters_.counter(name).value(); }

  std::unique_ptr<Clock> clock_ = make_system_clock();
  CounterSet counters_;
  MemoryQueue queue_;
  PipelineOptions options_;
  std::promise<void> finished_;
  std::vector<std::uint64_t> tracked_;
  bool keeps_last_open_ = false;
  ScriptedSource* source_ = nullptr;
  std::unique_ptr<Pipeline> pipeline_;
};

std::vector<std::uint64_t> all_up_to(std::uint64_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  return numbers;
}

TEST_F(PipelineTest, ARecordingIsNeverDroppedFrom) {
  make(ScriptedSource::frames(200), true, 2);
  run_to_end();
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(200)));
  EXPECT_EQ(count("frames_captured"), 200U);
  EXPECT_EQ(count("frames_tracked"), 200U);
  EXPECT_EQ(count("frames_dropped") + count("frames_unread"), 0U);
  EXPECT_EQ(count("passes"), 133U);  // two of three frames have a plate
  EXPECT_EQ(count("records_stored"), 133U);
  EXPECT_EQ(queue_.depth().unacknowledged, 133U);
  EXPECT_EQ(source_->starts, 1);
  EXPECT_EQ(source_->stops, 1);
  EXPECT_FALSE(pipeline_->source_error().has_value());
}

TEST_F(PipelineTest, EveryFrameTellsHowBrightItCameOutAndSoDoItsPlates) {
  std::mutex mutex;
  std::set<std::uint64_t> came;
  std::map<std::uint64_t, std::size_t> plates;
  options_.on_frame = [&](const FrameInfo& frame) { came.insert(frame.number.value()); };
  options_.on_light = [&](const FrameInfo& frame, double scene, const std::vector<PlateBrightness>& seen) {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(scene, 90) << "numbered_frame()'s";
    for (const PlateBrightness& plate : seen)
      EXPECT_EQ(plate.bright, 90);
    plates[frame.number.value()] = seen.size();
  };
  make(ScriptedSource::frames(30), true, 2);
  run_to_end();
  EXPECT_EQ(came.size(), 30U);
  ASSERT_EQ(plates.size(), 30U);
  for (const auto& [number, count] : plates)
    EXPECT_EQ(count, number % 3 == 0 ? 0U : 1U) << number;  // two of three frames have a plate
}

TEST_F(PipelineTest, WhatIsMaskedIsBlackForWhoeverLooks) {
  options_.mask = PrivacyMask({{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}});
  std::mutex mutex;
  int seen = 0;
  const auto look = [&](const Frame& frame) {
    const std::lock_guard lock(mutex);
    ++seen;
    EXPECT_EQ(cv::countNonZero(frame.luma().colRange(0, 30)), 0);
    EXPECT_EQ(frame.luma().at<std::uint8_t>(20, 50), 90);
    EXPECT_EQ(cv::norm(frame.bgr().colRange(0, 30), cv::NORM_INF), 0);
  };
  options_.on_picture = look;
  make(ScriptedSource::frames(6), true, 1, look, look);
  run_to_end();
  EXPECT_EQ(seen, 6 + 6 + 4) << "each was shown, searched and, but for those without a plate, read";
}

TEST_F(PipelineTest, LightIsMeasuredOnlyWhileSomebodyAsks) {
  int measured = 0;
  options_.on_light = [&](const FrameInfo&, double, const std::vector<PlateBrightness>&) { ++measured; };
  options_.asks_for_light = [] { return false; };
  make(ScriptedSource::frames(6), true);
  run_to_end();
  EXPECT_EQ(measured, 0);
}

TEST_F(PipelineTest, ARecordingGivesTheSameRecordsWithAnyNumberOfThreads) {
  std::vector<std::vector<std::string>> runs;
  for (const std::size_t threads : {1U, 2U, 5U}) {
    MemoryQueue queue;
    CounterSet counters;
    std::vector<std::uint64_t> tracked;
    Stages stages;
    stages.source = std::make_unique<ScriptedSource>(ScriptedSource::frames(120), true);
    stages.locator = std::make_unique<FakeLocator>(4);
    for (std::size_t i = 0; i < threads; ++i) {
      // Frames take differently long, so that they are finished out of order.
      stages.readers.push_back(std::make_unique<FakeReader>([](const Frame& frame) {
        std::this_thread::sleep_for(std::chrono::microseconds(frame.info().number.value() % 5 * 300));
      }));
    }
    stages.tracker = std::make_unique<FakeTracker>(tracked);
    PipelineOptions options = options_;
    options.on_finished = {};
    Pipeline pipeline(std::move(stages), options, queue, *clock_, counters);
    pipeline.start();
    pipeline.wait();
    runs.push_back(queue.documents());
  }
  EXPECT_EQ(runs[0].size(), 90U);
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_EQ(runs[0], runs[2]);
}

TEST_F(PipelineTest, OverloadDropsTheOldestFramesCountedAndKeepsTheOrder) {
  Gate gate;
  auto script = ScriptedSource::frames(100);
  script.emplace_back([&] {
    gate.open();  // the camera has delivered all its frames while the localiser was busy with the first
    return NextFrame(numbered_frame(100));
  });
  make(std::move(script), false, 1, [&](const Frame&) { gate.pass(); });
  run_to_end();
  EXPECT_EQ(count("frames_captured"), 101U);
  EXPECT_GE(count("frames_dropped"), 101U - 1U - 2 * options_.ring_frames);
  EXPECT_EQ(count("frames_dropped") + count("frames_tracked"), 101U);
  EXPECT_EQ(tracked_.size(), count("frames_tracked"));
  EXPECT_TRUE(std::is_sorted(tracked_.begin(), tracked_.end()));
  EXPECT_EQ(tracked_.back(), 100U);
}

TEST_F(PipelineTest, FramesThatNobodyCouldReadLeaveNoHole) {
  Gate gate;
  std::atomic<std::uint64_t> located{0};
  auto script = ScriptedSource::frames(1);
  for (std::uint64_t n = 1; n <= 60; ++n) {
    script.emplace_back([&, n] {
      // Each frame waits until the one before was located: none is dropped at the ring.
      while (located.load() < n)
        std::this_thread::yield();
      return NextFrame(numbered_frame(n));
    });
  }
  script.emplace_back([&]() -> Result<NextFrame> {
    while (located.load() < 61)
      std::this_thread::yield();
    gate.open();
    return NextFrame(EndOfStream{});
  });
  make(
      std::move(script), false, 1, [&](const Frame&) { ++located; }, [&](const Frame&) { gate.pass(); });
  run_to_end();
  EXPECT_EQ(count("frames_dropped"), 0U);
  EXPECT_GT(count("frames_unread"), 0U);
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(61)));
  EXPECT_EQ(count("records_stored") + count("frames_unread"),
            40U);  // every frame with a plate is one or the other
}

TEST_F(PipelineTest, AStopLosesNothingThatWasCaptured) {
  Gate reached;
  auto script = ScriptedSource::frames(50);
  for (std::uint64_t n = 50; n < 100'000; ++n) {
    script.emplace_back([&, n] {
      if (n == 60) reached.open();
      return NextFrame(numbered_frame(n));
    });
  }
  make(std::move(script), true, 2).start();
  reached.pass();
  pipeline_->request_stop();
  wait_to_end();
  EXPECT_GT(count("frames_captured"), 50U);
  EXPECT_LT(count("frames_captured"), 100'000U);
  EXPECT_EQ(tracked_.size(), count("frames_captured"));
  EXPECT_EQ(count("records_stored"), count("passes"));
  EXPECT_EQ(source_->stops, 1);
}

TEST_F(PipelineTest, ASourceErrorStillDeliversWhatCameBefore) {
  auto script = ScriptedSource::frames(30);
  script.emplace_back(
      []() -> Result<NextFrame> { return fail(ErrorCode::corrupt, "a.mp4: frame 30 is damaged"); });
  make(std::move(script), true);
  run_to_end();
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(30)));
  EXPECT_EQ(count("records_stored"), 20U);
  ASSERT_TRUE(pipeline_->source_error().has_value());
  EXPECT_THAT(pipeline_->source_error()->message, HasSubstr("frame 30"));
  EXPECT_EQ(source_->stops, 1);
}

TEST_F(PipelineTest, AStalledCameraIsRestartedAndItsNumbersGoOn) {
  options_.stall_limit = std::chrono::milliseconds(100);
  auto script = ScriptedSource::frames(10);
  script.emplace_back([] { return NextFrame(Stalled{}); });
  for (auto& step : ScriptedSource::frames(10))
    script.push_back(step);  // counts from 0 again
  make(std::move(script), true);
  run_to_end();
  EXPECT_EQ(source_->starts, 2);
  EXPECT_EQ(count("camera_restarts"), 1U);
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(20)));
}

TEST_F(PipelineTest, ACameraSilentThroughEveryRestartIsGivenUp) {
  options_.stall_limit = std::chrono::milliseconds(100);
  std::vector<ScriptedSource::Step> script(50, [] { return NextFrame(Stalled{}); });
  make(std::move(script), false);
  run_to_end();
  EXPECT_EQ(count("camera_restarts"), 5U);
  ASSERT_TRUE(pipeline_->source_error().has_value());
  EXPECT_THAT(pipeline_->source_error()->message, HasSubstr("no frame through 5 restarts"));
}

TEST_F(PipelineTest, ACameraThatBringsItselfBackIsWaitedForHoweverLongItTakes) {
  options_.stall_limit = std::chrono::milliseconds(100);
  std::vector<ScriptedSource::Step> script(50, [] { return NextFrame(Stalled{}); });
  for (auto& step : ScriptedSource::frames(5))
    script.push_back(step);
  make(std::move(script), true);
  source_->brings_itself_back = true;
  run_to_end();
  EXPECT_EQ(source_->starts, 1);
  EXPECT_EQ(count("camera_restarts"), 0U);
  EXPECT_FALSE(pipeline_->source_error().has_value());
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(5)));
}

TEST_F(PipelineTest, WithoutLeaveNothingIsTakenFromTheCameraUntilThereIsLeave) {
  std::atomic<bool> leave{false};
  std::atomic<int> asked{0};
  options_.may_capture = [&] {
    ++asked;
    return leave.load();
  };
  make(ScriptedSource::frames(4), true);
  pipeline_->start();
  for (int i = 0; i < 100 && asked < 3; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(source_->starts, 0);
  EXPECT_TRUE(pipeline_->has_moved()) << "a watchdog has nothing to restart";
  leave = true;
  wait_to_end();
  EXPECT_EQ(source_->starts, 1);
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(4)));
}

TEST_F(PipelineTest, WhenLeaveEndsTheCameraIsStoppedAndWhatWasCapturedIsRecordedAtOnce) {
  keeps_last_open_ = true;
  std::atomic<bool> leave{true};
  options_.may_capture = [&] { return leave.load(); };
  auto script = ScriptedSource::frames(3);
  script.emplace_back([&] {
    leave = false;
    return NextFrame(numbered_frame(3));  // came too late
  });
  for (auto& step : ScriptedSource::frames(3))
    script.push_back(step);  // counts from 0 again
  make(std::move(script), true);
  pipeline_->start();
  for (int i = 0; i < 200 && queue_.waiting(RecordQueue::Order::oldest_first, {}, 9, {}).size() < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(queue_.waiting(RecordQueue::Order::oldest_first, {}, 9, {}).size(), 2U)
      << "frames 1 and 2 have a plate, and no later frame closed the second's pass";
  EXPECT_EQ(source_->stops, 1);
  leave = true;
  wait_to_end();
  EXPECT_EQ(source_->starts, 2);
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(6))) << "numbers go on";
  EXPECT_EQ(count("frames_captured"), 6U);
}

TEST_F(PipelineTest, APauseBelowTheLimitIsNoStall) {
  options_.stall_limit = std::chrono::milliseconds(2000);  // ten answers of at most 200 ms
  auto script = ScriptedSource::frames(1);
  for (int i = 0; i < 9; ++i)
    script.emplace_back([] { return NextFrame(Stalled{}); });
  script.emplace_back([] { return NextFrame(numbered_frame(1)); });
  for (int i = 0; i < 9; ++i)
    script.emplace_back([] { return NextFrame(Stalled{}); });
  make(std::move(script), true);
  run_to_end();
  EXPECT_EQ(count("camera_restarts"), 0U);
  EXPECT_THAT(tracked_, ElementsAreArray(all_up_to(2)));
}

TEST_F(PipelineTest, ABlockedDiskDropsFramesButNeverBlocksTheCamera) {
  Gate disk;
  queue_.before_append = [&](std::span<const RecordParts>) -> Status {
    disk.pass();
    return {};
  };
  constexpr std::uint64_t frames = 2000;
  auto script = ScriptedSource::frames(frames);
  script.emplace_back([&]() -> Result<NextFrame> {
    disk.open();  // reached only if the camera was never held up
    return NextFrame(EndOfStream{});
  });
  make(std::move(script), false);
  run_to_end();
  EXPECT_EQ(count("frames_captured"), frames);
  EXPECT_GT(count("frames_dropped"), 0U);
  EXPECT_EQ(count("frames_dropped") + count("frames_tracked"), frames);
  EXPECT_EQ(count("records_stored"), count("passes"));
}

TEST_F(PipelineTest, AFailingDiskIsTriedAgainUntilItTakesTheRecords) {
  std::atomic<int> failures{3};
  queue_.before_append = [&](std::span<const RecordParts>) -> Status {
    if (failures-- > 0) return fail(ErrorCode::io, "the device failed");
    return {};
  };
  make(ScriptedSource::frames(9), true);
  run_to_end();
  EXPECT_EQ(count("store_retries"), 3U);
  EXPECT_EQ(count("records_stored"), 6U);
  EXPECT_EQ(count("records_lost"), 0U);
}

TEST_F(PipelineTest, ADiskThatFailsHalfWayThroughAGroupGetsTheRestAgain) {
  queue_.takes_at_most = 1;
  options_.writer.group_records = 3;
  make(ScriptedSource::frames(9), true);
  run_to_end();
  EXPECT_EQ(count("records_stored"), 6U);
  EXPECT_EQ(count("records_lost"), 0U);
  EXPECT_EQ(queue_.depth().unacknowledged, 6U);
}

TEST_F(PipelineTest, TheQueueIsLookedAfterEvenWhenNothingPasses) {
  std::atomic<int> looks{0};
  options_.keep = [&] { ++looks; };
  make({}, true);
  run_to_end();
  EXPECT_GT(looks, 0);
}

TEST_F(PipelineTest, ADiskStillBrokenAtTheEndCostsCountedRecords) {
  queue_.before_append = [&](std::span<const RecordParts>) -> Status {
    pipeline_->request_stop();
    return fail(ErrorCode::exhausted, "no room");
  };
  make(ScriptedSource::frames(3), true);
  run_to_end();
  EXPECT_EQ(count("records_lost"), count("passes"));
  EXPECT_EQ(count("records_stored"), 0U);
}

TEST_F(PipelineTest, ARecordTheQueueRefusesCostsOnlyItself) {
  queue_.before_append = [&](std::span<const RecordParts> group) -> Status {
    for (const RecordParts& record : group) {
      const std::string document(record.document.begin(), record.document.end());
      if (document.find("\"number\":4") != std::string::npos)
        return fail(ErrorCode::invalid_input, "too large");
    }
    return {};
  };
  make(ScriptedSource::frames(9), true);
  run_to_end();
  EXPECT_EQ(count("records_refused_by_queue"), 1U);
  EXPECT_EQ(count("records_stored"), 5U);
}

TEST_F(PipelineTest, GroupsAreNeverLargerThanAsked) {
  options_.writer.group_records = 4;
  options_.writer.group_wait = std::chrono::milliseconds(1000);
  make(ScriptedSource::frames(30), true);
  run_to_end();
  const std::vector<std::size_t> groups = queue_.groups();
  EXPECT_EQ(std::accumulate(groups.begin(), groups.end(), std::size_t{0}), 20U);
  EXPECT_THAT(groups, testing::Each(testing::Le(4U)));
  EXPECT_EQ(groups.front(), 4U);
}

TEST_F(PipelineTest, AHitIsWrittenAtOnceAndItsRecordSaysWhichEntry) {
  options_.writer.group_records = 4;
  options_.writer.group_wait = std::chrono::hours(1);
  options_.hits = [](const VehiclePass& pass, const TimeQuality&) {
    std::vector<RecordHit> hits;
    if (pass.best_frame.number.value() == 1)
      hits.push_back({"north", 7, 120, "N1", "exact", pass.vrm, std::nullopt, 0.9});
    return hits;
  };
  make(ScriptedSource::frames(3), true);  // passes of the frames 1 and 2
  run_to_end();
  EXPECT_THAT(queue_.groups(), testing::ElementsAre(1U, 1U));  // it waits for no other
  EXPECT_EQ(queue_.waiting(RecordQueue::Order::oldest_first, {}, 9, RecordClass::hit).size(), 1U);
  const Bytes document = queue_.read(SequenceNumber(1)).value().parts.at(0).bytes;
  EXPECT_THAT(std::string(document.begin(), document.end()),
              HasSubstr(R"("hits":[{"differing":null,"entry":120,"list":"north","match":"exact",)"));
}

TEST_F(PipelineTest, APassIsDatedBeforeItIsMatchedAgainstLists) {
  const UtcTime right = utc_from_iso8601("2026-11-28T12:00:00Z").value();
  options_.date = [&](VehiclePass& pass) {
    for (FrameInfo* frame : {&pass.first_frame, &pass.best_frame, &pass.last_frame})
      frame->utc = right;
    return TimeQuality{TimeSource::ntp, 7, 0};
  };
  std::vector<std::pair<UtcTime, TimeQuality>> matched;
  options_.hits = [&](const VehiclePass& pass, const TimeQuality& time) {
    matched.emplace_back(pass.best_frame.utc, time);
    return std::vector<RecordHit>{};
  };
  make(ScriptedSource::frames(2), true);
  run_to_end();
  ASSERT_FALSE(matched.empty());
  EXPECT_EQ(matched.front().first, right);
  EXPECT_EQ(matched.front().second.max_error_ms, 7);
}

TEST_F(PipelineTest, EveryThreadSaysWhatItIsFor) {
  Gate gate;
  make(ScriptedSource::frames(3), true, 2, [&](const Frame&) { gate.pass(); }).start();
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  std::set<std::string> names;
  const std::set<std::string> expected = {"capture", "locate",       "read-1", "read-2",
                                          "track",   "queue-writer", "event"};
  // A thread names itself as its first act, which may be after the gate was reached by others.
  for (int round = 0;
       round < 1000 && !std::includes(names.begin(), names.end(), expected.begin(), expected.end());
       ++round) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string name;
      std::ifstream(task.path() / "comm") >> name;
      names.insert(name);
    }
    std::this_thread::yield();
  }
  for (const std::string& name : expected) {
    EXPECT_TRUE(names.contains(name) || name == "capture") << name;  // capture may have ended already
  }
  gate.open();
  wait_to_end();
}

TEST_F(PipelineTest, MovementIsSeenWhereThereIsSomeAndNotWhereAFrameHangs) {
  Gate gate;
  Gate source_gate;
  auto script = ScriptedSource::frames(2);
  script.emplace_back([&] {
    source_gate.pass();
    return NextFrame(numbered_frame(2));
  });
  make(std::move(script), true, 1, [&](const Frame& frame) {
    if (frame.info().number.value() == 1) gate.pass();
  }).start();
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  ASSERT_TRUE(source_gate.wait_for_arrivals(1));
  while (count("frames_tracked") < 1)
    std::this_thread::yield();
  EXPECT_TRUE(pipeline_->has_moved());   // the first frame was finished
  EXPECT_FALSE(pipeline_->has_moved());  // the second hangs in the localiser
  gate.open();
  while (count("frames_tracked") < 2)
    std::this_thread::yield();
  EXPECT_TRUE(pipeline_->has_moved());
  EXPECT_FALSE(pipeline_->has_moved());  // nothing to do, but the camera does not answer either
  source_gate.open();
  wait_to_end();
}

}  // namespace
}  // namespace wayside::app
