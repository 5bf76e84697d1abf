// Records of the protected log come into the queue in order, each once, whatever the queue does meanwhile.
#include "src/app/record_outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/memory_queue.hpp"

namespace wayside::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class RecordOutboxTest : public testing::Test {
 protected:
  doubles::MemoryQueue queue_;
  RecordOutbox outbox_{RecordType::clock, "clock"};
};

TEST_F(RecordOutboxTest, WritesInOrderOnceAndAsTheTypeThatTheyAre) {
  EXPECT_FALSE(outbox_.write(queue_));
  outbox_.add("a");
  outbox_.add("b");
  EXPECT_TRUE(outbox_.write(queue_));
  EXPECT_FALSE(outbox_.write(queue_));
  EXPECT_THAT(queue_.documents(), ElementsAre("a", "b"));
  const auto records = queue_.waiting(RecordQueue::Order::oldest_first, {}, 9, RecordClass::ledger);
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].type, RecordType::clock);
}

TEST_F(RecordOutboxTest, TellsOfEachOnceItIsAppendedAndNotBefore) {
  std::vector<std::string> appended;
  outbox_.add("a", [&] {
    appended.emplace_back("a");
    outbox_.add("of the record");  // whoever is told may add
  });
  outbox_.add("b", [&] { appended.emplace_back("b"); });
  queue_.before_append = [](std::span<const RecordParts> group) -> Status {
    if (group[0].document == Bytes{'b'}) return fail(ErrorCode::io, "broken");
    return {};
  };
  EXPECT_TRUE(outbox_.write(queue_)) << "the first was appended";
  EXPECT_THAT(appended, ElementsAre("a"));
  queue_.before_append = {};
  EXPECT_TRUE(outbox_.write(queue_));
  EXPECT_THAT(appended, ElementsAre("a", "b"));
  EXPECT_THAT(queue_.documents(), ElementsAre("a", "b", "of the record"));
}

TEST_F(RecordOutboxTest, BehindADeadQueueTheOldestAndTheNewestAreKept) {
  queue_.before_append = [](std::span<const RecordParts>) -> Status { return fail(ErrorCode::io, "broken"); };
  for (int i = 0; i < 1000; ++i) {
    outbox_.add(std::to_string(i));
    EXPECT_FALSE(outbox_.write(queue_));
  }
  EXPECT_THAT(queue_.documents(), IsEmpty());
  queue_.before_append = {};
  EXPECT_TRUE(outbox_.write(queue_));
  const auto documents = queue_.documents();
  ASSERT_THAT(documents, SizeIs(RecordOutbox::most_waiting));
  EXPECT_EQ(documents.front(), "0");
  EXPECT_EQ(documents[documents.size() - 2], std::to_string(RecordOutbox::most_waiting - 2));
  EXPECT_EQ(documents.back(), "999");
}

}  // namespace
}  // namespace wayside::app
