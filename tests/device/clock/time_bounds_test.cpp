#include "wayside/device/clock/time_bounds.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

TimeQuality quality(TimeSource source, std::optional<std::int64_t> max_error_ms) {
  TimeQuality quality;
  quality.source = source;
  quality.max_error_ms = max_error_ms;
  return quality;
}

TEST(TimeBounds, OnlyAClockThatFollowsAnotherAndStatesItsErrorGivesAny) {
  const UtcTime said{1'795'000'000'000};
  for (const TimeSource source : {TimeSource::ntp, TimeSource::gnss}) {
    const TimeBounds bounds = time_bounds(said, quality(source, 50));
    EXPECT_EQ(bounds,
              (TimeBounds{said + std::chrono::milliseconds(-50), said + std::chrono::milliseconds(50)}));
    EXPECT_FALSE(time_bounds(said, quality(source, std::nullopt)).latest);
  }
  EXPECT_FALSE(time_bounds(said, quality(TimeSource::unsynchronised, 50)).latest);
  EXPECT_EQ(time_bounds(said, quality(TimeSource::recording, std::nullopt)), (TimeBounds{said, said}));
}

TEST(TimeBounds, AClockThatIsBehindWhatIsKnownIsNotBelieved) {
  const TimeBounds bounds{UtcTime{1000}, UtcTime{2000}};
  EXPECT_EQ(not_before(bounds, UtcTime{500}), bounds);
  EXPECT_EQ(not_before(bounds, UtcTime{1500}), (TimeBounds{UtcTime{1500}, UtcTime{2000}}));
  EXPECT_EQ(not_before(bounds, UtcTime{2001}), (TimeBounds{UtcTime{2001}, std::nullopt}));
}

}  // namespace
}  // namespace wayside
