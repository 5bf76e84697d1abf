// The queue in ordinary life: what goes in comes out, waits, is acknowledged, and gives way when there is no
// room.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/delivery/queue/queue_fixture.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::flash::testing {
namespace {

using ::testing::HasSubstr;

TEST(RecordQueue, ReturnsEveryPartAsItWasHandedIn) {
  FaultyDevice device;
  const auto queue = opened(device);
  const RecordParts in = record("one", 30'000, RecordClass::hit);
  const Result<SequenceNumber> number = append_one(*queue, in);
  ASSERT_TRUE(number);
  EXPECT_EQ(number->value(), 1U);
  const Result<RecordParts> out = queue->read(*number);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->document, in.document);
  EXPECT_EQ(out->plate, in.plate);
  EXPECT_EQ(out->overview, in.overview);
  EXPECT_EQ(out->record_class, RecordClass::hit);
}

TEST(RecordQueue, TakesAnEmptyRecordAndTheLargestOne) {
  FaultyDevice device;
  const auto queue = opened(device);
  const std::size_t largest = 64 * 1024 - 2 * 4096 - 8192 - 272;
  for (const RecordParts& in : {RecordParts{}, record("largest", largest)}) {
    const Result<SequenceNumber> number = append_one(*queue, in);
    ASSERT_TRUE(number) << number.error().message;
    const Result<RecordParts> out = queue->read(*number);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->overview, in.overview);
  }
}

TEST(RecordQueue, RefusesARecordLargerThanASegmentAndStatesTheLimit) {
  FaultyDevice device;
  const auto queue = opened(device);
  const std::vector<RecordParts> group{record("small"), record("large", 64 * 1024)};
  const auto numbers = queue->append(group);
  ASSERT_FALSE(numbers);
  EXPECT_EQ(numbers.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(numbers.error().message, HasSubstr("a record of 65536 bytes does not fit a queue segment"));
  EXPECT_TRUE(queue->pending(std::nullopt, 10).empty()) << "nothing of the group may have been written";
}

TEST(RecordQueue, RefusesGapRecordsFromOutside) {
  FaultyDevice device;
  const auto queue = opened(device);
  EXPECT_FALSE(append_one(*queue, record("mine", 100, RecordClass::gap)));
}

TEST(RecordQueue, SyncsOnceAGroup) {
  FaultyDevice device;
  const auto queue = opened(device);
  ASSERT_TRUE(append_one(*queue, record("first")));  // reserves numbers
  const std::uint64_t before = device.syncs;
  const std::vector<RecordParts> group{record("a"), record("b"), record("c"), record("d")};
  const auto numbers = queue->append(group);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(device.syncs - before, 1U);
  EXPECT_EQ(numbers->size(), 4U);
  EXPECT_EQ(numbers->back().value(), 5U);
}

TEST(RecordQueue, IsThereAgainAfterReopening) {
  FaultyDevice device;
  std::string uuid;
  {
    const auto queue = opened(device);
    uuid = queue->uuid();
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(append_one(*queue, record("r" + std::to_string(i))));
    ASSERT_TRUE(queue->acknowledge(SequenceNumber(2)));
  }
  const auto queue = opened(device);
  EXPECT_EQ(queue->uuid(), uuid);
  EXPECT_EQ(uuid.size(), 32U);
  const Contents found = contents(*queue);
  EXPECT_EQ(found.records,
            (std::map<std::uint64_t, std::string>{{1, "r0"}, {3, "r2"}, {4, "r3"}, {5, "r4"}}));
  EXPECT_EQ(append_one(*queue, record("next"))->value(), 6U) << "a clean stop skips no number";
}

TEST(RecordQueue, KeepsItsSizeAndSaysSoWhereAnotherIsConfigured) {
  FaultyDevice device;
  opened(device).reset();
  QueueOptions larger = small_queue();
  larger.segments = 5;
  ::testing::internal::CaptureStderr();
  opened(device, larger).reset();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::AllOf(::testing::HasSubstr("queue_keeps_its_size"),
                               ::testing::HasSubstr("segments=3"),
                               ::testing::HasSubstr("configured_segments=5")));
  ::testing::internal::CaptureStderr();
  opened(device).reset();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(RecordQueue, WritesNothingWhenItIsOnlyOpenedAndClosed) {
  FaultyDevice device;
  { ASSERT_TRUE(append_one(*opened(device), record("one"))); }
  const auto before = device.durable;
  for (int i = 0; i < 2; ++i)
    static_cast<void>(opened(device));
  EXPECT_EQ(device.durable, before);
}

TEST(RecordQueue, ListsWhatWaitsOldestFirstInPages) {
  FaultyDevice device;
  const auto queue = opened(device);
  for (int i = 0; i < 6; ++i)
    ASSERT_TRUE(append_one(*queue, record("r")));
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(1)));
  using Numbers = std::vector<SequenceNumber>;
  EXPECT_EQ(queue->pending(std::nullopt, 2), (Numbers{SequenceNumber(2), SequenceNumber(3)}));
  EXPECT_EQ(queue->pending(SequenceNumber(3), 10),
            (Numbers{SequenceNumber(4), SequenceNumber(5), SequenceNumber(6)}));
  EXPECT_TRUE(queue->pending(SequenceNumber(6), 10).empty());
}

