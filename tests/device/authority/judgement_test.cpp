#include "wayside/device/authority/judgement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/example_authority.hpp"

namespace wayside {
namespace {

using doubles::at;
using doubles::example_authority;
using doubles::example_revocation;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using State = AuthorityState;

KnownTime sure(std::string_view time) {
  return {at(time) + milliseconds(-50), at(time) + milliseconds(50), at(time), {}};
}
// earliest: known for certain; said: by a clock that nobody vouches for.
KnownTime unsure(std::string_view earliest, std::string_view said, milliseconds run = {}) {
  return {at(earliest), std::nullopt, at(said), run};
}

AuthorityHolding holding(std::vector<AuthorityDocument> documents) {
  AuthorityHolding held;
  for (const AuthorityDocument& one : documents)
    held.highest_seen = std::max(held.highest_seen, one.number);
  held.documents = std::move(documents);
  return held;
}

void expect_stopped(const AuthorityJudgement& judged, State state) {
  EXPECT_EQ(to_string(judged.state), to_string(state));
  EXPECT_FALSE(judged.may_capture);
  EXPECT_FALSE(judged.sentence.empty());
}

TEST(AuthorityJudgement, WithoutOneOrWithAnothersNothingIsCaptured) {
  expect_stopped(judge_authority({}, sure("2027-06-01T00:00:00Z")), State::none);
  AuthorityHolding others;
  others.for_others = true;
  expect_stopped(judge_authority(others, sure("2027-06-01T00:00:00Z")), State::other_device);
}

TEST(AuthorityJudgement, BeginsWhenItHasBegunForCertainAndEndsWhenItMayHaveEnded) {
  const AuthorityHolding held = holding({example_authority()});
  expect_stopped(judge_authority(held, sure("2026-12-31T23:59:59Z")), State::not_yet_valid);
  expect_stopped(judge_authority(held, sure("2027-01-01T00:00:00.049Z")), State::not_yet_valid);
  const AuthorityJudgement begun = judge_authority(held, sure("2027-01-01T00:00:00.050Z"));
  EXPECT_EQ(begun.state, State::in_force);
  EXPECT_TRUE(begun.may_capture);
  EXPECT_EQ(begun.number, 7U);
  EXPECT_EQ(begun.sentence, "");
  EXPECT_TRUE(judge_authority(held, sure("2027-12-31T23:59:59.949Z")).may_capture);
  expect_stopped(judge_authority(held, sure("2027-12-31T23:59:59.950Z")), State::expired);
  expect_stopped(judge_authority(held, sure("2030-01-01T00:00:00Z")), State::expired);
}

TEST(AuthorityJudgement, WarnsThirtyFourteenSevenAndOneDayBeforeItsReview) {
  const AuthorityHolding held = holding({example_authority()});
  const struct {
    const char* time;
    std::optional<int> days;
  } warned[] = {{"2027-10-31T23:59:00Z", std::nullopt},
                {"2027-11-01T00:00:00Z", 30},
                {"2027-11-16T23:59:00Z", 30},
                {"2027-11-17T00:00:00Z", 14},
                {"2027-11-24T00:00:00Z", 7},
                {"2027-11-30T00:00:00Z", 1},
                {"2027-11-30T23:59:59Z", 1}};
  for (const auto& one : warned) {
    const AuthorityJudgement judged = judge_authority(held, sure(one.time));
    EXPECT_EQ(judged.review_days, one.days) << one.time;
    EXPECT_TRUE(judged.may_capture);
    EXPECT_EQ(judged.state, one.days ? State::review_due : State::in_force) << one.time;
    EXPECT_EQ(judged.sentence.empty(), !one.days);
  }
}

TEST(AuthorityJudgement, AReviewThatWasMissedIsAnAlarmUntilItEnds) {
  const AuthorityHolding held = holding({example_authority()});
  const AuthorityJudgement judged = judge_authority(held, sure("2027-12-01T00:00:00Z"));
  EXPECT_EQ(judged.state, State::review_passed);
  EXPECT_TRUE(judged.may_capture);
  EXPECT_THAT(judged.sentence, HasSubstr("2027-12-01"));
}

TEST(AuthorityJudgement, ARevocationEndsWhatIsOlderAndANewerOneBegins) {
  expect_stopped(
      judge_authority(holding({example_authority(7), example_revocation(8)}), sure("2027-06-01T00:00:00Z")),
      State::revoked);
  expect_stopped(judge_authority(holding({example_revocation(8)}),
                                 unsure("2027-06-01T00:00:00Z", "1970-01-01T00:00:00Z")),
                 State::revoked);
  const AuthorityHolding again = holding({example_authority(7), example_revocation(8), example_authority(9)});
  EXPECT_EQ(judge_authority(again, sure("2027-06-01T00:00:00Z")).number, 9U);
  EXPECT_TRUE(judge_authority(again, sure("2027-06-01T00:00:00Z")).may_capture);
}

TEST(AuthorityJudgement, OfThoseThatHaveBegunTheNewestDecidesWhateverItSays) {
  AuthorityDocument renewal = example_authority(8);
  renewal.valid_from = at("2027-12-15T00:00:00Z");
  renewal.valid_until = at("2028-12-15T00:00:00Z");
  renewal.review = at("2028-12-01T00:00:00Z");
  const AuthorityHolding renewed = holding({example_authority(7), renewal});
  EXPECT_EQ(judge_authority(renewed, sure("2027-06-01T00:00:00Z")).number, 7U);
  EXPECT_EQ(judge_authority(renewed, sure("2027-12-16T00:00:00Z")).state, State::in_force);
  EXPECT_EQ(judge_authority(renewed, sure("2027-12-16T00:00:00Z")).number, 8U);

  AuthorityDocument shorter = example_authority(8);
  shorter.valid_until = at("2027-05-01T00:00:00Z");
  shorter.review = at("2027-04-01T00:00:00Z");
  const AuthorityHolding shortened = holding({shorter, example_authority(7)});
  expect_stopped(judge_authority(shortened, sure("2027-06-01T00:00:00Z")), State::expired);
  EXPECT_TRUE(is_done_with(example_authority(7), shortened, sure("2027-06-01T00:00:00Z")));
  EXPECT_FALSE(is_done_with(example_authority(7), renewed, sure("2027-06-01T00:00:00Z")));
  EXPECT_FALSE(is_done_with(shorter, shortened, sure("2027-06-01T00:00:00Z")));
}

TEST(AuthorityJudgement, WhatIsOlderThanWhatWasSeenDoesNotComeBack) {
  AuthorityHolding held = holding({example_authority(7)});
  held.highest_seen = 8;
  expect_stopped(judge_authority(held, sure("2027-06-01T00:00:00Z")), State::older_than_seen);
  held.documents.clear();
  expect_stopped(judge_authority(held, sure("2027-06-01T00:00:00Z")), State::older_than_seen);
}

TEST(AuthorityJudgement, AClockThatNobodyVouchesForStopsNoLawfulCameraAtItsStart) {
  const AuthorityHolding held = holding({example_authority()});
  for (const char* said : {"1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2027-06-01T00:00:00Z"}) {
    EXPECT_TRUE(judge_authority(held, unsure("2027-05-01T00:00:00Z", said)).may_capture) << said;
  }
  // For seven days of running.
  EXPECT_TRUE(
      judge_authority(held, unsure("2027-05-01T00:00:00Z", "1970-01-01T00:00:00Z", days(7) - seconds(1)))
          .may_capture);
  expect_stopped(judge_authority(held, unsure("2027-05-01T00:00:00Z", "1970-01-01T00:00:00Z", days(7))),
                 State::clock_unsure);
}

TEST(AuthorityJudgement, NorDoesItStartOneWhoseAuthorityHasEndedOrMayNotHaveBegun) {
  const AuthorityHolding held = holding({example_authority()});
  // Known for certain to have ended, whatever the clock was set back to.
  expect_stopped(judge_authority(held, unsure("2028-01-01T00:00:00Z", "2027-06-01T00:00:00Z")),
                 State::expired);
  // Not known, but the clock says so.
  expect_stopped(judge_authority(held, unsure("2027-05-01T00:00:00Z", "2028-02-01T00:00:00Z")),
                 State::clock_unsure);
  // Nobody knows whether it has begun, though the clock says so.
  expect_stopped(judge_authority(held, unsure("2026-12-02T00:00:00Z", "2027-06-01T00:00:00Z")),
                 State::clock_unsure);
}

TEST(AuthorityJudgement, AFreshCameraKnowsTheTimeFromWhenItsAuthorityWasIssued) {
  AuthorityDocument at_once = example_authority();
  at_once.issued = at_once.valid_from + std::chrono::hours(1);
  EXPECT_TRUE(judge_authority(holding({at_once}), unsure("2026-11-20T00:00:00Z", "1970-01-01T00:00:00Z"))
                  .may_capture);
}

TEST(AuthorityJudgement, ACameraThatWasMovedIsAnAlarmAndStopsWhereThatIsAskedFor) {
  const AuthorityHolding held = holding({example_authority()});
  const AuthorityJudgement alarm =
      judge_authority(held, sure("2027-06-01T00:00:00Z"), {"it is 400 m off", false});
  EXPECT_EQ(alarm.state, State::moved);
  EXPECT_TRUE(alarm.may_capture);
  EXPECT_THAT(alarm.sentence, HasSubstr("400 m"));
  expect_stopped(judge_authority(held, sure("2027-06-01T00:00:00Z"), {"it is 400 m off", true}),
                 State::moved);
  expect_stopped(judge_authority(held, sure("2029-06-01T00:00:00Z"), {"it is 400 m off", false}),
                 State::expired);
}

TEST(AuthorityPlace, SatellitesDecideAndWithoutThemTheConfiguredSite) {
  const AuthorityDocument document = example_authority();
  AuthorityPlace nowhere(std::nullopt);
  EXPECT_FALSE(nowhere.moved_from(document));
  AuthorityPlace place(std::pair(document.latitude + 0.002, document.longitude));  // 222 m
  EXPECT_THAT(place.moved_from(document).value(), HasSubstr("[site] is 222 m"));
  for (int i = 0; i < 60; ++i)
    place.saw({document.latitude + 0.0005, document.longitude, 5.0});  // 56 m
  EXPECT_FALSE(place.moved_from(document));
  for (int i = 0; i < 60; ++i)
    place.saw({document.latitude + 0.01, document.longitude, 5.0});
  EXPECT_THAT(place.moved_from(document).value(), HasSubstr("1112 m"));
  AuthorityDocument there = document;
  there.latitude += 0.002;
  EXPECT_FALSE(place.moved_from(there)) << "another authorised position is checked anew";
}

}  // namespace
}  // namespace wayside
