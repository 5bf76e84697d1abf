#include "drivers/sysfs/sysfs_value.hpp"

#include <fstream>

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

TEST(SysfsValue, TakesBytesInHexWithAndWithoutTheirPrefix) {
  using testing::ElementsAre;
  EXPECT_THAT(bytes_from_text("0x03 0x0b\n", 2).value(), ElementsAre(3, 11));
  EXPECT_THAT(bytes_from_text("01\n", 1).value(), ElementsAre(1));  // as older kernels write it
  EXPECT_THAT(bytes_from_text("0xFF", 1).value(), ElementsAre(255));
  for (const char* text : {"", "\n", "0x\n", "0x01\n", "0x01 \n", "0x01 0x02 \n", "0x01 0x02 0x03\n",
                           "0x01  0x02\n", " 0x01 0x02\n", "0x01,0x02\n", "0x100 0x01\n", "-1 0\n",
                           "0x01 0x02\n\n", "0x01 0xg1\n", "\xff\xfe\n"}) {
    const auto bytes = bytes_from_text(text, 2);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::corrupt);
    EXPECT_THAT(bytes.error().message, HasSubstr("expected 2 bytes in hex"));
  }
}

TEST(SysfsValue, ANameCannotCarryAnythingOddOnwards) {
  EXPECT_EQ(word_from_text("cpu-thermal\n"), "cpu-thermal");
  EXPECT_EQ(word_from_text("Not charging\n"), "Not charging");
  EXPECT_EQ(word_from_text("a\"b\n\x1b[2J\xff"), "a_b___2J_");
  EXPECT_EQ(word_from_text(std::string(60, 'x'))->size(), 40U);
  EXPECT_EQ(word_from_text("").error().code, ErrorCode::corrupt);
  EXPECT_EQ(word_from_text("\n").error().code, ErrorCode::corrupt);
}

TEST(SysfsValue, ReadsThemFromFilesAndNamesTheFile) {
  const doubles::TemporaryFolder folder;
  const auto put = [&](const char* text) {
    std::ofstream(folder.path() / "life_time") << text;
    return folder.path() / "life_time";
  };
  EXPECT_EQ(read_bytes(put("0x01 0x02\n"), 2)->at(1), 2);
  EXPECT_EQ(read_word(put("MMC\n")), "MMC");
  EXPECT_THAT(read_bytes(put("worn\n"), 2).error().message, HasSubstr("life_time: it says \"worn\""));
  EXPECT_EQ(read_word(folder.path() / "none").error().code, ErrorCode::not_found);
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
