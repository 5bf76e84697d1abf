// The queue in ordinary life: what goes in comes out, waits, is acknowledged, and gives way when there is no
// room.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/delivery/queue/acknowledgements.hpp"
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
  const Result<SealedRecord> sealed = queue->read(*number);
  ASSERT_TRUE(sealed);
  const std::optional<RecordParts> out = sealer().test().open(*sealed);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->document, in.document);
  EXPECT_EQ(out->plate, in.plate);
  EXPECT_EQ(out->overview, in.overview);
  EXPECT_EQ(out->record_class, RecordClass::hit);
}

// Two header blocks, an eighth for a gap record, a block for the table of contents, 80 bytes of frame.
constexpr std::size_t largest_sealed = 64 * 1024 - 2 * 4096 - 8192 - 4096 - 80;

TEST(RecordQueue, TakesTheSmallestRecordAndTheLargestOne) {
  FaultyDevice device;
  const auto queue = opened(device);
  RecordParts largest = record("largest", largest_sealed);
  while (sealer().sealed_bytes(largest) > largest_sealed)
    largest.overview.pop_back();
  for (const RecordParts& in : {record("x", 1), largest, record("l", 1, RecordClass::ledger), largest}) {
    const Result<SequenceNumber> number = append_one(*queue, in);
    ASSERT_TRUE(number) << number.error().message;
    const Result<SealedRecord> out = queue->read(*number);
    ASSERT_TRUE(out);
    EXPECT_EQ(sealer().test().open(*out)->overview, in.overview);
  }
}

TEST(RecordQueue, RefusesARecordLargerThanASegmentAndStatesTheLimit) {
  FaultyDevice device;
  const auto queue = opened(device);
  const std::vector<RecordParts> group{record("small"), record("large", 64 * 1024)};
  const auto accepted = queue->append(group);
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(accepted.error().message,
              HasSubstr("does not fit a queue segment, which takes records of up to"));
  EXPECT_TRUE(numbers(*queue).empty()) << "nothing of the group may have been written";
}

TEST(RecordQueue, RefusesGapRecordsFromOutside) {
  FaultyDevice device;
  const auto queue = opened(device);
  RecordParts gap = record("mine", 100, RecordClass::ledger);
  gap.type = RecordType::gap;
  EXPECT_FALSE(append_one(*queue, gap));
}