TEST(RecordQueue, AcknowledgingTwiceIsHarmlessAndAnUnknownNumberIsNotFound) {
  FaultyDevice device;
  const auto queue = opened(device);
  const SequenceNumber number = *append_one(*queue, record("one"));
  EXPECT_TRUE(queue->acknowledge(number));
  EXPECT_TRUE(queue->acknowledge(number));
  EXPECT_EQ(queue->acknowledge(SequenceNumber(99)).error().code, ErrorCode::not_found);
  EXPECT_EQ(queue->read(number).error().code, ErrorCode::not_found);
}

TEST(RecordQueue, AcknowledgementsAreWrittenEvery64AndByFlush) {
  FaultyDevice device;
  QueueOptions options = small_queue();
  options.segments = 10;
  auto queue = opened(device, options);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(append_one(*queue, record("r" + std::to_string(i))));
  ASSERT_TRUE(queue->flush());
  std::uint64_t before = device.syncs;
  for (std::uint64_t n = 1; n <= 63; ++n)
    ASSERT_TRUE(queue->acknowledge(SequenceNumber(n)));
  EXPECT_EQ(device.syncs, before);
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(64)));
  EXPECT_EQ(device.syncs, before + 1);
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(65)));
  ASSERT_TRUE(queue->flush());
  EXPECT_EQ(device.syncs, before + 2);
  ASSERT_TRUE(queue->flush());
  EXPECT_EQ(device.syncs, before + 2) << "nothing is left to write";
}

TEST(RecordQueue, LosesAtMostLazyAcknowledgementsInAPowerCut) {
  FaultyDevice device;
  auto queue = opened(device);
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(append_one(*queue, record("r" + std::to_string(i))));
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(1)));
  ASSERT_TRUE(queue->flush());
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(2)));
  device.power_off_after_blocks = device.blocks_written;
  queue.reset();
  device.cut_power([](std::size_t) { return false; });
  const auto again = opened(device);
  EXPECT_EQ(again->pending(std::nullopt, 1).front().value(), 2U) << "sent again; the back office absorbs it";
}

TEST(RecordQueue, GoesRoundThreeSegmentsManyTimesWithoutLosingAnything) {
  FaultyDevice device;
  auto queue = opened(device);
  std::uint64_t expected = 1;
  for (int i = 0; i < 500; ++i) {
    const Result<SequenceNumber> number = append_one(*queue, record("r" + std::to_string(i), 5000));
    ASSERT_TRUE(number);
    ASSERT_EQ(number->value(), expected++);
    if (i >= 4) {
      ASSERT_TRUE(queue->acknowledge(SequenceNumber(number->value() - 4)));
    }
    if (i % 100 == 99) {
      queue.reset();
      queue = opened(device);
    }
  }
  EXPECT_EQ(queue->depth().evicted, 0U);
  EXPECT_EQ(queue->depth().unacknowledged, 4U);
  EXPECT_EQ(queue->depth().segments, 3U);
  EXPECT_TRUE(contents(*queue).gap_records.empty());
}

