#include "src/app/queue_keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/app/pipeline_doubles.hpp"

namespace wayside::app {
namespace {

using doubles::FakeQueue;
using testing::ElementsAre;

class SetClock final : public Clock {
 public:
  [[nodiscard]] UtcTime utc_now() const override { return now; }
  [[nodiscard]] MonotonicTime monotonic_now() const override { return {}; }
  [[nodiscard]] TimeQuality quality() const override {
    TimeQuality quality;
    quality.source = synchronised ? TimeSource::ntp : TimeSource::unsynchronised;
    return quality;
  }
  void set(std::string_view text) { now = *utc_from_iso8601(text); }

  UtcTime now;
  bool synchronised = true;
};

class QueueKeeperTest : public testing::Test {
 protected:
  static constexpr std::uint32_t day_of_september_first = 20'697;  // 2026-09-01
  void add_records(std::size_t count) {
    const std::vector<RecordParts> group(count);
    ASSERT_TRUE(queue_.append(group));
  }
  SetClock clock_;
  FakeQueue queue_;
};

TEST_F(QueueKeeperTest, EveryDayIsMarkedOnceAndOldRecordsAreGivenUp) {
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  clock_.set("2026-09-01T00:00:05Z");
  keeper.look();
  clock_.set("2026-09-01T23:59:59Z");
  keeper.look();
  EXPECT_THAT(queue_.days, ElementsAre(day_of_september_first));
  EXPECT_EQ(queue_.expired_before, day_of_september_first - 28);
  clock_.set("2026-09-02T00:00:00Z");
  keeper.look();
  EXPECT_THAT(queue_.days, ElementsAre(day_of_september_first, day_of_september_first + 1));
  EXPECT_EQ(queue_.expired_before, day_of_september_first - 27);
}

TEST_F(QueueKeeperTest, AClockThatNobodySetGivesNothingUp) {
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 1);
  clock_.synchronised = false;
  clock_.set("2036-09-01T00:00:05Z");
  keeper.look();
  EXPECT_TRUE(queue_.days.empty());
  EXPECT_EQ(queue_.expired_before, 0U);
}

TEST_F(QueueKeeperTest, AClockSetBackMarksNoDayTwice) {
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  clock_.set("2026-09-02T00:00:05Z");
  keeper.look();
  clock_.set("2026-09-01T12:00:00Z");
  keeper.look();
  EXPECT_THAT(queue_.days, ElementsAre(day_of_september_first + 1));
}

TEST_F(QueueKeeperTest, ADayEndsWithASignedBookOfItsNumbers) {
  add_records(2);  // of the run before
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  clock_.set("2026-09-01T08:00:00Z");
  keeper.look();
  add_records(3);
  clock_.set("2026-09-02T00:00:30Z");
  keeper.look();
  ASSERT_EQ(queue_.documents().size(), 6U);
  const auto book = nlohmann::json::parse(queue_.documents().back());
  EXPECT_EQ(book.at("schema"), "wayside-coverage-1");
  EXPECT_EQ(book.at("day"), "2026-09-01");
  EXPECT_EQ(book.at("device_id"), "0123456789abcdef");
  EXPECT_EQ(book.at("first"), 3);
  EXPECT_EQ(book.at("last"), 5);
  EXPECT_EQ(book.at("by_class").at("ordinary"), 3);
  EXPECT_EQ(book.at("by_type").at("capture"), 3);
  EXPECT_EQ(book.at("chain_head").at("number"), 5);
  // The book is in the next book, so that none can be left out either.
  clock_.set("2026-09-03T00:00:00Z");
  keeper.look();
  const auto next = nlohmann::json::parse(queue_.documents().back());
  EXPECT_EQ(next.at("first"), 6);
  EXPECT_EQ(next.at("last"), 6);
  EXPECT_EQ(next.at("by_type").at("capture"), 0);
  EXPECT_EQ(next.at("by_type").at("coverage"), 1);
}

TEST_F(QueueKeeperTest, ADayWithoutRecordsSaysSo) {
  const auto book = nlohmann::json::parse(day_book("0123456789abcdef", day_of_september_first, {}, {}));
  EXPECT_TRUE(book.at("first").is_null());
  EXPECT_TRUE(book.at("last").is_null());
  EXPECT_EQ(book.at("chain_head").at("number"), 0);
}

}  // namespace
}  // namespace wayside::app
