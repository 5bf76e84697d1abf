#include "src/app/timekeeping.hpp"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/memory_queue.hpp"

namespace wayside::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const UtcTime made = utc_from_iso8601("2026-11-01T00:00:00Z").value();
const UtcTime today = utc_from_iso8601("2026-12-01T12:00:00Z").value();
const std::string boot = "0123456789abcdef0123456789abcdef";
const std::string device = "0123456789abcdef";

class TimekeepingTest : public testing::Test {
 protected:
  TimekeepingTest() {
    options_.device_id = device;
    options_.keeper.not_before = made;
    options_.keeper.boot_id = boot;
    options_.ask = [this] { return said_; };
    options_.site = {{52.0, 0.1}};
  }
  Timekeeping& keeping() {
    if (!keeping_) keeping_.emplace(options_, clock_, health_);
    return *keeping_;
  }
  void look_following(TimeSource source = TimeSource::ntp) {
    said_ = Discipline{source, clock_.utc, 0.010};
    keeping().look();
  }
  VehiclePass pass_now() const {
    VehiclePass pass;
    for (FrameInfo* frame : {&pass.first_frame, &pass.best_frame, &pass.last_frame}) {
      frame->utc = clock_.utc;
      frame->monotonic = clock_.monotonic;
    }
    return pass;
  }
  std::vector<json> written() {
    static_cast<void>(keeping().write_records(queue_));
    std::vector<json> documents;
    for (const auto& record :
         queue_.waiting(RecordQueue::Order::oldest_first, {}, 1000, RecordClass::ledger)) {
      const auto sealed = queue_.read(record.number);
      EXPECT_TRUE(sealed);
      EXPECT_EQ(record.type, RecordType::clock);
      documents.push_back(json::parse(*sealed->part(PartKind::document)));
    }
    return documents;
  }
  std::string problem(const std::string& part) {
    const auto problems = health_.problems();
    const auto found = problems.find(part);
    return found == problems.end() ? "" : found->second;
  }

  doubles::HandClock clock_{today};
  Health health_;
  doubles::MemoryQueue queue_;
  TimekeepingOptions options_;
  Result<Discipline> said_ = fail(ErrorCode::unavailable, "chronyc could not reach chronyd; is it running?");
  std::optional<Timekeeping> keeping_;
};

TEST_F(TimekeepingTest, RecordsStateSourceErrorAgeAndWhichStartTheyAreOf) {
  look_following(TimeSource::gnss);
  clock_.wait_s(100);
  VehiclePass pass = pass_now();
  const TimeQuality quality = keeping().date(pass);
  EXPECT_EQ(quality.source, TimeSource::gnss);
  EXPECT_EQ(quality.synchronised_ago_s, 100);
  EXPECT_GE(quality.max_error_ms.value_or(0), 35);
  EXPECT_EQ(quality.boot_id, boot);
  EXPECT_FALSE(quality.redated_from);
  EXPECT_EQ(pass.best_frame.utc, clock_.utc);
}

TEST_F(TimekeepingTest, BeforeTheFirstSynchronisationRecordsAreMarkedAndTheRecordOfItDatesThem) {
  clock_.utc = {0};
  keeping().look();
  VehiclePass early = pass_now();
  const TimeQuality marked = keeping().date(early);
  EXPECT_EQ(marked.source, TimeSource::unsynchronised);
  EXPECT_FALSE(marked.max_error_ms);
  EXPECT_EQ(marked.boot_id, boot);
  EXPECT_TRUE(written().empty());
  clock_.wait_s(30);
  clock_.utc = today;
  look_following();
  clock_.wait_s(16);
  look_following();
  const std::vector<json> records = written();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].at("kind"), "step");
  EXPECT_EQ(records[0].at("step_ms"), today.ms - 30'000);
  EXPECT_EQ(records[1].at("kind"), "first_synchronisation");
  EXPECT_EQ(records[1].at("utc"), to_iso8601(clock_.utc));
  EXPECT_EQ(records[1].at("monotonic_ms"), 51'000);
  EXPECT_EQ(records[1].at("boot_id"), boot);
  EXPECT_EQ(records[1].at("device_id"), device);
  EXPECT_EQ(written().size(), 2U) << "each is written once";
}

TEST_F(TimekeepingTest, APassThatIsStillHereWhenTheClockIsSetIsPutRightAsAWhole) {
  clock_.utc = {0};
  keeping().look();
  VehiclePass pass = pass_now();
  clock_.wait_s(1);
  pass.last_frame.utc = clock_.utc;
  pass.last_frame.monotonic = clock_.monotonic;
  clock_.utc = today;
  look_following();
  clock_.wait_s(1);
  look_following();
  const TimeQuality quality = keeping().date(pass);
  EXPECT_EQ(quality.redated_from, UtcTime{0});
  EXPECT_EQ(pass.first_frame.utc, today + std::chrono::seconds(-1));
  EXPECT_EQ(pass.best_frame.utc, today + std::chrono::seconds(-1));
  EXPECT_EQ(pass.last_frame.utc, today);
}

TEST_F(TimekeepingTest, AStepIsARecordAndEndsThePromise) {
  look_following();
  written();
  clock_.wait_s(16);
  clock_.utc = clock_.utc + std::chrono::milliseconds(-700);
  EXPECT_EQ(keeping().quality().source, TimeSource::unsynchronised) << "before anybody has looked";
  look_following();
  const std::vector<json> records = written();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].at("kind"), "step");
  EXPECT_EQ(records[1].at("step_ms"), -700);
  EXPECT_THAT(problem("clock"), HasSubstr("was set"));
}