TEST(RecordQueue, GivesUpTheOldestWhenFullAndDescribesExactlyWhatItGaveUp) {
  FaultyDevice device;
  auto queue = opened(device);
  std::map<std::uint64_t, std::string> accepted;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "r" + std::to_string(i);
    const Result<SequenceNumber> number = append_one(*queue, record(name, 5000));
    ASSERT_TRUE(number);
    accepted[number->value()] = name;
    const Contents now = contents(*queue);
    // Every number so far waits, is a gap record, or is described as lost: exactly one of these.
    for (std::uint64_t n = 1; n <= number->value(); ++n) {
      const auto ways =
          static_cast<std::size_t>(now.records.contains(n)) + now.gap_records.count(n) + now.lost.count(n);
      ASSERT_EQ(ways, 1U) << "number " << n << " after record " << i;
    }
    for (const auto& [n, name_found] : now.records)
      ASSERT_EQ(accepted.at(n), name_found);
  }
  EXPECT_GT(queue->depth().evicted, 100U);
  const Contents end = contents(*queue);
  EXPECT_LE(end.gap_records.size(), 3U)
      << "a gap record that is given up itself is told again by the next one";
  for (const auto& [n, reason] : end.lost)
    EXPECT_EQ(reason, "evicted");
  const std::uint64_t evicted = queue->depth().evicted;
  queue.reset();
  EXPECT_EQ(contents(*opened(device)).lost, end.lost);
  EXPECT_EQ(opened(device)->depth().evicted, evicted);
}

TEST(RecordQueue, GivesUpOrdinaryRecordsBeforeHits) {
  FaultyDevice device;
  const auto queue = opened(device);
  std::set<std::uint64_t> hits;
  for (int i = 0; i < 3; ++i)
    hits.insert(append_one(*queue, record("hit", 5000, RecordClass::hit))->value());
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(append_one(*queue, record("ordinary", 5000)));
  const Contents now = contents(*queue);
  for (const std::uint64_t hit : hits)
    EXPECT_TRUE(now.records.contains(hit));
}

TEST(RecordQueue, GivesUpTheOldestHitsWhenThereAreOnlyHits) {
  FaultyDevice device;
  const auto queue = opened(device);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(append_one(*queue, record("hit", 5000, RecordClass::hit)));
  EXPECT_GT(queue->depth().evicted, 50U);
  EXPECT_GT(contents(*queue).records.begin()->first, 50U);
}

TEST(RecordQueue, LetsReadersReadWhileTheWriterEvicts) {
  const doubles::TemporaryFolder folder;
  QueueOptions options = small_queue();
  options.directory = folder.path() / "queue";
  const auto queue = open_record_queue(options);
  ASSERT_TRUE(queue) << queue.error().message;
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (const SequenceNumber number : (*queue)->pending(std::nullopt, 20)) {
        const Result<RecordParts> parts = (*queue)->read(number);
        if (!parts) {
          ASSERT_EQ(parts.error().code, ErrorCode::not_found) << parts.error().message;
        } else if (parts->record_class == RecordClass::ordinary) {
          ASSERT_EQ(parts->overview, record(text(parts->document), 5000).overview);
          if (number.value() % 3 == 0) static_cast<void>((*queue)->acknowledge(number));
        }
      }
    }
  });
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(append_one(**queue, record("r" + std::to_string(i), 5000)));
  reader.request_stop();
  reader.join();
  EXPECT_EQ((*queue)->depth().damaged, 0U);
}

}  // namespace
}  // namespace wayside::flash::testing