TEST(RecordQueue, WritesNothingAndUsesNoNumberWhileNobodysKeyIsValid) {
  FaultyDevice device;
  const auto queue = opened(device);
  ASSERT_TRUE(append_one(*queue, record("before")));
  sealer().test().lose_recipient();
  const auto before = device.blocks_written;
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 100; ++i) {
    const auto refused = append_one(*queue, record("meanwhile"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "whoever appends tells of it, once";
  EXPECT_EQ(device.blocks_written, before);
  sealer().test().find_recipient();
  EXPECT_EQ(append_one(*queue, record("after"))->value(), 2U);
  expect_chained(contents(*queue), 1);
}

TEST(RecordQueue, KeepsNumberAndHashOfTheLastRecordOverRestarts) {
  FaultyDevice device;
  auto queue = opened(device);
  EXPECT_EQ(queue->chain().number.value(), 0U);
  EXPECT_EQ(queue->chain().hash, Sha256{});
  for (const RecordClass record_class : {RecordClass::ordinary, RecordClass::hit, RecordClass::ordinary}) {
    const SequenceNumber number = *append_one(*queue, record("r", 3000, record_class));
    const ChainHead chain = queue->chain();
    EXPECT_EQ(chain.number, number);
    EXPECT_EQ(chain.hash, chain_hash(queue->read(number)->head));
    queue.reset();
    queue = opened(device);
    EXPECT_EQ(queue->chain().number, number);
    EXPECT_EQ(queue->chain().hash, chain.hash);
  }
  expect_chained(contents(*queue), 1);
  // Also where the records themselves are gone.
  const ChainHead last = queue->chain();
  for (const SequenceNumber number : numbers(*queue))
    ASSERT_TRUE(queue->acknowledge(number));
  queue.reset();
  for (auto& [name, bytes] : device.durable) {
    if (name.starts_with("seg-")) std::fill(bytes.begin() + 8192, bytes.end(), std::uint8_t{0});
  }
  queue = opened(device);
  EXPECT_EQ(queue->chain().number, last.number);
  EXPECT_EQ(queue->chain().hash, last.hash);
}

TEST(RecordQueue, SyncsOnceAGroup) {
  FaultyDevice device;
  const auto queue = opened(device);
  ASSERT_TRUE(append_one(*queue, record("first")));  // reserves numbers
  const std::uint64_t before = device.syncs;
  const std::vector<RecordParts> group{record("a"), record("b"), record("c"), record("d")};
  const auto accepted = queue->append(group);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(device.syncs - before, 1U);
  EXPECT_EQ(accepted->size(), 4U);
  EXPECT_EQ(accepted->back().value(), 5U);
}

TEST(RecordQueue, KeepsTheOrderOfAGroupOfBothLogs) {
  FaultyDevice device;
  const auto queue = opened(device);
  const std::vector<RecordParts> group{record("a"), record("b", 3000, RecordClass::hit), record("c"),
                                       record("d", 0, RecordClass::ledger)};
  const auto accepted = queue->append(group);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->size(), 4U);
  const Contents now = contents(*queue);
  EXPECT_EQ(now.records, (std::map<std::uint64_t, std::string>{{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}}));
  expect_chained(now, 1);
}

TEST(RecordQueue, IsThereAgainAfterReopening) {
  FaultyDevice device;
  QueueUuid uuid{};
  {
    const auto queue = opened(device);
    uuid = queue->uuid();
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(append_one(*queue, record("r" + std::to_string(i))));
    ASSERT_TRUE(queue->acknowledge(SequenceNumber(2)));
  }
  const auto queue = opened(device);
  EXPECT_EQ(queue->uuid(), uuid);
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
  EXPECT_THAT(
      ::testing::internal::GetCapturedStderr(),
      ::testing::AllOf(::testing::HasSubstr("queue_keeps_its_size"), ::testing::HasSubstr("segments=4"),
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

TEST(RecordQueue, ListsWhatWaitsFromEitherEndInPagesByClass) {
  FaultyDevice device;
  const auto queue = opened(device);
  for (int i = 1; i <= 9; ++i)
    ASSERT_TRUE(append_one(*queue, record("r", 1000, i % 3 == 0 ? RecordClass::hit : RecordClass::ordinary)));
  ASSERT_TRUE(append_one(*queue, record("r", 0, RecordClass::ledger)));
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(1)));
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(6)));
  using Numbers = std::vector<std::uint64_t>;
  const auto list = [&](RecordQueue::Order order, std::uint64_t beyond, std::size_t count,
                        std::optional<RecordClass> only = {}) {
    Numbers out;
    const auto from = beyond == 0 ? std::nullopt : std::optional(SequenceNumber(beyond));
    for (const WaitingRecord& one : queue->waiting(order, from, count, only))
      out.push_back(one.number.value());
    return out;
  };
  constexpr auto oldest = RecordQueue::Order::oldest_first;
  constexpr auto newest = RecordQueue::Order::newest_first;
  EXPECT_EQ(list(oldest, 0, 3), (Numbers{2, 3, 4}));
  EXPECT_EQ(list(oldest, 4, 99), (Numbers{5, 7, 8, 9, 10}));
  EXPECT_EQ(list(newest, 0, 3), (Numbers{10, 9, 8}));
  EXPECT_EQ(list(newest, 8, 3), (Numbers{7, 5, 4}));
  EXPECT_EQ(list(oldest, 0, 9, RecordClass::hit), (Numbers{3, 9}));
  EXPECT_EQ(list(newest, 9, 9, RecordClass::hit), (Numbers{3}));
  EXPECT_EQ(list(newest, 0, 2, RecordClass::ordinary), (Numbers{8, 7}));
  EXPECT_EQ(list(oldest, 0, 9, RecordClass::ledger), (Numbers{10}));
  EXPECT_TRUE(list(oldest, 10, 9).empty());
  EXPECT_TRUE(list(newest, 2, 9).empty());
  EXPECT_TRUE(list(oldest, 0, 0).empty());
  EXPECT_TRUE(queue->is_waiting(SequenceNumber(2)));
  EXPECT_FALSE(queue->is_waiting(SequenceNumber(6)));
  EXPECT_FALSE(queue->is_waiting(SequenceNumber(11)));
  EXPECT_EQ(queue->depth().oldest->value(), 2U);
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
  EXPECT_EQ(numbers(*again).front().value(), 2U) << "sent again; the back office absorbs it";
}

TEST(RecordQueue, GoesRoundItsSegmentsManyTimesWithoutLosingAnything) {
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
  EXPECT_EQ(queue->depth().segments, 4U);
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
  EXPECT_GT(end.gap_records.size(), 3U);
  for (const auto& [n, reason] : end.lost)
    EXPECT_EQ(reason, "evicted");
  const std::uint64_t evicted = queue->depth().evicted;
  queue.reset();
  EXPECT_EQ(contents(*opened(device)).lost, end.lost);
  EXPECT_EQ(opened(device)->depth().evicted, evicted);
}

