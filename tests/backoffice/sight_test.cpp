#include "wayside/backoffice/sight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "wayside/delivery/event/sight_record.hpp"

#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string device = "0123456789abcdef";

class SightTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(temporary_.path() / "records.db");
    ASSERT_TRUE(store);
    store_ = std::move(*store);
  }
  void put_document(const std::string& document, const std::string& from_device = device) {
    NewText text;
    text.id = {from_device, sample_queue, ++number_};
    text.type = RecordType::sight;
    text.record_class = RecordClass::ledger;
    text.head = {1};
    text.document = document;
    const NewShipment shipment = text;
    const auto outcomes = store_->put(std::span(&shipment, 1), UtcTime{});
    ASSERT_TRUE(outcomes && outcomes->at(0) == Store::Outcome::accepted);
  }
  // What a camera writes: a sign a minute.
  void put(std::string_view from, const std::string& signs, const std::string& from_device = device) {
    SightMinutes minutes;
    minutes.from = *utc_from_iso8601(from);
    for (const char sign : signs) {
      SightMinute minute;
      minute.frames = 1500;
      minute.could_read = sign == '.' ? CouldRead::yes : sign == '?' ? CouldRead::doubtful : CouldRead::no;
      if (sign != '.') minute.hindrances = {Hindrance::covered};
      minutes.minutes.push_back(minute);
    }
    put_document(sight_record(minutes, from_device), from_device);
  }
  std::vector<std::string> lines(std::optional<UtcTime> since = {}, const std::string& of = {}) {
    std::vector<std::string> out;
    const auto hours = sight(*store_, since, of);
    EXPECT_TRUE(hours) << hours.error().message;
    for (const SightHour& hour : hours.value_or(std::vector<SightHour>{}))
      out.push_back(to_line(hour));
    return out;
  }

  doubles::TemporaryFolder temporary_;
  std::unique_ptr<Store> store_;
  std::uint64_t number_ = 0;
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

TEST_F(SightTest, ADocumentThatIsNoneIsNamed) {
  put_document(R"({"schema":"wayside-sight-1"})");
  const auto hours = sight(*store_, {}, {});
  ASSERT_FALSE(hours);
  EXPECT_EQ(hours.error().code, ErrorCode::corrupt);
  EXPECT_THAT(hours.error().message, HasSubstr("record 1 of device 0123456789abcdef: "));
}

}  // namespace
}  // namespace wayside::backoffice
