#include "wayside/device/watchlist/watch_entry.hpp"

#include <gmock/gmock.h>

#include "tests/doubles/watch_lists.hpp"

namespace wayside {
namespace {

using doubles::watched;

TEST(WatchEntry, ALineIsReadBack) {
  WatchEntry entry = watched("AB12CDE", "N123");
  for (const WatchField field : {WatchField::model, WatchField::reason, WatchField::spare_2})
    entry[field] = "caf\xC3\xA9 \"x\" \\ y";
  ASSERT_FALSE(fault_of(entry));
  const std::string line = to_line(entry);
  EntryLine read;
  ASSERT_FALSE(parse_entry_line(line, read));
  EXPECT_EQ(entry_of(read), entry);
  EXPECT_EQ(read.key, "AB12CDE\tN123");
  EXPECT_EQ(read.weed_day, 47117);  // 2099-01-01
}

TEST(WatchEntry, VrmsHaveCapitalsDigitsAndWildCards) {
  for (const char* good : {"A1", "AB12CDE", "AB12*", "?B12CDE", "*12C*", "1234567890ABCDEF"})
    EXPECT_FALSE(fault_of(watched(good))) << good;
  for (const char* bad :
       {"", "ab12cde", "AB12 CDE", "AB-1", "?", "***", "A*", "?????9", "1234567890ABCDEFG"}) {
    const auto fault = fault_of(watched(bad));
    ASSERT_TRUE(fault) << bad;
    EXPECT_EQ(fault->field, WatchField::vrm);
    EXPECT_THAT(std::string(fault->expected), testing::HasSubstr("capital letters"));
  }
}

TEST(WatchEntry, WeedDatesAreDatesOrNothing) {
  for (const char* good : {"", "2026-12-31", "2028-02-29", "1970-01-02", "2149-06-06"})
    EXPECT_FALSE(fault_of(watched("AB12CDE", "", good))) << good;
  for (const char* bad : {"2026-02-29", "2026-13-01", "31/12/2026", "2149-06-07", "1970-01-01", "2026-1-01",
                          "+026-01-01", "2026-12-31T00:00:00Z"}) {
    const auto fault = fault_of(watched("AB12CDE", "", bad));
    ASSERT_TRUE(fault) << bad;
    EXPECT_EQ(fault->field, WatchField::weed_date);
  }
}

TEST(WatchEntry, NothingInAFieldDrivesATerminal) {
  for (const char* bad : {"\x1B[2J", "a\tb", "a\nb", "\x7F", "\xC2\x9B", "\xFF", "\xE2\x80\xAE"}) {
    WatchEntry entry = watched("AB12CDE");
    entry[WatchField::warning_markers] = bad;
    const auto fault = fault_of(entry);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->field, WatchField::warning_markers);
  }
}

TEST(WatchEntry, ActionAndLengthsAreChecked) {
  WatchEntry entry = watched("AB12CDE");
  entry[WatchField::action] = "stop";
  EXPECT_EQ(fault_of(entry)->field, WatchField::action);
  entry = watched("AB12CDE");
  entry[WatchField::reason] = std::string(201, 'x');
  EXPECT_EQ(fault_of(entry)->field, WatchField::reason);
  entry = watched("AB12CDE");
  entry[WatchField::information] = std::string(2000, 'x');
  EXPECT_FALSE(fault_of(entry));
  entry[WatchField::information] += 'x';
  EXPECT_EQ(fault_of(entry)->field, WatchField::information);
}

TEST(WatchEntry, LinesOfOtherThanSixteenFieldsAreRefused) {
  EntryLine read;
  const std::string line = to_line(watched("AB12CDE"));
  for (const std::string& bad : {std::string(), line + "\t", line.substr(0, line.rfind('\t')),
                                 line + std::string(longest_entry_line, 'x')}) {
    const auto fault = parse_entry_line(bad, read);
    ASSERT_TRUE(fault);
    EXPECT_FALSE(fault->field);
  }
  EXPECT_FALSE(check_entry_key("AB12CDE\tN1"));
  EXPECT_TRUE(check_entry_key("AB12CDE"));
  EXPECT_TRUE(check_entry_key("AB12CDE\tN1\t"));
}

}  // namespace
}  // namespace wayside