TEST(RecordQueue, TellsAGapAgainWhoseRecordIsGivenUpItself) {
  FaultyDevice device;
  const auto queue = opened(device);
  for (int i = 0; i < 400; ++i)
    ASSERT_TRUE(append_one(*queue, record("r", 5000, i % 2 == 0 ? RecordClass::hit : RecordClass::ordinary)));
  const Contents now = contents(*queue);
  const std::uint64_t last = queue->chain().number.value();
  for (std::uint64_t n = 1; n <= last; ++n) {
    EXPECT_EQ(
        static_cast<std::size_t>(now.records.contains(n)) + now.gap_records.count(n) + now.lost.count(n), 1U)
        << n;
  }
  EXPECT_GT(now.lost.size(), 300U);
}

TEST(RecordQueue, GivesUpOrdinaryRecordsBeforeHitsAndTheLedger) {
  FaultyDevice device;
  const auto queue = opened(device);
  std::set<std::uint64_t> kept;
  for (int i = 0; i < 3; ++i) {
    kept.insert(append_one(*queue, record("hit", 5000, RecordClass::hit))->value());
    kept.insert(append_one(*queue, record("ledger", 0, RecordClass::ledger))->value());
  }
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(append_one(*queue, record("ordinary", 5000)));
  const Contents now = contents(*queue);
  for (const std::uint64_t number : kept)
    EXPECT_TRUE(now.records.contains(number));
}