TEST_F(TimekeepingTest, EachStepIsToldOnceWithWhatTheClockWasSaidToFollow) {
  std::vector<std::pair<std::int64_t, TimeSource>> steps;
  options_.on_step = [&](const ClockEvent& step, TimeSource follows) {
    // Whoever is told may ask the clock.
    EXPECT_EQ(keeping().quality().source, TimeSource::unsynchronised);
    steps.emplace_back(step.step_ms, follows);
  };
  look_following();
  EXPECT_TRUE(steps.empty()) << "a first synchronisation is none";
  clock_.utc = clock_.utc + std::chrono::milliseconds(-700);
  look_following(TimeSource::gnss);
  clock_.wait_s(16);
  look_following(TimeSource::gnss);
  said_ = fail(ErrorCode::unavailable, "nobody answers");
  clock_.utc = clock_.utc + std::chrono::hours(1);
  keeping().look();
  EXPECT_THAT(steps, testing::ElementsAre(std::pair(-700, TimeSource::gnss),
                                          std::pair(3'600'000, TimeSource::unsynchronised)));
}

TEST_F(TimekeepingTest, ARecordThatTheQueueDoesNotTakeIsWrittenLater) {
  look_following();
  queue_.before_append = [](auto) -> Status { return fail(ErrorCode::io, "the disk is gone"); };
  EXPECT_FALSE(keeping().write_records(queue_));
  queue_.before_append = {};
  EXPECT_TRUE(keeping().write_records(queue_));
  EXPECT_FALSE(keeping().write_records(queue_));
  EXPECT_EQ(written().size(), 1U);
}

TEST_F(TimekeepingTest, ClockThatStepsForEverBehindADeadQueueFillsNoMemory) {
  look_following();
  queue_.before_append = [](auto) -> Status { return fail(ErrorCode::io, "the disk is gone"); };
  for (int i = 0; i < 500; ++i) {
    clock_.utc = clock_.utc + std::chrono::seconds(5);
    look_following();
    EXPECT_FALSE(keeping().write_records(queue_));
  }
  queue_.before_append = {};
  const std::vector<json> records = written();
  ASSERT_EQ(records.size(), RecordOutbox::most_waiting);
  EXPECT_EQ(records.front().at("kind"), "first_synchronisation");
  EXPECT_EQ(records.back().at("utc"), to_iso8601(clock_.utc)) << "and the newest";
}

TEST_F(TimekeepingTest, HealthSaysWhatIsWrongWithTheClockAndThatItIsRight) {
  keeping().look();
  EXPECT_THAT(problem("clock"),
              testing::AllOf(HasSubstr("could not reach chronyd"), HasSubstr("unsynchronised")));
  said_ = Discipline{};
  keeping().look();
  EXPECT_THAT(problem("clock"), HasSubstr("follows nothing"));
  look_following();
  EXPECT_EQ(problem("clock"), "");
  said_ = fail(ErrorCode::unavailable, "chronyc could not reach chronyd; is it running?");
  keeping().look();
  EXPECT_THAT(problem("clock"), HasSubstr("error grows"));
  clock_.utc = {0};
  keeping().look();
  look_following();
  clock_.wait_s(16);
  look_following();
  EXPECT_THAT(problem("clock"), HasSubstr("week number"));
}

