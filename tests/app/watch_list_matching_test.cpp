// What a pass fits of a camera's VOI lists, and what is said of them.
#include <gmock/gmock.h>

#include "src/app/timekeeping.hpp"
#include "tests/app/watch_list_fixture.hpp"

namespace wayside::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST_F(WatchListKeeperTest, WithAClockThatCannotAnswerForItNothingMatchesAndHealthSaysWhy) {
  issue({"AB12CDE"});
  give();
  settle();
  clock_.kernel = {};
  look(1);
  EXPECT_TRUE(match("AB12CDE").empty());
  EXPECT_THAT(problem(), HasSubstr("clock"));
  clock_.kernel.source = TimeSource::ntp;
  clock_.kernel.max_error_ms = 50;
  clock_.wait_until("2027-11-01T00:00:01Z");
  look(1);
  EXPECT_TRUE(match("AB12CDE").empty());
  EXPECT_THAT(problem(), HasSubstr("has ended"));
}

TEST_F(WatchListKeeperTest, AClockThatWasSetBackBringsNoWeededEntryBack) {
  issue({"AB12CDE"}, "north", "2026-11-20");
  give();
  settle();
  known_earliest_ = clock_.utc + -1s;
  EXPECT_TRUE(match("AB12CDE").empty());
  clock_.step_to("2026-11-15T12:00:00Z");  // by a time server that lies
  EXPECT_TRUE(match("AB12CDE").empty());
  known_earliest_ = {};
  EXPECT_EQ(match("AB12CDE").size(), 1U);
}

TEST_F(WatchListKeeperTest, AnEntryThatMayBeWeededIsNoHitAndIsCounted) {
  issue({"AB12CDE"}, "north", "2026-12-25");
  give();
  settle();
  clock_.wait_until("2026-12-24T22:59:59Z");
  EXPECT_EQ(match("AB12CDE").size(), 1U);
  clock_.wait_until("2026-12-24T23:00:00Z");
  EXPECT_TRUE(match("AB12CDE").empty());
  EXPECT_EQ(counters_.counter("watch_list_withheld").value(), 1U);
  clock_.wait_until("2026-12-24T23:00:01Z");
  EXPECT_TRUE(match("AB12CDE").empty());
  EXPECT_EQ(counters_.counter("watch_list_withheld").value(), 1U);
}

TEST_F(WatchListKeeperTest, MetricsTellRevisionEntriesAndAge) {
  issue({"AB12CDE", "FG34HJK"});
  give();
  settle();
  std::map<std::string, double> gauges;
  for (const LabelledGauge& gauge : keeper_->gauges()) {
    EXPECT_EQ(gauge.of, "north");
    gauges[gauge.name] = gauge.value;
  }
  EXPECT_EQ(gauges["watch_list_revision"], 1);
  EXPECT_EQ(gauges["watch_list_entries"], 2 + others);
  EXPECT_EQ(gauges["watch_list_age_seconds"], (27 * 24 + 12) * 3600);
  EXPECT_EQ(gauges["watch_list_in_force"], 1);
}

TEST_F(WatchListKeeperTest, APassThatIsStillHereWhenTheClockIsSetIsMatchedByItsRightTimeAndNotBefore) {
  issue({"AB12CDE"});
  give();
  settle();
  TimekeepingOptions options;
  options.keeper.not_before = at("2026-11-01T00:00:00Z");
  Discipline said;
  options.ask = [&] { return said; };
  Timekeeping timekeeping(options, clock_, health_);
  clock_.step_to("1970-01-01T00:00:00Z");
  timekeeping.look();
  VehiclePass pass = pass_of("AB12CDE");
  EXPECT_TRUE(keeper_->match(pass, timekeeping.date(pass)).empty());
  clock_.step_to("2026-11-28T12:00:00Z");
  for (int i = 0; i < 2; ++i) {
    clock_.wait_s(16);
    said = {TimeSource::ntp, clock_.utc, 0.010};
    timekeeping.look();
  }
  EXPECT_EQ(keeper_->match(pass, timekeeping.date(pass)).size(), 1U);
}

TEST_F(WatchListKeeperTest, AListThatWasDamagedOnFlashIsAProblemUntilAnotherTakesItsPlace) {
  issue({"AB12CDE", "FG34HJK"});
  give();
  settle();
  const auto ill = [&] { return health_.problems()["watch_list_entries"]; };
  damage_on_flash("north");
  const auto hits = match("AB12CDE");
  ASSERT_EQ(hits.size(), 1U) << "it is matched all the same";
  EXPECT_EQ(hits[0].pnc_id, "");
  EXPECT_THAT(ill(), HasSubstr("VOI list north was damaged"));
  EXPECT_THAT(ill(), Not(HasSubstr("AB12CDE")));
  look(2);
  EXPECT_NE(ill(), "") << "nothing has changed";
  issue({"AB12CDE", "FG34HJK", "XX99XXX"});
  settle();
  EXPECT_EQ(revision(), 2U) << problem();
  EXPECT_EQ(ill(), "");
  EXPECT_EQ(match("AB12CDE").at(0).pnc_id, "idAB12CDE");
  EXPECT_EQ(ill(), "");
}

TEST_F(WatchListKeeperTest, ADamagedListThatIsWithdrawnIsNoProblemAnyMore) {
  issue({"AB12CDE"});
  give();
  settle();
  damage_on_flash("north");
  EXPECT_EQ(match("AB12CDE").size(), 1U);
  EXPECT_TRUE(health_.problems().contains("watch_list_entries"));
  ASSERT_TRUE(lists().withdraw("north", camera_.device_id, clock_.utc));
  settle();
  EXPECT_FALSE(health_.problems().contains("watch_list_entries"));
}

}  // namespace
}  // namespace wayside::app
