// The console's configuration on a real store, and what it puts on the audit trail beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/audit/trail.hpp"
#include "wayside/device/config/store/configuration_store.hpp"

#include "src/app/console/joined_services.hpp"
#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class JoinConfigurationTest : public testing::Test {
 protected:
  void SetUp() override { places_.state = folder_.path(); }
  void commit(console::ConsoleConfiguration& configuration, const std::string& name,
              std::optional<std::chrono::minutes> confirm_within = {}) const {
    const std::vector<std::vector<std::string>> settings = {{"site", "name", name},
                                                            {"site", "feed_id", "1"},
                                                            {"site", "source_id", "2"},
                                                            {"site", "camera_id", "3"},
                                                            {"camera", "source", "libcamera"}};
    for (const auto& words : settings)
      ASSERT_TRUE(configuration.set(words));
    const auto done = configuration.commit({"alice", "", confirm_within});
    ASSERT_TRUE(done) << done.error().message;
  }
  std::vector<TrailEntry> on_record() const {
    AuditTrail::Options options;
    options.folder = folder_.path() / "audit";
    return AuditTrail::open(options, clock_).value().last(100).value();
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  ConsolePlaces places_{{}, "/nowhere/control", {}, "ttyS0", std::string(32, 'a')};
};

TEST_F(JoinConfigurationTest, ACommitThatIsTakenBackIsOnRecordOnceWithWhatRunsInstead) {
  const auto one = join_configuration(places_, clock_);
  const auto other = join_configuration(places_, clock_);
  ASSERT_TRUE(one->edit("alice on ttyS0"));
  commit(*one, "old");
  commit(*one, "new", std::chrono::minutes(5));
  EXPECT_FALSE(one->tick() || other->tick());
  clock_.wait_s(300);
  const auto told = one->tick();
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr("Version 2 was not confirmed in time: version 1 runs again."));
  EXPECT_FALSE(one->tick() || other->tick());
  const auto entries = on_record();
  ASSERT_EQ(entries.size(), 2U) << "behind the one that begins the trail";
  EXPECT_EQ(entries.back().what.event, trail_event::configuration);
  EXPECT_EQ(entries.back().what.by.name, "") << "nobody did it";
  EXPECT_THAT(entries.back().what.details,
              ElementsAre(Pair("runs", "version 1"), Pair("taken_back", "version 2")));
}

TEST_F(JoinConfigurationTest, SoIsOneWhoseConfirmationComesTooLate) {
  const auto configuration = join_configuration(places_, clock_);
  ASSERT_TRUE(configuration->edit("alice on ttyS0"));
  commit(*configuration, "first", std::chrono::minutes(5));
  clock_.wait_s(300);
  EXPECT_FALSE(configuration->confirm());
  ASSERT_TRUE(configuration->tick());
  EXPECT_THAT(on_record().back().what.details,
              ElementsAre(Pair("runs", "none"), Pair("taken_back", "version 1")));
}

TEST_F(JoinConfigurationTest, WhereItCannotBePutOnRecordThatIsSaid) {
  const auto configuration = join_configuration(places_, clock_);
  ASSERT_TRUE(configuration->edit("alice on ttyS0"));
  commit(*configuration, "first", std::chrono::minutes(5));
  std::filesystem::create_symlink("/nowhere/at/all", folder_.path() / "audit");
  clock_.wait_s(300);
  const auto told = configuration->tick();
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr("This could not be put on record"));
}

}  // namespace
}  // namespace wayside::app
