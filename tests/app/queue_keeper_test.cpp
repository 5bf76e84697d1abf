#include "src/app/queue_keeper.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/memory_queue.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/test_sealer.hpp"

namespace wayside::app {
namespace {

using doubles::HandClock;
using doubles::MemoryQueue;
using testing::Each;

class QueueKeeperTest : public testing::Test {
 protected:
  QueueKeeperTest() { clock_.kernel.source = TimeSource::ntp; }
  static constexpr std::uint32_t day_of_september_first = 20'697;  // 2026-09-01
  void add_records(std::size_t count) {
    const std::vector<RecordParts> group(count);
    ASSERT_TRUE(queue_.append(group));
  }
  // From one time to an hour or more later, by which the clock is believed.
  void settle(QueueKeeper& keeper, std::string_view from, std::string_view to) {
    clock_.wait_until(from);
    static_cast<void>(keeper.look());
    clock_.wait_until(to);
    static_cast<void>(keeper.look());
  }
  HandClock clock_;
  MemoryQueue queue_;
};

TEST_F(QueueKeeperTest, EveryDayIsMarkedAndOldRecordsAreGivenUpOnce) {
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  settle(keeper, "2026-09-01T00:30:00Z", "2026-09-01T01:30:00Z");
  EXPECT_THAT(queue_.days, Each(day_of_september_first));
  EXPECT_EQ(queue_.expired_before, day_of_september_first - 28);
  queue_.expired_before = 0;
  clock_.wait_until("2026-09-01T23:59:59Z");
  static_cast<void>(keeper.look());
  EXPECT_EQ(queue_.expired_before, 0U);
  clock_.wait_until("2026-09-02T00:00:00Z");
  static_cast<void>(keeper.look());
  EXPECT_EQ(queue_.days.back(), day_of_september_first + 1);
  EXPECT_EQ(queue_.expired_before, day_of_september_first - 27);
}

TEST_F(QueueKeeperTest, AClockThatNobodySetGivesNothingUp) {
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 1);
  clock_.kernel.source = TimeSource::unsynchronised;
  settle(keeper, "2036-09-01T00:00:05Z", "2036-09-01T02:00:00Z");
  EXPECT_TRUE(queue_.days.empty());
  EXPECT_EQ(queue_.expired_before, 0U);
}

TEST_F(QueueKeeperTest, AWrongDateForAMomentGivesNothingUp) {
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  settle(keeper, "2026-09-01T08:00:00Z", "2026-09-01T09:00:00Z");
  const auto days = queue_.days;
  clock_.step_to("2026-12-01T09:00:03Z");
  static_cast<void>(keeper.look());
  clock_.wait_until("2026-12-01T09:59:00Z");
  static_cast<void>(keeper.look());
  clock_.step_to("2026-07-01T09:59:10Z");
  static_cast<void>(keeper.look());
  clock_.step_to("2026-09-01T09:59:20Z");
  static_cast<void>(keeper.look());
  EXPECT_EQ(queue_.days, days);
  EXPECT_EQ(queue_.expired_before, day_of_september_first - 28);
  clock_.wait_until("2026-09-02T09:59:20Z");  // an hour and more without a step
  static_cast<void>(keeper.look());
  EXPECT_EQ(queue_.days.back(), day_of_september_first + 1);
}

TEST_F(QueueKeeperTest, ADayEndsWithASignedBookOfItsNumbers) {
  add_records(2);  // of the run before
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  settle(keeper, "2026-09-01T08:00:00Z", "2026-09-01T09:00:00Z");
  add_records(3);
  EXPECT_FALSE(keeper.look());
  clock_.wait_until("2026-09-02T00:00:30Z");
  EXPECT_TRUE(keeper.look());  // there is something to send
  ASSERT_EQ(queue_.documents().size(), 6U);
  const auto book = nlohmann::json::parse(queue_.documents().back());
  EXPECT_EQ(book.at("schema"), "wayside-coverage-1");
  EXPECT_EQ(book.at("day"), "2026-09-01");
  EXPECT_EQ(book.at("first"), 3);
  EXPECT_EQ(book.at("last"), 5);
  EXPECT_EQ(book.at("device_id"), "0123456789abcdef");
  EXPECT_EQ(book.at("by_class").at("ordinary"), 3);
  EXPECT_EQ(book.at("by_type").at("capture"), 3);
  EXPECT_EQ(book.at("chain_head").at("number"), 5);
  // The book is in the next book, so that none can be left out either.
  clock_.wait_until("2026-09-02T18:00:00Z");
  keeper.close();
  const auto next = nlohmann::json::parse(queue_.documents().back());
  EXPECT_EQ(next.at("day"), "2026-09-02");
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

UnbookedRecords five_of_august_last() {
  UnbookedRecords found;
  found.first = SequenceNumber(3);
  found.chain = {SequenceNumber(8), Sha256{7}};
  found.tally.by_class = {4, 1, 0};
  found.tally.by_type[static_cast<std::size_t>(RecordType::capture)] = 5;
  found.day = 20'696;  // 2026-08-31
  found.day_open = true;
  return found;
}

TEST_F(QueueKeeperTest, ADayThatWasCutOffGetsABookAsSoonAsTheClockIsBelieved) {
  add_records(8);
  queue_.unbooked_records = five_of_august_last();
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  clock_.wait_until("2026-09-01T08:00:00Z");
  EXPECT_FALSE(keeper.look());
  EXPECT_EQ(queue_.documents().size(), 8U);
  clock_.wait_until("2026-09-01T09:00:00Z");
  EXPECT_TRUE(keeper.look()) << "there is something to send";
  ASSERT_EQ(queue_.documents().size(), 9U);
  const auto book = nlohmann::json::parse(queue_.documents().back());
  EXPECT_EQ(book.at("interrupted"), true);
  EXPECT_EQ(book.at("day"), "2026-08-31");
  EXPECT_EQ(book.at("first"), 3);
  EXPECT_EQ(book.at("last"), 8);
  EXPECT_EQ(book.at("by_class").at("hit"), 1);
  EXPECT_EQ(book.at("by_type").at("capture"), 5);
  EXPECT_EQ(book.at("chain_head").at("number"), 8);
  EXPECT_EQ(book.at("chain_head").at("sha256").get<std::string>().substr(0, 4), "0700");
  // Once; and the day's own book goes on from where this run began.
  clock_.wait_until("2026-09-02T00:00:30Z");
  EXPECT_TRUE(keeper.look());
  ASSERT_EQ(queue_.documents().size(), 10U);
  const auto next = nlohmann::json::parse(queue_.documents().back());
  EXPECT_FALSE(next.contains("interrupted"));
  EXPECT_EQ(next.at("day"), "2026-09-01");
  EXPECT_EQ(next.at("first"), 9) << "the book of the day that was cut off";
}

TEST_F(QueueKeeperTest, ADayThatWasCutOffBeforeAnythingWasRecordedGetsItsBookToo) {
  queue_.unbooked_records.day = 20'696;
  queue_.unbooked_records.day_open = true;
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  settle(keeper, "2026-09-01T08:00:00Z", "2026-09-01T09:00:00Z");
  ASSERT_EQ(queue_.documents().size(), 1U);
  const auto book = nlohmann::json::parse(queue_.documents().back());
  EXPECT_EQ(book.at("day"), "2026-08-31");
  EXPECT_TRUE(book.at("first").is_null());
}

TEST_F(QueueKeeperTest, TheBookOfADayThatWasCutOffIsTriedAgain) {
  queue_.unbooked_records = five_of_august_last();
  queue_.unbooked_records.day.reset();
  bool refuses = true;
  queue_.before_append = [&](std::span<const RecordParts>) -> Status {
    if (refuses) return fail(ErrorCode::io, "the device fails");
    return {};
  };
  QueueKeeper keeper(queue_, clock_, "0123456789abcdef", 28);
  settle(keeper, "2026-09-01T08:00:00Z", "2026-09-01T09:00:00Z");
  EXPECT_TRUE(queue_.documents().empty());
  refuses = false;
  EXPECT_TRUE(keeper.look());
  ASSERT_EQ(queue_.documents().size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(queue_.documents().back()).at("day"), "2026-09-01")
      << "the camera had noted none";
}

// The real queue: the day's records, delivered or not, a copy of the card as it lay when the power was cut,
// and the next day's run on that copy.
TEST_F(QueueKeeperTest, OverTheRealQueueADayThatWasCutOffHasItsBook) {
  const doubles::TemporaryFolder folder;
  doubles::TestSealer sealer;
  QueueOptions options;
  options.directory = folder.path() / "card";
  options.segments = 8;
  options.segment_bytes = 64 * 1024;
  options.sealer = &sealer;
  const auto open = [&] {
    auto queue = open_record_queue(options);
    EXPECT_TRUE(queue) << queue.error().message;
    return std::move(*queue);
  };
  std::vector<RecordParts> group(5);
  for (RecordParts& parts : group)
    parts.document = {'{', '}'};
  ChainHead chain;
  {
    const auto queue = open();
    QueueKeeper keeper(*queue, clock_, "0123456789abcdef", 28);
    settle(keeper, "2026-09-01T08:00:00Z", "2026-09-01T09:00:00Z");
    ASSERT_TRUE(queue->append(group));
    for (const WaitingRecord& one : queue->waiting(RecordQueue::Order::oldest_first, {}, 3))
      ASSERT_TRUE(queue->acknowledge(one.number));
    ASSERT_TRUE(queue->flush());
    chain = queue->chain();
    std::filesystem::copy(options.directory, folder.path() / "cut");
  }
  options.directory = folder.path() / "cut";
  const auto queue = open();
  QueueKeeper keeper(*queue, clock_, "0123456789abcdef", 28);
  settle(keeper, "2026-09-02T08:00:00Z", "2026-09-02T09:00:00Z");
  std::vector<nlohmann::json> books;
  for (const WaitingRecord& one : queue->waiting(RecordQueue::Order::oldest_first, {}, SIZE_MAX)) {
    if (one.type != RecordType::coverage) continue;
    const auto parts = sealer.open(queue->read(one.number).value());
    ASSERT_TRUE(parts);
    books.push_back(nlohmann::json::parse(parts->document));
  }
  ASSERT_EQ(books.size(), 1U);
  EXPECT_EQ(books[0].at("interrupted"), true);
  EXPECT_EQ(books[0].at("day"), "2026-09-01");
  EXPECT_EQ(books[0].at("first"), 1);
  EXPECT_EQ(books[0].at("last"), 5);
  EXPECT_EQ(books[0].at("by_type").at("capture"), 5) << "those that are delivered, too";
  EXPECT_EQ(books[0].at("chain_head").at("sha256"), to_hex(chain.hash));
  EXPECT_GT(books[0].at("given_up").at("interrupted").get<int>(), 0) << "what the cut queue had set aside";
}

}  // namespace
}  // namespace wayside::app
