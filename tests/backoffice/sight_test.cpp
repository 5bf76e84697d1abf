#include "wayside/backoffice/sight.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/delivery/event/sight_record.hpp"

#include "tests/backoffice/test_office.hpp"

namespace wayside::backoffice {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SightTest : public testing::Test {
 protected:
  SealingCamera& camera(const std::string& device_id) {
    const auto known = cameras_.find(device_id);
    return known != cameras_.end() ? known->second
                                   : cameras_.emplace(device_id, office_.new_camera(device_id)).first->second;
  }
  // What a camera writes: a sign a minute.
  void put(std::string_view from, const std::string& signs, const std::string& from_device = sample_device) {
    SightMinutes minutes;
    minutes.from = *utc_from_iso8601(from);
    for (const char sign : signs) {
      SightMinute minute;
      minute.frames = 1500;
      minute.could_read = sign == '.' ? CouldRead::yes : sign == '?' ? CouldRead::doubtful : CouldRead::no;
      if (sign != '.') minute.hindrances = {Hindrance::covered};
      minutes.minutes.push_back(minute);
    }
    office_.put({camera(from_device)
                     .seal(ledger_parts(RecordType::sight, sight_record(minutes, from_device)))
                     .text()},
                from_device);
  }
  std::vector<std::string> lines(std::optional<UtcTime> since = {}, const std::string& of = {}) {
    std::vector<std::string> out;
    const auto book = sight(office_.store(), since, of);
    EXPECT_TRUE(book) << book.error().message;
    for (const SightHour& hour : book.value_or(SightBook{}).hours)
      out.push_back(to_line(hour));
    return out;
  }

  TestOffice office_;
  std::map<std::string, SealingCamera> cameras_;
};

TEST_F(SightTest, AnHourIsALineAndAMinuteASign) {
  put("2026-09-01T08:00:00.000Z", "..........");
  put("2026-09-01T08:10:00.000Z", "...??#####");
  const auto told = lines();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0], "2026-09-01 08:00  |.............??#####" + std::string(40, ' ') +
                         "|  13 yes, 2 doubtful, 5 no, 40 not told: covered 7");
}

// Records begin when they begin, and a clock drifts.
TEST_F(SightTest, MinutesThatLieAcrossTheClocksLeaveNoHoles) {
  put("2026-09-01T08:00:29.950Z", "..........");
  put("2026-09-01T08:10:30.050Z", "....#.....");
  const auto told = lines();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0], HasSubstr("| .............##....                "));
  EXPECT_THAT(told[0], HasSubstr("17 yes, 0 doubtful, 2 no"));
}

TEST_F(SightTest, AMinuteToldTwiceHasTheWorstThatIsSaid) {
  put("2026-09-01T08:00:00.000Z", "....");
  put("2026-09-01T08:02:00.000Z", "#.");
  EXPECT_THAT(lines().at(0), HasSubstr("|..#. "));
}

TEST_F(SightTest, EachCameraHasItsOwnHours) {
  const std::string other(16, 'f');
  put("2026-09-01T08:00:00.000Z", ".");
  put("2026-09-01T09:00:00.000Z", ".");
  put("2026-09-01T09:00:00.000Z", "#", other);
  EXPECT_THAT(lines(), SizeIs(3));
  EXPECT_THAT(lines({}, other), SizeIs(1));
  EXPECT_THAT(lines(utc_from_iso8601("2026-09-01T09:00:00.000Z").value()), SizeIs(2));
  EXPECT_THAT(lines({}, "0000000000000000"), IsEmpty());
}

TEST_F(SightTest, WhatItsCameraDidNotSignTellsNothingAndIsCounted) {
  put("2026-09-01T08:00:00.000Z", ".");
  put("2026-09-01T09:00:00.000Z", "#");
  ASSERT_THAT(lines(), SizeIs(2));
  // A blind minute that somebody made a good one of.
  office_.run_sql(
      R"(UPDATE records SET document = replace(document, '"could_read":"no"', '"could_read":"yes"') WHERE number = 2)");
  const auto book = sight(office_.store(), {}, {});
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_THAT(book->hours, SizeIs(1));
  EXPECT_EQ(book->damaged, 1U);
  office_.run_sql("UPDATE records SET document = '{}' WHERE number = 1");
  EXPECT_EQ(sight(office_.store(), {}, {})->damaged, 2U);
}

}  // namespace
}  // namespace wayside::backoffice
