// The console's accounts on a real folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/wipe/wipe.hpp"

#include "src/app/console/joined_services.hpp"
#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::HasSubstr;

TEST(JoinAccounts, NobodyIsFirstWhileAWipeIsUnderWay) {
  const doubles::TemporaryFolder folder{doubles::in_memory()};
  const doubles::HandClock clock;
  ConsolePlaces places;
  places.state = folder.path();
  const auto accounts = join_accounts(places, clock);
  EXPECT_TRUE(accounts->has_none().value());
  const std::filesystem::path wipe = wipe_folder(folder.path());
  ASSERT_TRUE(request_wipe(wipe, {"alice", "installer", "ttyS0", "taken down"}));
  const auto none = accounts->has_none();
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("is being wiped"));
  for (const auto& entry : std::filesystem::directory_iterator(wipe))
    std::filesystem::remove_all(entry);
  EXPECT_TRUE(accounts->has_none().value());
}

}  // namespace
}  // namespace wayside::app
