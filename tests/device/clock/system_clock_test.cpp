#include <chrono>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <sys/timex.h>

#include "wayside/device/clock/clock.hpp"

#include "src/device/clock/kernel_discipline.hpp"

namespace wayside {
namespace {

TEST(SystemClock, SaysTheSameUtcAsTheStandardLibrary) {
  const auto clock = make_system_clock();
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const UtcTime now = clock->utc_now();
  const auto after = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_GE(now.ms, std::chrono::floor<std::chrono::milliseconds>(before).count());
  EXPECT_LE(now.ms, std::chrono::floor<std::chrono::milliseconds>(after).count());
}

TEST(SystemClock, MonotonicTimeNeverGoesBack) {
  const auto clock = make_system_clock();
  MonotonicTime last = clock->monotonic_now();
  for (int i = 0; i < 1000; ++i) {
    const MonotonicTime now = clock->monotonic_now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClock, ClaimsNoBoundWithoutSynchronisation) {
  const TimeQuality quality = make_system_clock()->quality();
  EXPECT_EQ(quality.max_error_ms.has_value(), quality.source == TimeSource::ntp);
  EXPECT_FALSE(quality.synchronised_ago_s.has_value());
}

TEST(KernelDiscipline, SynchronisedGivesNtpWithTheBoundRoundedUp) {
  const TimeQuality quality = quality_of({TIME_OK, STA_PLL, 1'001});
  EXPECT_EQ(quality.source, TimeSource::ntp);
  EXPECT_EQ(quality.max_error_ms, 2);
  EXPECT_EQ(quality_of({TIME_OK, STA_PLL, 2'000}).max_error_ms, 2);
}

TEST(KernelDiscipline, ALeapSecondUnderWayIsStillSynchronised) {
  EXPECT_EQ(quality_of({TIME_INS, STA_PLL | STA_INS, 500}).source, TimeSource::ntp);
}

TEST(KernelDiscipline, AnythingThatSpeaksAgainstSynchronisationWins) {
  for (const KernelDiscipline& discipline :
       {KernelDiscipline{-1, 0, 500}, KernelDiscipline{TIME_ERROR, STA_PLL, 500},
        KernelDiscipline{TIME_OK, STA_UNSYNC, 500}, KernelDiscipline{TIME_OK, STA_CLOCKERR, 500},
        KernelDiscipline{TIME_OK, STA_PLL, -1}}) {
    const TimeQuality quality = quality_of(discipline);
    EXPECT_EQ(quality.source, TimeSource::unsynchronised);
    EXPECT_FALSE(quality.max_error_ms.has_value());
    EXPECT_FALSE(quality.synchronised_ago_s.has_value());
  }
}

TEST(TimeSource, EveryNameIsItsOwn) {
  std::set<std::string> names;
  for (const TimeSource source :
       {TimeSource::unsynchronised, TimeSource::ntp, TimeSource::gnss, TimeSource::recording}) {
    names.emplace(to_string(source));
  }
  EXPECT_EQ(names, (std::set<std::string>{"gnss", "ntp", "recording", "unsynchronised"}));
}

}  // namespace
}  // namespace wayside
