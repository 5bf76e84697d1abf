// The daemon's answers as a person reads them: whatever it says of itself is shown, and what it does not say
// is left out.
#include "src/app/console/answer_lines.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::app {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string shown(std::string_view what, const json& answer) {
  return fmt::format("{}", fmt::join(lines_of_answer(what, answer), "\n"));
}

TEST(AnswerLines, HealthTellsStatesAndProblems) {
  EXPECT_THAT(shown("health", {{"healthy", false},
                               {"capturing", true},
                               {"device_id", "0123456789abcdef"},
                               {"states", {{"exposure", "planned"}}},
                               {"problems", {{{"part", "uplink"}, {"reason", "no certificate"}}}}}),
              AllOf(HasSubstr("healthy         no"), HasSubstr("capturing       yes"),
                    HasSubstr("exposure        planned"), HasSubstr("uplink: no certificate")));
}

TEST(AnswerLines, AnAuthorityIsShownWithWhoseItIsWhatForAndUntilWhen) {
  EXPECT_THAT(
      shown("authority", {{"needed", true},
                          {"may_capture", true},
                          {"sentence", "its review is due in 7 days"},
                          {"number", 7},
                          {"organisation", "Example Constabulary"},
                          {"purpose", "Serious crime"},
                          {"site", "A14 J31"},
                          {"contact", "anpr@example.org"},
                          {"valid_from", "2026-11-28T00:00:00.000Z"},
                          {"valid_until", "2027-11-28T00:00:00.000Z"},
                          {"review", "2027-05-28T00:00:00.000Z"},
                          {"overview_occupants", "clear"}}),
      AllOf(HasSubstr("Example Constabulary"), HasSubstr("Serious crime"), HasSubstr("A14 J31"),
            HasSubstr("anpr@example.org"), HasSubstr("2027-11-28"), HasSubstr("2027-05-28"),
            HasSubstr("due in 7 days"), HasSubstr("number          7"), HasSubstr("occupants       clear")));
}

TEST(AnswerLines, TheClockTellsWhoseWordItIsHowGoodAndHowOld) {
  EXPECT_THAT(shown("clock", {{"utc", "2026-11-28T10:00:00.000Z"},
                              {"source", "ntp"},
                              {"max_error_ms", 12},
                              {"synchronised_ago_s", 64}}),
              AllOf(HasSubstr("12 ms"), HasSubstr("64 s ago"), HasSubstr("ntp")));
}

TEST(AnswerLines, WhyTheLastTryToReachTheOfficeFailedIsShownWhereItDid) {
  json queue = {{"waiting", 3}, {"segments", 9}, {"upload", true}, {"circuit_open", false}};
  EXPECT_THAT(shown("queue", queue),
              AllOf(HasSubstr("waiting         3 records"), Not(HasSubstr("last try failed"))));
  EXPECT_EQ(link_problem(queue, true), "");
  EXPECT_THAT(link_problem(queue, false), HasSubstr("the first try is under way"));
  queue["last_failure"] = {{"reason", "Could not resolve host: office.example"}, {"ago_s", 12}};
  EXPECT_THAT(shown("queue", queue),
              HasSubstr("last try failed 12 s ago: Could not resolve host: office.example"));
  for (const bool heard : {true, false}) {
    EXPECT_THAT(link_problem(queue, heard),
                AllOf(HasSubstr("failed 12 s ago: Could not resolve host: office.example"),
                      HasSubstr("upload.url"), HasSubstr("the network"), HasSubstr("the clock")));
  }
  queue["upload"] = false;
  EXPECT_THAT(link_problem(queue, false), HasSubstr("upload.url is empty"));
}

TEST(AnswerLines, AQueueOfAnotherSizeThanConfiguredSaysWhenThatCounts) {
  json queue = {{"waiting", 3}, {"segments", 8}, {"segments_configured", 8}};
  EXPECT_THAT(shown("queue", queue), AllOf(HasSubstr("segments        8"), Not(HasSubstr("configured"))));
  queue["segments_configured"] = 3000;
  EXPECT_THAT(shown("queue", queue),
              AllOf(HasSubstr("segments        8"), HasSubstr("configured      3000, which count when"),
                    HasSubstr("after a wipe")));
}

TEST(AnswerLines, AListIsShownWithItsState) {
  EXPECT_THAT(
      lines_of_answer(
          "watch_lists",
          {{"lists", {{{"name", "north"}, {"revision", 3}, {"entries", 12}, {"state", "in_force"}}}}}),
      ElementsAre("north revision 3, 12 entries, in_force"));
}

TEST(AnswerLines, AnUpdateIsShownWithWhatRunsAndWhy) {
  EXPECT_THAT(shown("update", {{"version", "1.0.0"},
                               {"slot", "a"},
                               {"state", "reverted"},
                               {"of_version", "1.1.0"},
                               {"percent", 40},
                               {"offered", "1.2.0"},
                               {"reason", "it did not see"}}),
              AllOf(HasSubstr("1.0.0"), HasSubstr("reverted"), HasSubstr("1.1.0"), HasSubstr("40 %"),
                    HasSubstr("1.2.0"), HasSubstr("it did not see")));
}

TEST(AnswerLines, WhatIsMissingOrOfAnotherKindIsLeftOut) {
  for (const char* const what :
       {"health", "queue", "clock", "authority", "privacy", "counters", "watch_lists", "update"}) {
    EXPECT_EQ(shown(what, json::object()), "") << what;
    EXPECT_NO_THROW(
        shown(what, {{"problems", 7}, {"states", "x"}, {"lists", {1, 2}}, {"text", 5}, {"counters", {}}}))
        << what;
  }
}

}  // namespace
}  // namespace wayside::app
