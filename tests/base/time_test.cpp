#include "wayside/base/time.hpp"

#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

namespace wayside {
namespace {

TEST(UtcTime, PrintsAndReadsTheSameInstant) {
  const UtcTime time{1795368940123};
  EXPECT_EQ(to_iso8601(time), "2026-11-22T17:35:40.123Z");
  EXPECT_EQ(utc_from_iso8601("2026-11-22T17:35:40.123Z").value(), time);
  EXPECT_EQ(to_iso8601(UtcTime{-1}), "1969-12-31T23:59:59.999Z");
}

TEST(UtcTime, PrintsTimesBefore1970) {
  for (const char* text : {"1969-12-31T23:59:59.001Z", "1969-07-20T20:17:40.000Z", "1600-02-29T00:00:00.500Z",
                           "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}) {
    EXPECT_EQ(to_iso8601(utc_from_iso8601(text).value()), text);
  }
}

TEST(UtcTime, WhatFourDigitsOfAYearCannotSayIsClamped) {
  const UtcTime first = utc_from_iso8601("0000-01-01T00:00:00.000Z").value();
  const UtcTime last = utc_from_iso8601("9999-12-31T23:59:59.999Z").value();
  for (const std::int64_t ms : {std::int64_t{1}, std::int64_t{86'400'000}}) {
    EXPECT_EQ(to_iso8601(first + std::chrono::milliseconds(-ms)), "0000-01-01T00:00:00.000Z");
    EXPECT_EQ(to_iso8601(last + std::chrono::milliseconds(ms)), "9999-12-31T23:59:59.999Z");
  }
  EXPECT_EQ(to_iso8601({INT64_MIN}), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601({INT64_MAX}), "9999-12-31T23:59:59.999Z");
}

TEST(UtcTime, TakesAFractionOfOneToThreeDigitsOrNone) {
  EXPECT_EQ(utc_from_iso8601("1970-01-01T00:00:01Z").value().ms, 1000);
  EXPECT_EQ(utc_from_iso8601("1970-01-01T00:00:01.5Z").value().ms, 1500);
}

TEST(UtcTime, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026-11-22", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234Z",
        "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00Z "}) {
    EXPECT_FALSE(utc_from_iso8601(text)) << text;
  }
}

}  // namespace
}  // namespace wayside
