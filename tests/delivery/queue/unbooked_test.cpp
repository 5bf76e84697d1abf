// What a queue still knows, after a power cut, of the records that no day's book tells.
#include <gmock/gmock.h>

#include "tests/delivery/queue/queue_fixture.hpp"

namespace wayside::flash::testing {
namespace {

class Unbooked : public ::testing::Test {
 protected:
  static void append(RecordQueue& queue, std::size_t count,
                     RecordClass record_class = RecordClass::ordinary) {
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_TRUE(append_one(queue, record("r" + std::to_string(i), 3000, record_class)));
  }
  static std::uint64_t append_book(RecordQueue& queue) {
    RecordParts book = record("book", 0, RecordClass::ledger);
    book.type = RecordType::coverage;
    return append_one(queue, book)->value();
  }
  static std::uint64_t count(const UnbookedRecords& found, RecordType type) {
    return found.tally.by_type.at(static_cast<std::size_t>(type));
  }
  // The power fails; what was synced stays.
  UnbookedRecords after_a_cut() {
    FaultyDevice device = device_;
    device.cut_power([](std::size_t) { return false; });
    return opened(device)->unbooked();
  }

  FaultyDevice device_;
};

TEST_F(Unbooked, AreTheRecordsBehindTheLastBookDeliveredOrNot) {
  const auto queue = opened(device_);
  EXPECT_FALSE(queue->unbooked().any()) << "a new queue";
  ASSERT_TRUE(queue->mark_day(100));
  append(*queue, 3);
  ASSERT_EQ(append_book(*queue), 4U);
  ASSERT_TRUE(queue->mark_day(101));
  append(*queue, 2);
  append(*queue, 1, RecordClass::hit);
  for (const SequenceNumber number : numbers(*queue))
    ASSERT_TRUE(queue->acknowledge(number));
  ASSERT_TRUE(queue->flush());
  const ChainHead chain = queue->chain();
  const UnbookedRecords found = after_a_cut();
  EXPECT_TRUE(found.any());
  EXPECT_EQ(found.first, SequenceNumber(5));
  EXPECT_EQ(found.chain.number, SequenceNumber(7));
  EXPECT_EQ(found.chain.hash, chain.hash);
  EXPECT_EQ(count(found, RecordType::capture), 3U);
  EXPECT_EQ(found.tally.by_class.at(static_cast<std::size_t>(RecordClass::hit)), 1U);
  EXPECT_EQ(found.day, 101U);
  EXPECT_TRUE(found.day_open);
}

TEST_F(Unbooked, ADayThatHadBegunIsKnownAlsoWhereNothingWasRecordedOnIt) {
  const auto queue = opened(device_);
  ASSERT_TRUE(queue->mark_day(100));
  append(*queue, 3);
  append_book(*queue);
  ASSERT_TRUE(queue->mark_day(101));
  const UnbookedRecords found = after_a_cut();
  EXPECT_TRUE(found.any());
  EXPECT_LT(found.chain.number, found.first);
  EXPECT_EQ(found.day, 101U);
}

TEST_F(Unbooked, NothingIsLeftOfADayWhoseBookIsTheLastRecord) {
  {
    const auto queue = opened(device_);
    ASSERT_TRUE(queue->mark_day(100));
    append(*queue, 3);
    append_book(*queue);
  }
  const UnbookedRecords found = after_a_cut();
  EXPECT_FALSE(found.any());
  EXPECT_EQ(found.day, 100U);
}

TEST_F(Unbooked, WithoutABookItBeginsAtTheLowestNumberThatIsThere) {
  const auto queue = opened(device_);
  append(*queue, 200);  // most of them are written over
  const UnbookedRecords found = after_a_cut();
  const auto waiting = queue->waiting(RecordQueue::Order::oldest_first, {}, 1);
  EXPECT_GT(found.first, SequenceNumber(1));
  EXPECT_LE(found.first, waiting.front().number);
  EXPECT_EQ(found.chain.number, queue->chain().number);
  EXPECT_LE(count(found, RecordType::capture) + count(found, RecordType::gap),
            found.chain.number.value() - found.first.value() + 1);
  EXPECT_GT(count(found, RecordType::capture), 0U);
  EXPECT_FALSE(found.day);
}

}  // namespace
}  // namespace wayside::flash::testing
