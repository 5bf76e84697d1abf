#include "wayside/device/clock/time_keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::HasSubstr;

const UtcTime made = utc_from_iso8601("2026-11-01T00:00:00Z").value();
constexpr std::int64_t week_ms = std::int64_t{7} * 86'400'000;

// A camera's two clocks, and a discipline that follows.
struct Camera {
  TimeKeeper keeper{
      {.oscillator_ppm = 50, .not_before = made, .boot_id = "0123456789abcdef0123456789abcdef"}};
  ClockReading now{{5'000'000'000}, made + std::chrono::hours(24 * 30)};

  void wait(double s) {
    now.monotonic = now.monotonic + std::chrono::nanoseconds(static_cast<std::int64_t>(s * 1e9));
    now.utc = now.utc + std::chrono::milliseconds(static_cast<std::int64_t>(s * 1e3));
  }
  void set(std::int64_t by_ms) { now.utc = now.utc + std::chrono::milliseconds(by_ms); }
  void look_updated(TimeSource source = TimeSource::ntp, double bound = 0.010) {
    keeper.look(now, Discipline{source, now.utc, bound});
  }
  [[nodiscard]] TimeQuality quality() const { return keeper.quality(now); }
};

TEST(TimeKeeper, BeforeTheFirstSynchronisationNothingIsPromised) {
  Camera camera;
  camera.keeper.look(camera.now, std::nullopt);
  EXPECT_EQ(camera.quality().source, TimeSource::unsynchronised);
  EXPECT_FALSE(camera.quality().max_error_ms);
  EXPECT_EQ(camera.quality().boot_id, "0123456789abcdef0123456789abcdef");
}

TEST(TimeKeeper, StatesSourceBoundAndAge) {
  Camera camera;
  camera.look_updated(TimeSource::gnss, 0.001);
  camera.wait(100);
  // Its own, the reading, 50 ppm of 100 s, and what it may be slewed by since.
  const TimeQuality quality = camera.quality();
  EXPECT_EQ(quality.source, TimeSource::gnss);
  EXPECT_EQ(quality.synchronised_ago_s, 100);
  EXPECT_NEAR(static_cast<double>(quality.max_error_ms.value()), 1 + 20 + 5 + 50, 1);
}

TEST(TimeKeeper, TheFirstSynchronisationIsToldOnceWithWhatDatesEarlierRecords) {
  Camera camera;
  camera.now.utc = {0};  // two years without a battery
  camera.keeper.look(camera.now, std::nullopt);
  const MonotonicTime taken = camera.now.monotonic;
  camera.wait(300);
  const std::int64_t truth_ms = made.ms + 40 * week_ms;
  camera.now.utc = {truth_ms};
  camera.look_updated();
  EXPECT_EQ(camera.quality().source, TimeSource::unsynchronised)
      << "it may have been measured before the step";
  camera.wait(16);
  camera.look_updated();
  EXPECT_EQ(camera.quality().source, TimeSource::ntp);
  const auto step = camera.keeper.next_event();
  ASSERT_TRUE(step);
  EXPECT_EQ(step->kind, ClockEvent::Kind::step);
  const auto first = camera.keeper.next_event();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, ClockEvent::Kind::first_synchronisation);
  EXPECT_FALSE(camera.keeper.next_event());
  const Redated redated = redate(taken, first->at, first->max_error_ms.value());
  EXPECT_EQ(redated.utc.ms, truth_ms - 300'000);
  EXPECT_GE(redated.max_error_ms, first->max_error_ms.value() + 16);  // 316 s at 50 ppm
  camera.wait(16);
  camera.look_updated();
  EXPECT_FALSE(camera.keeper.next_event());
}

TEST(TimeKeeper, AStepEndsThePromiseAtOnce) {
  Camera camera;
  camera.look_updated();
  camera.wait(5);
  camera.set(3'000);
  EXPECT_EQ(camera.quality().source, TimeSource::unsynchronised) << "before anybody has looked";
  // chrony has not measured yet, and says what it said.
  camera.keeper.look(camera.now,
                     Discipline{TimeSource::ntp, camera.now.utc + std::chrono::seconds(-8), 0.01});
  EXPECT_FALSE(camera.quality().max_error_ms);
  (void)camera.keeper.next_event();
  const auto step = camera.keeper.next_event();
  ASSERT_TRUE(step);
  EXPECT_EQ(step->step_ms, 3'000);
  EXPECT_FALSE(step->whole_gnss_weeks);
  camera.wait(16);
  camera.look_updated(TimeSource::ntp, 3.02);
  EXPECT_GE(camera.quality().max_error_ms.value(), 3'020);
}

TEST(TimeKeeper, ALeapSecondIsAStepOfOneSecond) {
  Camera camera;
  camera.look_updated();
  (void)camera.keeper.next_event();
  camera.wait(16);
  camera.set(-1'000);
  camera.look_updated();
  EXPECT_FALSE(camera.quality().max_error_ms);
  EXPECT_EQ(camera.keeper.next_event()->step_ms, -1'000);
  camera.wait(16);
  camera.look_updated();
  EXPECT_EQ(camera.quality().source, TimeSource::ntp);
}

TEST(TimeKeeper, WithoutADisciplineTheBoundGrows) {
  Camera camera;
  camera.look_updated();
  camera.wait(200);
  std::int64_t last = camera.quality().max_error_ms.value();
  for (int day = 1; day <= 14; ++day) {
    camera.wait(86'400);
    camera.keeper.look(camera.now, std::nullopt);
    EXPECT_NEAR(static_cast<double>(camera.quality().max_error_ms.value() - last), 4'320, 1);
    last = camera.quality().max_error_ms.value();
  }
  EXPECT_EQ(camera.quality().synchronised_ago_s, 14 * 86'400 + 200);
}

TEST(TimeKeeper, AGnssWeekThatRanOverIsNotBelievedAndSaid) {
  Camera camera;
  camera.look_updated(TimeSource::gnss, 0.001);
  (void)camera.keeper.next_event();
  for (const std::int64_t weeks : {-1024, 1024 * 2}) {
    camera.set(weeks * week_ms);
    for (int i = 0; i < 5; ++i) {
      camera.look_updated(TimeSource::gnss, 0.001);
      camera.wait(16);
      EXPECT_EQ(camera.quality().source, TimeSource::unsynchronised);
    }
    EXPECT_THAT(camera.keeper.problem(), HasSubstr("week number"));
    const auto step = camera.keeper.next_event();
    ASSERT_TRUE(step);
    EXPECT_TRUE(step->whole_gnss_weeks);
  }
  camera.set(-1024 * week_ms);
  camera.look_updated(TimeSource::gnss, 0.001);
  camera.wait(16);
  camera.look_updated(TimeSource::gnss, 0.001);
  EXPECT_EQ(camera.quality().source, TimeSource::gnss);
  EXPECT_EQ(camera.keeper.problem(), "");
}

TEST(TimeKeeper, AMeasurementThatIsYetToComeIsNotBelieved) {
  Camera camera;
  camera.keeper.look(camera.now, Discipline{TimeSource::ntp, camera.now.utc + std::chrono::hours(1), 0.010});
  EXPECT_EQ(camera.quality().source, TimeSource::unsynchronised);
  EXPECT_THAT(camera.keeper.problem(), HasSubstr("yet to come"));
  camera.wait(16);
  camera.look_updated();
  EXPECT_EQ(camera.quality().source, TimeSource::ntp);
  EXPECT_EQ(camera.keeper.problem(), "");
}

TEST(TimeKeeper, AFrameStampedBeforeTheClockWasSetIsPutRightOnceAndSaysSo) {
  Camera camera;
  camera.now.utc = {0};
  camera.keeper.look(camera.now, std::nullopt);
  const ClockReading stamped = camera.now;
  EXPECT_FALSE(camera.keeper.time_of(stamped, camera.now).quality.redated_from);
  camera.wait(2);
  camera.now.utc = made + std::chrono::hours(48);
  camera.look_updated();
  EXPECT_FALSE(camera.keeper.time_of(stamped, camera.now).quality.max_error_ms);
  camera.wait(2);
  camera.look_updated();
  const auto taken = camera.keeper.time_of(stamped, camera.now);
  EXPECT_EQ(taken.utc, made + std::chrono::hours(48) + std::chrono::seconds(-2));
  EXPECT_EQ(taken.quality.redated_from, stamped.utc);
  EXPECT_GT(taken.quality.max_error_ms.value(), camera.quality().max_error_ms.value());
  const ClockReading later = camera.now;
  camera.wait(1);
  EXPECT_EQ(camera.keeper.time_of(later, camera.now).utc, later.utc);
  EXPECT_FALSE(camera.keeper.time_of(later, camera.now).quality.redated_from);
}

TEST(TimeKeeper, ALeapSecondThatMayLieBetweenIsAllowedForInDatingEarlierRecords) {
  const ClockReading trusted{{900'000'000'000}, utc_from_iso8601("2027-01-01T00:05:00Z").value()};
  const Redated before = redate({500'000'000'000}, trusted, 10);
  const Redated behind = redate({700'000'000'000}, trusted, 10);
  EXPECT_EQ(to_iso8601(before.utc), "2026-12-31T23:58:20.000Z");
  EXPECT_GE(before.max_error_ms, behind.max_error_ms + 1000);
}

TEST(TimeKeeper, ADisciplineThatFollowsNothingPromisesNothing) {
  Camera camera;
  camera.keeper.look(camera.now, Discipline{TimeSource::unsynchronised, camera.now.utc, 0});
  EXPECT_FALSE(camera.quality().max_error_ms);
}

}  // namespace
}  // namespace wayside
