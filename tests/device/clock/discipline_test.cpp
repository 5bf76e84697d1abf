#include "wayside/device/clock/discipline.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::HasSubstr;

// As chronyc 4.3 prints them.
constexpr const char* pps =
    "50505300,PPS,1,1795833182.047266595,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000001,"
    "0.000001757,0.0,Normal\n";
constexpr const char* local =
    "7F7F0101,,10,1795833029.847422237,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,"
    "0.000000000,0.0,Normal\n";
const std::string server =
    "CB00710F,203.0.113.15,3,1485510557.250000000,-0.000006523,-0.000006747,0.000035822,-3.225,-0.000,0.129,"
    "0.013639022,0.001100737,64.2,Normal\n";

TEST(Discipline, AServerGivesNtpAndTheDocumentedBound) {
  const auto discipline = discipline_from_tracking(server);
  ASSERT_TRUE(discipline) << discipline.error().message;
  EXPECT_EQ(discipline->source, TimeSource::ntp);
  EXPECT_NEAR(discipline->bound_s, 0.000006523 + 0.001100737 + 0.013639022 / 2, 1e-9);
  EXPECT_EQ(discipline->updated.ms, 1485510557250);
}

TEST(Discipline, AReferenceClockGivesGnss) {
  EXPECT_EQ(discipline_from_tracking(pps)->source, TimeSource::gnss);
  // A server whose address looks like letters is one all the same: it is further away.
  std::string far = pps;
  far.replace(far.find(",1,"), 3, ",2,");
  EXPECT_EQ(discipline_from_tracking(far)->source, TimeSource::ntp);
}

TEST(Discipline, ChronysLocalModeFollowsNothing) {
  EXPECT_EQ(discipline_from_tracking(local)->source, TimeSource::unsynchronised);
  std::string lost = server;
  lost.replace(lost.find("Normal"), 6, "Not synchronised");
  EXPECT_EQ(discipline_from_tracking(lost)->source, TimeSource::unsynchronised);
  EXPECT_EQ(discipline_from_tracking(
                "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,"
                "1.000000000,0.0,Not synchronised\n")
                ->source,
            TimeSource::unsynchronised);
}

TEST(Discipline, ALeapSecondAheadIsStillSynchronised) {
  std::string leap = server;
  leap.replace(leap.find("Normal"), 6, "Insert second");
  EXPECT_EQ(discipline_from_tracking(leap)->source, TimeSource::ntp);
}

TEST(Discipline, WhatIsNoTrackingIsRefusedByField) {
  const auto with = [](const char* from, const char* to) {
    std::string line = server;
    line.replace(line.find(from), std::string_view(from).size(), to);
    return line;
  };
  for (const auto& [line, field] : {std::pair{std::string("506 Cannot talk to daemon\n"), "14"},
                                    {std::string(), "14"},
                                    {with("CB00710F", "CB00710"), "reference id"},
                                    {with("CB00710F", "CB0071-F"), "reference id"},
                                    {with("1485510557.25", "-5"), "reference time"},
                                    {with("1485510557.25", "1e99"), "reference time"},
                                    {with("-0.000006523", "nan"), "system time"},
                                    {with("-0.000006523", "inf"), "system time"},
                                    {with("0.001100737", "-1"), "root dispersion"},
                                    {with("0.013639022", "99999"), "root delay"},
                                    {with(",3,", ",x,"), "stratum"},
                                    {with("Normal", "Perhaps"), "leap status"}}) {
    const auto refused = discipline_from_tracking(line);
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(refused.error().message, HasSubstr(field));
  }
}

}  // namespace
}  // namespace wayside