TEST(RecordQueue, ReadsLeaveTheProtectedLogItsSegmentsAndItTakesMoreFromThem) {
  FaultyDevice device;
  QueueOptions options = small_queue();
  options.segments = 12;
  options.protected_segments = 4;
  const auto queue = opened(device, options);
  const auto fill = [&](RecordClass record_class, int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(append_one(*queue, record("r", 20'000, record_class)));
  };
  fill(RecordClass::ordinary, 20);
  EXPECT_EQ(queue->depth().segments_free, 3U) << "a gap record was written, to one of the four";
  const std::uint64_t before = queue->depth().evicted;
  fill(RecordClass::hit, 5);
  EXPECT_EQ(queue->depth().evicted, before) << "room was kept for them";
  fill(RecordClass::hit, 10);
  const Contents now = contents(*queue);
  EXPECT_EQ(queue->waiting(RecordQueue::Order::oldest_first, {}, 99, RecordClass::hit).size(), 15U)
      << "reads give way, hits do not";
  EXPECT_GT(queue->depth().evicted, before);
  fill(RecordClass::hit, 40);
  ASSERT_TRUE(append_one(*queue, record("read", 20'000)));
  EXPECT_FALSE(queue->waiting(RecordQueue::Order::oldest_first, {}, 99, RecordClass::ordinary).empty())
      << "a camera full of hits still records what passes";
}

TEST(RecordQueue, RefusesAQuotaThatLeavesNoRoomForReads) {
  FaultyDevice device;
  QueueOptions options = small_queue();
  options.protected_segments = 3;
  const auto queue = open_queue(device.disk(), options);
  ASSERT_FALSE(queue);
  EXPECT_THAT(queue.error().message, HasSubstr("queue protected_segments = 3 of 4 segments"));
}

TEST(RecordQueue, GivesUpTheOldestHitsWhenThereAreOnlyHits) {
  FaultyDevice device;
  const auto queue = opened(device);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(append_one(*queue, record("hit", 5000, RecordClass::hit)));
  EXPECT_GT(queue->depth().evicted, 50U);
  EXPECT_GT(contents(*queue).records.begin()->first, 50U);
}

// The order on the device: no segment is written over before the gap record that tells its numbers is there.
TEST(RecordQueue, TellsAGapBeforeItWritesOverTheRecords) {
  FaultyDevice device;
  auto queue = opened(device);
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(append_one(*queue, record("r", 5000, i % 3 == 0 ? RecordClass::hit : RecordClass::ordinary)));
    // As a power cut would leave it: what is missing must be told already, and by its right reason.
    FaultyDevice cut = device;
    cut.cut_power([](std::size_t) { return false; });
    const auto after = opened(cut);
    ASSERT_TRUE(append_one(*after, record("probe")));
    for (const auto& [n, reason] : contents(*after).lost)
      ASSERT_NE(reason, "damaged") << n << " after " << i;
  }
  EXPECT_GT(queue->depth().evicted, 10U);
}

// The oldest reads lose their overviews first; their numbers, heads and other parts stay.
TEST(RecordQueue, GivesUpTheOverviewsOfTheOldestReadsBeforeTheReads) {
  FaultyDevice device;
  CounterSet counters;
  QueueOptions options = small_queue();
  options.segments = 8;
  options.counters = &counters;
  auto queue = opened(device, options);
  std::map<std::uint64_t, std::string> accepted;
  std::uint64_t first_eviction = 0;
  for (int i = 0; i < 120; ++i) {
    const std::string name = "r" + std::to_string(i);
    const std::uint64_t number = append_one(*queue, record(name, 9000))->value();
    accepted[number] = name;
    if (first_eviction == 0 && queue->depth().evicted != 0) first_eviction = number;
    const Contents now = contents(*queue);
    if (queue->depth().evicted == 0) {
      ASSERT_EQ(now.records, accepted) << "no read is given up while overviews can be";
    }
    std::uint64_t without = 0;
    for (const std::uint64_t n : now.without_overview)
      without = std::max(without, n);
    for (const auto& [n, found] : now.records) {
      ASSERT_EQ(found, accepted.at(n));
      ASSERT_TRUE(n > without || now.without_overview.contains(n)) << "younger ones lost theirs before " << n;
    }
    expect_chained(now, 128);
    FaultyDevice cut = device;
    cut.cut_power([](std::size_t) { return false; });
    const Contents after = contents(*opened(cut, options));
    ASSERT_EQ(after.records, now.records);
  }
  EXPECT_GT(first_eviction, 30U);
  EXPECT_GT(counters.counter("queue_overviews_given_up").value(), 20U);
  const Contents end = contents(*queue);
  EXPECT_GT(end.without_overview.size(), 5U);
  for (const auto& [n, name] : accepted)
    EXPECT_TRUE(end.records.contains(n) || end.lost.at(n) == "evicted") << n;
  queue.reset();
  // Where nothing was written over the whole record yet, a restart finds it again.
  const Contents again = contents(*opened(device, options));
  EXPECT_EQ(again.records, end.records);
  EXPECT_TRUE(std::includes(end.without_overview.begin(), end.without_overview.end(),
                            again.without_overview.begin(), again.without_overview.end()));
  EXPECT_FALSE(again.without_overview.empty());
}

TEST(RecordQueue, CarriesNoRecordThatWasDeliveredMeanwhileAndReadsOnWhileTheyMove) {
  const doubles::TemporaryFolder folder;
  QueueOptions options = small_queue();
  options.segments = 8;
  options.directory = folder.path() / "queue";
  const auto queue = open_record_queue(options);
  ASSERT_TRUE(queue) << queue.error().message;
  std::set<std::uint64_t> acknowledged;
  std::jthread uploader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (const SequenceNumber number : numbers(**queue, {}, 8)) {
        const Result<SealedRecord> sealed = (*queue)->read(number);
        if (!sealed) {
          ASSERT_EQ(sealed.error().code, ErrorCode::not_found) << sealed.error().message;
        } else if (number.value() % 5 == 0 && (*queue)->acknowledge(number)) {
          acknowledged.insert(number.value());
        }
      }
    }
  });
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(append_one(**queue, record("r" + std::to_string(i), 9000)));
  uploader.request_stop();
  uploader.join();
  EXPECT_EQ((*queue)->depth().damaged, 0U);
  for (const SequenceNumber number : numbers(**queue))
    EXPECT_FALSE(acknowledged.contains(number.value()));
}

TEST(Retention, GivesUpWhatIsKnownToBeOlderThanADayAndTellsIt) {
  FaultyDevice device;
  auto queue = opened(device);
  const auto append = [&](const char* name, RecordClass record_class = RecordClass::ordinary) {
    return append_one(*queue, record(name, 1000, record_class))->value();
  };
  const std::uint64_t before = append("before the clock was set");
  ASSERT_TRUE(queue->mark_day(100));
  const std::uint64_t day_100 = append("a");
  ASSERT_TRUE(queue->mark_day(100));
  const std::uint64_t late_100 = append("b", RecordClass::hit);  // may be of the 101st
  ASSERT_TRUE(queue->mark_day(101));
  const std::uint64_t day_101 = append("c");
  EXPECT_EQ(*queue->expire(100), 0U);
  EXPECT_EQ(*queue->expire(101), 2U);
  EXPECT_EQ(queue->depth().expired, 2U);
  EXPECT_FALSE(queue->is_waiting(SequenceNumber(before)));
  EXPECT_FALSE(queue->is_waiting(SequenceNumber(day_100)));
  EXPECT_TRUE(queue->is_waiting(SequenceNumber(late_100))) << "not known to be of the 100th";
  EXPECT_EQ(*queue->expire(101), 0U);
  EXPECT_EQ(contents(*queue).lost,
            (std::map<std::uint64_t, std::string>{{before, "expired"}, {day_100, "expired"}}));
  ASSERT_TRUE(queue->mark_day(102));
  queue.reset();
  queue = opened(device);
  EXPECT_EQ(queue->depth().expired, 2U) << "kept over a restart";
  EXPECT_EQ(*queue->expire(102), 1U) << "and so are the days";
  EXPECT_TRUE(queue->is_waiting(SequenceNumber(day_101)));
  EXPECT_EQ(contents(*queue).lost.size(), 3U);
  EXPECT_EQ(contents(*queue).gap_records.size(), 2U) << "gap records do not grow old";
}

TEST(Retention, KeepsAFewHundredDaysApartAndNeverTakesARecordForOlderThanItIs) {
  DayMarks marks;
  for (std::uint32_t day = 1; day <= 1000; ++day)
    marks.mark(day, 10 * day);
  EXPECT_EQ(marks.all().size(), DayMarks::most);
  EXPECT_EQ(marks.before(601), 0U) << "forgotten: nothing is known of it";
  EXPECT_EQ(marks.before(602), 6010U);
  EXPECT_EQ(marks.before(1001), 10'000U);
  EXPECT_EQ(marks.before(5000), 10'000U);
  EXPECT_FALSE(marks.mark(700, 10'500));  // set back: now, or then, the clock was wrong
  EXPECT_EQ(marks.before(701), 7000U);
  EXPECT_EQ(marks.before(5000), 10'000U);
  marks.forget_below(6950);
  EXPECT_EQ(marks.all().front().day, 696U);
}

TEST(OpenQueue, AfterACleanStopNoNumberWasSetAsideInVain) {
  FaultyDevice device;
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("one")));
  }
  {
    const auto queue = opened(device);  // a run that delivers, and records nothing
    ASSERT_TRUE(queue->mark_day(100));
    ASSERT_TRUE(queue->acknowledge(SequenceNumber(1)));
    ASSERT_TRUE(queue->flush());
  }
  const auto queue = opened(device);
  EXPECT_EQ(append_one(*queue, record("two"))->value(), 2U);
  EXPECT_EQ(queue->depth().interrupted, 0U);
}

TEST(OpenQueue, RefusesRecordsOfAnotherDevice) {
  FaultyDevice device;
  doubles::TestSealer other("fedcba9876543210");
  QueueOptions theirs = small_queue();
  theirs.sealer = &other;
  { ASSERT_TRUE(append_one(*opened(device, theirs), record("theirs"))); }
  const auto before = device.durable;
  const auto queue = open_queue(device.disk(), small_queue());
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(
      queue.error().message,
      HasSubstr("holds records of device fedcba9876543210, and this camera is device 0123456789abcdef"));
  EXPECT_EQ(device.durable, before);
}

TEST(RecordQueue, LetsReadersReadWhileTheWriterEvicts) {
  const doubles::TemporaryFolder folder;
  QueueOptions options = small_queue();
  options.directory = folder.path() / "queue";
  const auto queue = open_record_queue(options);
  ASSERT_TRUE(queue) << queue.error().message;
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (const SequenceNumber number : numbers(**queue, {}, 20)) {
        const Result<SealedRecord> sealed = (*queue)->read(number);
        if (!sealed) {
          ASSERT_EQ(sealed.error().code, ErrorCode::not_found) << sealed.error().message;
        } else if (sealed->part(PartKind::gaps) == nullptr) {
          const Result<RecordHead> head = decode_head(sealed->head);
          ASSERT_TRUE(head);
          ASSERT_EQ(head->number, number);
          for (const SealedPart& part : sealed->parts)
            ASSERT_TRUE(check_part(*head, part.kind, part.bytes));
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

TEST(RecordQueueTest, NumbersThatAnybodyHasDrivenUpAreNotUsed) {
  FaultyDevice device;
  QueueUuid uuid{};
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("before")));
    uuid = queue->uuid();
  }
  {
    auto disk = device.disk();
    Acknowledgements blocks(disk->open("ack-0").value(), disk->open("ack-1").value());
    Settled settled = blocks.load(uuid).settled;
    settled.reserved_until = most_number;
    ASSERT_TRUE(blocks.store(uuid, settled));
  }
  const auto queue = opened(device);
  const auto number = append_one(*queue, record("after"));
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code, ErrorCode::exhausted);
  EXPECT_THAT(numbers(*queue), ::testing::SizeIs(1));  // what waits is not lost
}

}  // namespace
}  // namespace wayside::flash::testing
