#include "drivers/sysfs/sysfs_value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::sysfs {
namespace {

using testing::HasSubstr;

TEST(SysfsValue, TakesAWholeNumberWithItsLineEnd) {
  EXPECT_EQ(value_from_text("0\n", {0, 1}), 0);
  EXPECT_EQ(value_from_text("-55000\n", {-55'000, 0}), -55'000);
  EXPECT_EQ(value_from_text("42", {0, 100}), 42);
}

TEST(SysfsValue, AnythingElseIsRefusedWithWhatItSays) {
  for (const char* text : {"", "\n", " 1\n", "1 \n", "1\n\n", "+1\n", "0x10\n", "1.5\n", "1e3\n", "yes\n",
                           "\xff\n", "9223372036854775808\n"}) {
    const auto value = value_from_text(text, {-1'000'000, 1'000'000});
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::corrupt);
  }
  EXPECT_THAT(value_from_text("101", {0, 100}).error().message,
              HasSubstr("101, which cannot be: 0 to 100 can"));
}

TEST(SysfsValue, AFileThatIsMissingIsNotMade) {
  const doubles::TemporaryFolder folder;
  const Status written = write_value(folder.path() / "duty_cycle", 5);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "duty_cycle"));
}

TEST(SysfsValue, WhatTheKernelRefusesIsTold) {
  // Full is what the kernel has that takes no write, whoever asks.
  const Status written = write_value("/dev/full", 5);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::io);
  // Read-only, for root too.
  EXPECT_FALSE(write_value("/proc/version", 5));
  EXPECT_EQ(read_value("/proc", {0, 1}).error().code, ErrorCode::io);
}

}  // namespace
}  // namespace wayside::sysfs
