// The store as the daemon sees it.
#include "src/app/stored_configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/audit/trail.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::ElementsAre;
using testing::Pair;

// Of an earlier start of the machine: it is taken back when the daemon opens the store.
TEST(StoredConfiguration, ACommitThatItTakesBackIsOnRecordOnceWithWhatRunsInstead) {
  const doubles::TemporaryFolder folder;
  const auto clock = make_system_clock();
  {
    auto store = ConfigurationStore::open(folder.path() / "config", *clock, std::string(32, '0'));
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE(store->edit("alice on ttyS0"));
    const Status loaded = store->load(
        "[site]\nname = \"old\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n[camera]\nsource = "
        "\"libcamera\"\n");
    ASSERT_TRUE(loaded) << loaded.error().message;
    const auto first = store->commit({"alice", "", {}});
    ASSERT_TRUE(first) << first.error().message;
    ASSERT_TRUE(store->set(std::vector<std::string>{"site", "name", "new"}));
    ASSERT_TRUE(store->commit({"alice", "", std::chrono::minutes(5)}));
  }
  StoredConfiguration stored(folder.path() / "config");
  for (int i = 0; i < 2; ++i) {
    const auto found = stored.look();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->version, 1U);
  }
  AuditTrail::Options options;
  options.folder = folder.path() / "audit";
  const auto entries = AuditTrail::open(options, *clock).value().last(100).value();
  ASSERT_EQ(entries.size(), 2U) << "behind the one that begins the trail";
  EXPECT_EQ(entries.back().what.event, trail_event::configuration);
  EXPECT_THAT(entries.back().what.details,
              ElementsAre(Pair("runs", "version 1"), Pair("taken_back", "version 2")));
}

}  // namespace
}  // namespace wayside::app
