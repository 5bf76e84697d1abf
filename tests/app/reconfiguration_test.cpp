#include "src/app/reconfiguration.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/config/schema.hpp"

#include "src/app/reload_desk.hpp"
#include "src/device/config/draft.hpp"

namespace wayside::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Configuration camera() {
  Configuration configuration;
  configuration.site.name = "x";
  configuration.camera.source = "libcamera";
  return config::configuration_of({configuration, {}});
}
Configuration with_version(Configuration configuration) {
  return config::configuration_of({std::move(configuration), {}});
}

TEST(ReconfigurationPlan, OfTheSameConfigurationNothingIsToDo) {
  const Reconfiguration plan = plan_reconfiguration(camera(), camera());
  EXPECT_THAT(plan.at_once, IsEmpty());
  EXPECT_THAT(plan.remade, IsEmpty());
  EXPECT_THAT(plan.begins_anew, IsEmpty());
  EXPECT_FALSE(plan.origin || plan.exposure || plan.uplink || plan.log_level);
}

TEST(ReconfigurationPlan, SaysWhoTakesWhatAndThatRecordsNameTheNewConfiguration) {
  Configuration wanted = camera();
  wanted.site.name = "y";
  wanted.exposure.speed_limit_mph = 30;
  wanted.log.level = "debug";
  wanted.upload.url = "https://office";
  Configuration elsewhere = camera();
  elsewhere.upload.url = "https://old-office";
  const Reconfiguration plan = plan_reconfiguration(elsewhere, with_version(wanted));
  EXPECT_THAT(plan.at_once, ElementsAre("site.name", "exposure.speed_limit_mph", "log.level"));
  EXPECT_THAT(plan.remade, ElementsAre("upload.url"));
  EXPECT_THAT(plan.begins_anew, IsEmpty());
  EXPECT_TRUE(plan.origin && plan.exposure && plan.uplink && plan.log_level);
  Configuration only_upload = camera();
  only_upload.upload.time_limit_s = 31;
  const Reconfiguration one = plan_reconfiguration(camera(), with_version(only_upload));
  EXPECT_TRUE(one.origin) << "every record names the configuration it was made under";
  EXPECT_FALSE(one.exposure);
}

TEST(ReconfigurationPlan, OtherTimeServersAndBackOfficesAreToldToWhoeverOpensTheWayThere) {
  Configuration wanted = camera();
  wanted.clock.time_servers = "ntp1.example";
  const Reconfiguration servers = plan_reconfiguration(camera(), with_version(wanted));
  EXPECT_THAT(servers.at_once, ElementsAre("clock.time_servers"));
  EXPECT_TRUE(servers.outside);
  EXPECT_FALSE(servers.uplink);
  Configuration elsewhere = camera();
  elsewhere.upload.url = "https://old-office";
  Configuration office = camera();
  office.upload.url = "https://office";
  EXPECT_TRUE(plan_reconfiguration(elsewhere, with_version(office)).outside);
  Configuration other = camera();
  other.exposure.speed_limit_mph = 30;
  EXPECT_FALSE(plan_reconfiguration(camera(), with_version(other)).outside);
}

TEST(ReconfigurationPlan, WhatNoPartCanTakeBeginsAnew) {
  Configuration wanted = camera();
  wanted.passes.min_reads = 3;
  wanted.site.latitude = 52;
  wanted.site.longitude = 0;
  wanted.lanes.push_back({1, {{0, 0}, {1, 0}, {1, 1}}});
  const Reconfiguration plan = plan_reconfiguration(camera(), with_version(wanted));
  EXPECT_THAT(plan.begins_anew,
              ElementsAre("site.latitude", "site.longitude", "passes.min_reads", "lane.1.polygon"));
}

TEST(ReconfigurationPlan, WhatUpdatesMayTakeOfTheLinkCountsAtOnce) {
  Configuration wanted = camera();
  wanted.update.kib_per_s = 64;
  const Reconfiguration plan = plan_reconfiguration(camera(), with_version(wanted));
  EXPECT_THAT(plan.at_once, ElementsAre("update.kib_per_s"));
  EXPECT_TRUE(plan.update);
  EXPECT_FALSE(plan.uplink);
}

// Passes are matched or are not: that is another flow.
TEST(ReconfigurationPlan, AnOfficeThatGivesListsWhereNoneDidBeginsAnew) {
  Configuration wanted = camera();
  wanted.upload.url = "https://office";
  const Reconfiguration plan = plan_reconfiguration(camera(), with_version(wanted));
  EXPECT_THAT(plan.begins_anew, ElementsAre("upload.url"));
}

// What the table promises at a console.
TEST(ReconfigurationPlan, EveryKeyThatIsSaidToNeedNoNewBeginHasAPartThatTakesIt) {
  for (const KeyDescription& key : configuration_keys()) {
    if (key.effect == Effect::restart) continue;
    const bool taken =
        (key.section == "site" && key.path != "site.latitude" && key.path != "site.longitude") ||
        key.section == "exposure" || key.section == "upload" || key.section == "update" ||
        key.path == "log.level" || key.path == "clock.time_servers";
    EXPECT_TRUE(taken) << key.path << " is said to work " << to_string(key.effect);
  }
}

TEST(ReloadDeskTest, WhoAsksHasTheAnswerOfTheMainThread) {
  std::atomic<int> woken = 0;
  ReloadDesk desk([&] { ++woken; });
  EXPECT_FALSE(desk.serve([]() -> Result<Reloaded> { return Reloaded{}; })) << "nobody asks";
  Result<Reloaded> answer = fail(ErrorCode::io, "none");
  std::jthread asking([&] { answer = desk.ask(10s); });
  while (!desk.serve([]() -> Result<Reloaded> { return Reloaded{7, {}}; }))
    std::this_thread::yield();
  asking.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->version, 7U);
  EXPECT_EQ(woken, 1);
}

TEST(ReloadDeskTest, ItsAnswerSaysWhatCountsNowAndWhatTheCameraBeginsAnewFor) {
  Reloaded reloaded{7, {}};
  reloaded.changes.at_once = {"site.name"};
  reloaded.changes.remade = {"upload.url"};
  EXPECT_EQ(reload_answer(reloaded).dump(),
            R"({"applied":["site.name","upload.url"],"begins_anew":[],"version":7})");
  reloaded.changes.begins_anew = {"passes.min_reads"};
  EXPECT_EQ(reload_answer(reloaded).dump(),
            R"({"applied":[],"begins_anew":["passes.min_reads","site.name","upload.url"],"version":7})");
}

TEST(ReloadDeskTest, NobodyWaitsForAMainThreadThatDoesNotComeOrEnds) {
  ReloadDesk desk([] {});
  const auto late = desk.ask(1ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unavailable);
  std::jthread asking([&] {
    const auto ended = desk.ask(10s);
    ASSERT_FALSE(ended);
    EXPECT_THAT(ended.error().message, HasSubstr("the camera is ending"));
  });
  desk.close();
  asking.join();
  EXPECT_FALSE(desk.ask(10s));
}

}  // namespace
}  // namespace wayside::app
