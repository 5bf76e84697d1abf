#include "wayside/device/clock/gnss_report.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::HasSubstr;

constexpr const char* fix =
    R"({"class":"TPV","device":"/dev/ttyS1","mode":3,"time":"2026-11-28T02:15:30.000Z","leapseconds":18,"ept":0.005,"lat":52.229500000,"lon":0.153200000,"altHAE":61.3,"epx":2.1,"epy":2.6,"epv":5.1,"eph":4.2})";

TEST(GnssReport, AFixGivesTimeAndPosition) {
  const auto report = gnss_from_json(fix);
  ASSERT_TRUE(report && *report);
  EXPECT_TRUE((*report)->fix);
  EXPECT_EQ(to_iso8601((*report)->utc.value()), "2026-11-28T02:15:30.000Z");
  EXPECT_DOUBLE_EQ((*report)->position->latitude, 52.2295);
  EXPECT_DOUBLE_EQ((*report)->position->longitude, 0.1532);
  EXPECT_DOUBLE_EQ((*report)->position->error_m.value(), 4.2);
}

TEST(GnssReport, WithoutAFixNothingElseCounts) {
  const auto report =
      gnss_from_json(R"({"class":"TPV","mode":1,"time":"2006-08-22T00:00:00.000Z","lat":0.0,"lon":0.0})");
  ASSERT_TRUE(report && *report);
  EXPECT_FALSE((*report)->fix);
  EXPECT_FALSE((*report)->utc);
  EXPECT_FALSE((*report)->position);
}

TEST(GnssReport, OtherReportsArePassedOver) {
  for (const char* line : {R"({"class":"VERSION","release":"3.22","proto_major":3})",
                           R"({"class":"SKY","nSat":12,"satellites":[{"PRN":1,"el":2.0}]})"}) {
    const auto report = gnss_from_json(line);
    ASSERT_TRUE(report) << line;
    EXPECT_FALSE(*report);
  }
}

TEST(GnssReport, WhatCannotBeIsRefused) {
  for (const auto& [line, what] : {std::pair{std::string(fix).substr(0, 120), "no JSON object"},
                                   {std::string(), "no JSON object"},
                                   {std::string("[]"), "no JSON object"},
                                   {std::string(R"({"mode":3})"), "no class"},
                                   {std::string(R"({"class":"TPV"})"), "no mode"},
                                   {std::string(R"({"class":"TPV","mode":9})"), "mode is 9"},
                                   {std::string(R"({"class":"TPV","mode":"3"})"), "mode is no number"},
                                   {std::string(R"({"class":"TPV","mode":3,"lat":91})"), "lat is 91"},
                                   {std::string(R"({"class":"TPV","mode":3,"lat":1,"lon":1e99})"), "lon is"},
                                   {std::string(R"({"class":"TPV","mode":3,"time":"yesterday"})"), "time"},
                                   {std::string(R"({"class":"TPV","mode":3,"time":5})"), "time is no text"},
                                   {std::string(5000, ' '), "longer"},
                                   {std::string(1000, '['), "deeper"}}) {
    const auto refused = gnss_from_json(line);
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(refused.error().message, HasSubstr(what));
  }
}

}  // namespace
}  // namespace wayside
