#include "wayside/device/clock/boot_id.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/clock/clock_record.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

TEST(BootId, IsThatOfThisKernelAndStaysTheSame) {
  const auto id = read_boot_id();
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(id->size(), 32U);
  EXPECT_EQ(*id, read_boot_id().value());
}

TEST(BootId, AnythingElseIsRefusedWithThePath) {
  const doubles::TemporaryFolder folder;
  for (const char* text : {"", "hello\n", "0123456789ABCDEF0123456789ABCDEF\n", "0123-4567\n"}) {
    std::ofstream(folder.path() / "boot_id") << text;
    EXPECT_THAT(read_boot_id(folder.path() / "boot_id").error().message, testing::HasSubstr("boot_id"));
  }
  EXPECT_EQ(read_boot_id(folder.path() / "none").error().code, ErrorCode::not_found);
}

TEST(ClockRecord, OneEventGivesOneFixedDocument) {
  ClockEvent event;
  event.kind = ClockEvent::Kind::first_synchronisation;
  event.at = {{316'000'000'000}, {1'795'833'182'047}};
  event.max_error_ms = 27;
  event.source = TimeSource::gnss;
  EXPECT_EQ(
      clock_record(event, "0123456789abcdef", "00112233445566778899aabbccddeeff"),
      R"({"boot_id":"00112233445566778899aabbccddeeff","device_id":"0123456789abcdef","kind":"first_synchronisation",)"
      R"("max_error_ms":27,"monotonic_ms":316000,"schema":"wayside-clock-1","source":"gnss","step_ms":0,)"
      R"("utc":"2026-11-28T02:33:02.047Z","whole_gnss_weeks":false})");
}

}  // namespace
}  // namespace wayside