TEST_F(TimekeepingTest, WhereNobodyKeepsItRecordsPromiseNothingAndStepsAreStillTold) {
  options_.ask = {};
  keeping().look();
  EXPECT_EQ(problem("clock"), "") << "as it was configured";
  EXPECT_EQ(keeping().quality().source, TimeSource::unsynchronised);
  clock_.utc = clock_.utc + std::chrono::seconds(9);
  keeping().look();
  ASSERT_EQ(written().size(), 1U);
  EXPECT_EQ(written()[0].at("step_ms"), 9000);
}

TEST_F(TimekeepingTest, TheKernelsWordCountsWithoutAnAge) {
  options_.ask = by_kernel(clock_);
  options_.age_known = false;
  keeping().look();
  EXPECT_EQ(keeping().quality().source, TimeSource::unsynchronised);
  clock_.kernel = {TimeSource::ntp, 40, {}};
  keeping().look();
  EXPECT_EQ(keeping().quality().source, TimeSource::ntp);
  EXPECT_GE(keeping().quality().max_error_ms.value_or(0), 40);
  EXPECT_FALSE(keeping().quality().synchronised_ago_s);
}

TEST_F(TimekeepingTest, TheAlarmOfAWrongPlaceStandsInTheHealthUntilItIsRight) {
  double latitude = 52.01;  // 1.1 km north
  options_.gnss = [&](std::chrono::milliseconds) -> Result<std::optional<GnssReport>> {
    return GnssReport{true, today, GnssPosition{latitude, 0.1, 5.0}};
  };
  for (int i = 0; i < 19; ++i)
    keeping().look_at_place({});
  EXPECT_EQ(problem("position"), "") << "some fixes may be anywhere";
  keeping().look_at_place({});
  EXPECT_THAT(problem("position"), HasSubstr("1112 m"));
  latitude = 52.0;
  for (int i = 0; i < 60; ++i)
    keeping().look_at_place({});
  EXPECT_EQ(problem("position"), "");
}

TEST_F(TimekeepingTest, ADeadGpsdIsNamed) {
  options_.gnss = [&](std::chrono::milliseconds) -> Result<std::optional<GnssReport>> {
    return fail(ErrorCode::unavailable, "gpsd could not be reached: Connection refused; is gpsd running?");
  };
  EXPECT_FALSE(keeping().look_at_place({}));
  EXPECT_THAT(problem("position"), HasSubstr("is gpsd running?"));
}

TEST_F(TimekeepingTest, AThreadOfItsOwnLooksAgainAndAgain) {
  std::atomic<int> looks{0};
  options_.ask = [&] {
    ++looks;
    return Result<Discipline>(Discipline{TimeSource::ntp, today, 0.010});
  };
  options_.every = std::chrono::milliseconds(1);
  keeping().start();
  for (int i = 0; i < 10'000 && looks < 3; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  keeping().stop();
  EXPECT_GE(looks, 3);
  const int then = looks;
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(looks, then);
}

TEST_F(TimekeepingTest, AReceiverWithoutAFixIsSaidAfterTenMinutes) {
  bool fix = false;
  options_.gnss = [&](std::chrono::milliseconds) -> Result<std::optional<GnssReport>> {
    if (!fix) return GnssReport{};
    return GnssReport{true, today, GnssPosition{52.0, 0.1, 5.0}};
  };
  EXPECT_TRUE(keeping().look_at_place(std::chrono::milliseconds(0)));
  clock_.wait_s(599);
  EXPECT_TRUE(keeping().look_at_place(std::chrono::milliseconds(0)));
  EXPECT_EQ(problem("position"), "");
  clock_.wait_s(1);
  EXPECT_TRUE(keeping().look_at_place(std::chrono::milliseconds(0)));
  EXPECT_THAT(problem("position"), HasSubstr("no fix for ten minutes"));
  fix = true;
  EXPECT_TRUE(keeping().look_at_place(std::chrono::milliseconds(0)));
  EXPECT_EQ(problem("position"), "");
}

}  // namespace
}  // namespace wayside::app
