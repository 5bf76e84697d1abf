// What the camera itself sees and does, in an auditor's words.
#include "src/app/trail_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::app {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(TrailEvents, AStepOfTheClockSaysByHowMuchAndWhatItFollowed) {
  ClockEvent step;
  step.step_ms = -700;
  const TrailEvent event = clock_step_event(step, TimeSource::ntp);
  EXPECT_EQ(event.event, trail_event::clock_step);
  EXPECT_EQ(event.by.name, "") << "the camera itself";
  EXPECT_THAT(event.details, ElementsAre(Pair("by_ms", "-700"), Pair("follows", "ntp")));
  step.whole_gnss_weeks = true;
  EXPECT_EQ(clock_step_event(step, TimeSource::gnss).details.at("whole_gnss_weeks"), "yes");
}

TEST(TrailEvents, AnAuthoritySaysWhatItWasAndWhatItIs) {
  AuthorityJudgement judged;
  judged.state = AuthorityState::review_due;
  judged.may_capture = true;
  judged.number = 7;
  judged.review_days = 30;
  judged.sentence = "its review is due";
  const TrailEvent event = authority_event(judged, "in_force 7, captures");
  EXPECT_EQ(event.event, trail_event::authority);
  EXPECT_THAT(event.details,
              ElementsAre(Pair("after", "review_due 7, 30 days, captures"),
                          Pair("before", "in_force 7, captures"), Pair("reason", "its review is due")));
}

TEST(TrailEvents, AListSaysWhichRevisionCameForWhichOrWhyItWasRefused) {
  const auto details = [](const ListChange& change) {
    const TrailEvent event = watch_list_event(change);
    EXPECT_EQ(event.event, trail_event::watch_list);
    return event.details;
  };
  EXPECT_THAT(
      details({"north", ListChange::State::in_force, 7, 0, 1000, {}}),
      ElementsAre(Pair("after", "7"), Pair("before", ""), Pair("list", "north"), Pair("state", "in_force")));
  EXPECT_THAT(
      details({"north", ListChange::State::removed, 0, 7, 0, {}}),
      ElementsAre(Pair("after", ""), Pair("before", "7"), Pair("list", "north"), Pair("state", "removed")));
  EXPECT_THAT(details({"north", ListChange::State::refused, 7, 7, 1000, "it is older"}),
              ElementsAre(Pair("held", "7"), Pair("list", "north"), Pair("reason", "it is older"),
                          Pair("state", "refused")));
}

TEST(TrailEvents, AnUpdateSaysWhatBecameOfItAndWhy) {
  UpdateStatus status;
  status.state = UpdateState::reverted;
  status.version = "1.1.0";
  status.from = "1.0.0";
  status.reason = "it did not see";
  const TrailEvent event = update_event(status);
  EXPECT_EQ(event.event, trail_event::update);
  EXPECT_THAT(event.details, ElementsAre(Pair("from", "1.0.0"), Pair("reason", "it did not see"),
                                         Pair("state", "reverted"), Pair("version", "1.1.0")));
}

TEST(TrailEvents, AContactSaysWhichItIsAndHow) {
  EXPECT_THAT(contact_event("door", true).details, ElementsAre(Pair("door", "open")));
  EXPECT_THAT(contact_event("tamper", false).details, ElementsAre(Pair("tamper", "closed")));
}

}  // namespace
}  // namespace wayside::app
