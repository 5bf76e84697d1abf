// An older state of a card put back: the back office knows how far its numbers went, and no number gets a
// second meaning once it has said so.
#include <gmock/gmock.h>

#include "tests/delivery/queue/queue_fixture.hpp"

namespace wayside::flash::testing {
namespace {

using ::testing::HasSubstr;

class RolledBack : public ::testing::Test {
 protected:
  // Ten records are appended and the back office has all; the card is put back to what it was after five.
  void SetUp() override {
    {
      const auto queue = opened(device_);
      append(*queue, 5);
    }
    const auto earlier = device_.durable;
    {
      const auto queue = opened(device_);
      append(*queue, 5);
    }
    device_.durable = earlier;
  }
  static void append(RecordQueue& queue, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_TRUE(append_one(queue, record("r" + std::to_string(i))));
  }
  QueueOptions counted() {
    QueueOptions options = small_queue();
    options.counters = &counters_;
    return options;
  }

  FaultyDevice device_;
  CounterSet counters_;
};

TEST_F(RolledBack, TheNumbersThatTheOfficeHasAreLeftOutAndTold) {
  const auto queue = opened(device_, counted());
  EXPECT_EQ(queue->skip_through(SequenceNumber(10)).value_or(0), 5U);
  EXPECT_EQ(append_one(*queue, record("next"))->value(), 12U) << "11 is the gap record";
  const Contents found = contents(*queue);
  for (std::uint64_t number = 6; number <= 10; ++number)
    EXPECT_EQ(found.lost.at(number), "rolled_back") << number;
  EXPECT_EQ(found.lost.size(), 5U);
  EXPECT_EQ(found.records.at(12), "next");
  expect_chained(found, 1);
  EXPECT_EQ(queue->depth().rolled_back, 5U);
  EXPECT_EQ(counters_.counter("queue_numbers_rolled_back").value(), 5U);
  EXPECT_EQ(queue->skip_through(SequenceNumber(10)).value_or(99), 0U) << "once is enough";
}

TEST_F(RolledBack, WhatTheOfficeHasOfASoundQueueChangesNothing) {
  const auto queue = opened(device_, counted());
  append(*queue, 5);
  const std::uint64_t writes = device_.writes;
  EXPECT_EQ(queue->skip_through(SequenceNumber(0)).value_or(99), 0U);
  EXPECT_EQ(queue->skip_through(SequenceNumber(10)).value_or(99), 0U);
  EXPECT_EQ(device_.writes, writes);
  EXPECT_EQ(append_one(*queue, record("next"))->value(), 11U);
}

TEST_F(RolledBack, WhatWasAppendedUnderUsedNumbersStillWaits) {
  const auto queue = opened(device_);
  append(*queue, 2);  // 6 and 7, before the office was heard
  EXPECT_EQ(queue->skip_through(SequenceNumber(10)).value_or(0), 3U);
  const Contents found = contents(*queue);
  EXPECT_TRUE(found.records.contains(6) && found.records.contains(7));
  EXPECT_FALSE(found.lost.contains(7));
  EXPECT_EQ(found.lost.at(8), "rolled_back");
}

TEST_F(RolledBack, AnOfficeThatLiesDoesNotUseTheNumbersUp) {
  const auto queue = opened(device_, counted());
  for (const std::uint64_t lie : {6 + RecordQueue::most_skipped, most_number, UINT64_MAX}) {
    const auto refused = queue->skip_through(SequenceNumber(lie));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_THAT(refused.error().message, HasSubstr("this queue's next is 6"));
  }
  EXPECT_EQ(counters_.counter("queue_skips_refused").value(), 3U);
  EXPECT_EQ(append_one(*queue, record("next"))->value(), 6U);
  EXPECT_EQ(queue->skip_through(SequenceNumber(6 + RecordQueue::most_skipped)).value_or(0),
            RecordQueue::most_skipped)
      << "the largest that is believed";
}

// After every prefix of the writes: once skip_through() has returned, no number up to the office's is given
// out again, with or without asking the office anew; and asking again mends whatever was cut off.
TEST_F(RolledBack, APowerCutGivesNoNumberASecondMeaning) {
  const FaultyDevice before = device_;
  bool whole = false;
  for (std::uint64_t blocks = 0; !whole; ++blocks) {
    ASSERT_LT(blocks, 100U);
    FaultyDevice device = before;
    bool durable = false;
    {
      const auto queue = opened(device);
      device.power_off_after_blocks = device.blocks_written + blocks;
      durable = queue->skip_through(SequenceNumber(10)).has_value();
      whole = device.powered();
    }
    device.cut_power_randomly(blocks + 1);
    FaultyDevice same = device;
    if (durable) {
      EXPECT_GT(append_one(*opened(device), record("next"))->value(), 11U);
    }
    const auto queue = opened(same);
    ASSERT_TRUE(queue->skip_through(SequenceNumber(10)));
    EXPECT_GT(append_one(*queue, record("next"))->value(), 10U);
    const Contents found = contents(*queue);
    for (std::uint64_t number = 6; number <= 10; ++number)
      EXPECT_TRUE(found.lost.contains(number)) << number << " after " << blocks << " blocks";
    expect_chained(found, 1);
  }
}

TEST_F(RolledBack, WhereTheDeviceFailsTheNumbersAreLeftOutAllTheSameAndToldLater) {
  FaultyDevice device;
  QueueOptions options = small_queue();
  options.segments = 8;
  const auto queue = opened(device, options);
  append(*queue, 5);
  device.fail_sync_from = device.syncs;
  device.fail_sync_count = 100;
  EXPECT_FALSE(queue->skip_through(SequenceNumber(10)));
  device.fail_sync_from = FaultyDevice::never;
  const auto next = append_one(*queue, record("next"));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_GT(next->value(), 10U);
  EXPECT_EQ(contents(*queue).lost.at(8), "rolled_back");
}

}  // namespace
}  // namespace wayside::flash::testing
