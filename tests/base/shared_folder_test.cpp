// Folders that several programs change in turn.
#include "wayside/base/shared_folder.hpp"

#include <chrono>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;

TEST(FolderLockTest, ItsChangesAreTakenInTurn) {
  const doubles::TemporaryFolder folder;
  auto first = FolderLock::take(folder.path());
  ASSERT_TRUE(first);
  auto second = std::async(std::launch::async, [&] { return FolderLock::take(folder.path()).has_value(); });
  EXPECT_EQ(second.wait_for(100ms), std::future_status::timeout);
  first = fail(ErrorCode::unavailable, "given back");
  EXPECT_TRUE(second.get());
}

TEST(FolderLockTest, OneThatIsNeverGivenBackIsSaidAndHoldsNobodyUpForGood) {
  const doubles::TemporaryFolder folder;
  const auto kept = FolderLock::take(folder.path());
  ASSERT_TRUE(kept);
  const auto begin = std::chrono::steady_clock::now();
  const auto refused = FolderLock::take(folder.path(), 50ms);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("another program keeps"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms);
}

}  // namespace
}  // namespace wayside
