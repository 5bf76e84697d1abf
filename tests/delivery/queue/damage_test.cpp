// A device that fails, rots, or holds something else: what it costs, and what the queue says.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/little_endian.hpp"

#include "src/delivery/queue/acknowledgements.hpp"
#include "src/delivery/queue/formatting.hpp"
#include "tests/delivery/queue/queue_fixture.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::flash::testing {
namespace {

using little_endian::put;

using ::testing::HasSubstr;

TEST(FailedSync, SendsTheGroupToAnotherSegmentAndRaisesAnAlarm) {
  FaultyDevice device;
  CounterSet counters;
  QueueOptions options = small_queue();
  options.counters = &counters;
  auto queue = opened(device, options);
  ASSERT_TRUE(append_one(*queue, record("before")));
  device.fail_sync_from = device.syncs;
  const std::vector<RecordParts> group{record("a"), record("b")};
  const auto accepted = queue->append(group);
  ASSERT_TRUE(accepted) << accepted.error().message;
  EXPECT_EQ(queue->depth().failed_syncs, 1U);
  EXPECT_EQ(counters.counter("queue_syncs_failed").value(), 1U);
  EXPECT_EQ(sealer().name_of(*queue->read((*accepted)[1])), "b");
  queue.reset();
  device.cut_power([](std::size_t) { return true; });
  const Contents found = contents(*opened(device));
  std::multiset<std::string> names;
  for (const auto& [number, name] : found.records)
    names.insert(name);
  EXPECT_EQ(names, (std::multiset<std::string>{"before", "a", "b"}))
      << "each once, wherever the first try got to";
  EXPECT_EQ(found.lost.at(2), "interrupted") << "the numbers of the failed try are used for nothing else";
  expect_chained(found, 1);
}

TEST(FailedSync, NeverWritesTheFailedSegmentAgain) {
  FaultyDevice device;
  QueueOptions options = small_queue();
  options.segments = 6;
  const auto queue = opened(device, options);
  ASSERT_TRUE(append_one(*queue, record("before")));
  device.fail_sync_from = device.syncs;
  ASSERT_TRUE(append_one(*queue, record("a")));
  const auto failed = device.durable.at("seg-0000");
  for (int i = 0; i < 200; ++i) {
    const Result<SequenceNumber> number = append_one(*queue, record("r", 5000));
    ASSERT_TRUE(number);
    ASSERT_TRUE(queue->acknowledge(*number));
  }
  EXPECT_EQ(device.durable.at("seg-0000"), failed);
}

TEST(FailedSync, OfTheWholeDeviceIsReportedAndTheQueueGoesOnAnswering) {
  FaultyDevice device;
  const auto queue = opened(device);
  const SequenceNumber before = *append_one(*queue, record("before"));
  device.fail_sync_from = device.syncs;
  device.fail_sync_count = FaultyDevice::never;
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(append_one(*queue, record("refused")));
  EXPECT_EQ(append_one(*queue, record("refused")).error().code, ErrorCode::exhausted);
  EXPECT_GT(queue->depth().failed_syncs, 2U);
  EXPECT_TRUE(queue->read(before) || queue->read(before).error().code == ErrorCode::not_found);
}

TEST(FailedSync, OfAnAcknowledgementBlockGoesToTheOtherOne) {
  FaultyDevice device;
  auto queue = opened(device);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(append_one(*queue, record("r")));
  ASSERT_TRUE(queue->acknowledge(SequenceNumber(1)));
  device.fail_sync_from = device.syncs;
  EXPECT_TRUE(queue->flush());
  device.power_off_after_blocks = device.blocks_written;
  queue.reset();
  device.cut_power([](std::size_t) { return false; });
  EXPECT_EQ(numbers(*opened(device)).front().value(), 2U);
}

// Every block of every file, one flipped bit each: at most one record is lost, and it is described.
TEST(FlippedBit, CostsAtMostOneRecord) {
  FaultyDevice sound;
  QueueOptions options = small_queue();
  options.segments = 6;
  {
    const auto queue = opened(sound, options);
    for (int i = 0; i < 9; ++i)
      ASSERT_TRUE(append_one(*queue, record("r" + std::to_string(i), 9000)));
  }
  const std::size_t whole = contents(*opened(sound, options)).records.size();
  ASSERT_EQ(whole, 9U);
  std::size_t lost_some = 0;
  for (const auto& [name, bytes] : sound.durable) {
    for (std::uint64_t byte = 0; byte < bytes.size(); byte += 2039) {
      SCOPED_TRACE(name + " byte " + std::to_string(byte));
      FaultyDevice device = sound;
      device.flip_bit(name, byte, static_cast<unsigned>(byte % 8));
      const auto queue = opened(device, options);
      static_cast<void>(contents(*queue));  // what is only found when it is read is owed as well
      const std::uint64_t probe = append_one(*queue, record("probe"))->value();
      const Contents now = contents(*queue);
      EXPECT_GE(now.records.size(), whole) << "8 of 9, and the probe";
      lost_some += now.records.size() == whole ? 1 : 0;
      for (std::uint64_t n = 1; n <= probe; ++n) {
        EXPECT_EQ(
            static_cast<std::size_t>(now.records.contains(n)) + now.gap_records.count(n) + now.lost.count(n),
            1U)
            << n;
      }
    }
  }
  EXPECT_GT(lost_some, 10U) << "the flips must have hit something";
}

TEST(Damage, FoundWhileReadingIsCountedAndDescribed) {
  FaultyDevice device;
  auto queue = opened(device);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(append_one(*queue, record("r" + std::to_string(i), 9000)));
  device.flip_bit("seg-0000", segment_header_bytes + 12288 + 5000, 3);  // groups of one, three blocks each
  EXPECT_EQ(queue->read(SequenceNumber(2)).error().code, ErrorCode::corrupt);
  EXPECT_EQ(queue->read(SequenceNumber(2)).error().code, ErrorCode::not_found);
  EXPECT_EQ(queue->depth().damaged, 1U);
  ASSERT_TRUE(append_one(*queue, record("next")));
  EXPECT_EQ(contents(*queue).lost, (std::map<std::uint64_t, std::string>{{2, "damaged"}}));
}

TEST(Damage, OfOneSegmentHeaderCostsNothing) {
  for (const std::uint64_t copy : {0, 1}) {
    FaultyDevice device;
    { ASSERT_TRUE(append_one(*opened(device), record("one"))); }
    std::fill_n(device.durable.at("seg-0000").begin() + static_cast<std::ptrdiff_t>(copy * block_bytes),
                block_bytes, std::uint8_t{0xff});
    EXPECT_EQ(contents(*opened(device)).records.size(), 1U);
  }
}

TEST(Damage, OfBothAcknowledgementBlocksCostsResendsOnly) {
  FaultyDevice device;
  {
    const auto queue = opened(device);
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(append_one(*queue, record("r" + std::to_string(i))));
    ASSERT_TRUE(queue->acknowledge(SequenceNumber(1)));
  }
  device.flip_bit("ack-0", 40, 1);
  device.flip_bit("ack-1", 40, 1);
  CounterSet counters;
  QueueOptions options = small_queue();
  options.counters = &counters;
  const auto queue = opened(device, options);
  EXPECT_EQ(contents(*queue).records.size(), 5U);
  EXPECT_EQ(counters.counter("queue_acknowledgement_blocks_ignored").value(), 2U);
  EXPECT_GT(append_one(*queue, record("next"))->value(), 5U);
}

TEST(Damage, AMissingFileIsMadeAgain) {
  FaultyDevice device;
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("one")));
  }
  device.durable.erase("seg-0002");
  device.durable.erase("ack-1");
  const auto queue = opened(device);
  EXPECT_EQ(contents(*queue).records.size(), 1U);
  EXPECT_TRUE(device.durable.contains("seg-0002"));
  EXPECT_TRUE(device.durable.contains("ack-1"));
}

TEST(Damage, AFileCutShortKeepsTheRecordsItStillHolds) {
  FaultyDevice device;
  {
    const auto queue = opened(device);
    for (const char* name : {"one", "two", "three", "four"})
      ASSERT_TRUE(append_one(*queue, record(name, 9000)));
  }
  device.durable.at("seg-0000").resize(36 * 1024);  // in the third
  const auto queue = opened(device);
  ASSERT_TRUE(append_one(*queue, record("next")));  // what is owed goes out with it
  const Contents found = contents(*queue);
  std::multiset<std::string> names;
  for (const auto& [number, name] : found.records)
    names.insert(name);
  EXPECT_EQ(names, (std::multiset<std::string>{"one", "two", "next"}));
  EXPECT_EQ(device.durable.at("seg-0000").size(), small_queue().segment_bytes);
  EXPECT_EQ(found.lost.at(3), "damaged");
  EXPECT_EQ(found.lost.at(4), "damaged") << "a record lay there, so its number was not merely set aside";
}

TEST(Damage, ARecordWhoseWholeFileIsGoneIsToldAsDamaged) {
  FaultyDevice device;
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("one")));
  }
  device.durable.erase("seg-0000");
  const auto queue = opened(device);
  ASSERT_TRUE(append_one(*queue, record("next")));
  EXPECT_EQ(contents(*queue).lost.at(1), "damaged");
}

// The acknowledgement blocks still say which queue this was, and how far its numbers went.
TEST(Damage, TheLossOfEverySegmentIsToldAndTheQueueGoesOn) {
  const std::map<std::string, std::function<void(FaultyDevice&, const std::string&)>> losses = {
      {"gone", [](FaultyDevice& device, const std::string& file) { device.durable.erase(file); }},
      {"cut short", [](FaultyDevice& device, const std::string& file) { device.durable[file].resize(1000); }},
      {"empty", [](FaultyDevice& device, const std::string& file) { device.durable[file].clear(); }},
      {"noughts", [](FaultyDevice& device, const std::string& file) {
         std::fill(device.durable[file].begin(), device.durable[file].end(), std::uint8_t{0});
       }}};
  for (const auto& [how, lose] : losses) {
    SCOPED_TRACE(how);
    FaultyDevice device;
    QueueUuid uuid{};
    {
      const auto queue = opened(device);
      uuid = queue->uuid();
      for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(append_one(*queue, record(std::to_string(i))));
      ASSERT_TRUE(queue->acknowledge(SequenceNumber(1)));
      ASSERT_TRUE(queue->flush());
    }
    for (std::uint32_t i = 0; i < small_queue().segments; ++i)
      lose(device, segment_file_name(i));
    const auto queue = opened(device);
    EXPECT_EQ(queue->uuid(), uuid);
    EXPECT_GE(queue->depth().damaged, 4U);
    const auto next = append_one(*queue, record("next"));
    ASSERT_TRUE(next);
    EXPECT_GT(next->value(), 5U) << "a number must not be used again";
    const auto found = contents(*queue);
    EXPECT_EQ(found.records.size(), 1U);
    EXPECT_FALSE(found.lost.contains(1)) << "it was delivered";
    for (std::uint64_t number = 2; number <= 5; ++number)
      EXPECT_EQ(found.lost.at(number), "damaged");
  }
}

TEST(Damage, AnAcknowledgementBlockOfAnotherQueueIsIgnoredAndCounted) {
  FaultyDevice device;
  FaultyDevice other;
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("one")));
    const auto theirs = opened(other);
    ASSERT_TRUE(append_one(*theirs, record("theirs")));
    ASSERT_TRUE(theirs->acknowledge(SequenceNumber(1)));
  }
  device.durable["ack-1"] = other.durable["ack-1"];
  CounterSet counters;
  QueueOptions options = small_queue();
  options.counters = &counters;
  EXPECT_EQ(contents(*opened(device, options)).records.size(), 1U);
  EXPECT_EQ(counters.counter("queue_acknowledgement_blocks_ignored").value(), 1U);
}

TEST(Damage, ASegmentOfAnotherQueueDoesNotTakeOver) {
  FaultyDevice device;
  FaultyDevice other;
  QueueUuid uuid{};
  {
    const auto queue = opened(device);
    uuid = queue->uuid();
    ASSERT_TRUE(append_one(*queue, record("one")));
    ASSERT_TRUE(append_one(*opened(other), record("theirs")));
  }
  device.durable["seg-0002"] = other.durable["seg-0000"];
  const auto queue = opened(device);
  EXPECT_EQ(queue->uuid(), uuid);
  EXPECT_EQ(contents(*queue).records, (std::map<std::uint64_t, std::string>{{1, "one"}}));
}

// What a good CRC does not vouch for: fields that would make files without end, or numbers run over.
TEST(Damage, OfAFieldBelowAGoodCrcIsFound) {
  Bytes block(block_bytes);
  SegmentHeader good;
  good.log = Log::reads;
  good.index = 2;
  good.segments = 4;
  good.segment_bytes = 32 * 1024;
  good.epoch = 1;
  good.first_number = 1;
  encode(good, block);
  ASSERT_TRUE(decode_segment_header(block));
  const auto refused = [&](const auto& change) {
    SegmentHeader header = good;
    change(header);
    encode(header, block);
    return !decode_segment_header(block);
  };
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.segments = 3; }));
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.segments = UINT32_MAX; }));
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.index = 4; }));
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.segment_bytes = 0; }));
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.segment_bytes = 32 * 1024 + 1; }));
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.epoch = UINT64_MAX; }));
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.first_number = UINT64_MAX; }));

  EXPECT_TRUE(refused([](SegmentHeader& header) { header.log = static_cast<Log>(3); }));
  EXPECT_TRUE(refused([](SegmentHeader& header) { header.log = Log::none; }));

  const SealedRecord some{Bytes(10), {{PartKind::document, Bytes(10)}}};
  const auto frame_refused = [&](const auto& change) {
    FrameHeader frame;
    frame.number = 1;
    change(frame);
    Bytes bytes;
    encode(frame, some, bytes);
    return !decode_frame_header(bytes);
  };
  EXPECT_FALSE(frame_refused([](FrameHeader&) {}));
  EXPECT_TRUE(frame_refused([](FrameHeader& frame) { frame.number = 0; }));
  EXPECT_TRUE(frame_refused([](FrameHeader& frame) { frame.number = UINT64_MAX; }));
  EXPECT_TRUE(frame_refused([](FrameHeader& frame) { frame.type = RecordType::gap; }));
  EXPECT_TRUE(frame_refused([](FrameHeader& frame) { frame.type = static_cast<RecordType>(7); }));
  EXPECT_TRUE(frame_refused([](FrameHeader& frame) { frame.record_class = static_cast<RecordClass>(3); }));
  EXPECT_FALSE(decode_gaps(encode(Gaps{{{5, UINT64_MAX}, GapReason::damaged}})));
}

TEST(Damage, OfARangeBelowAGoodCrcCostsTheAcknowledgementBlock) {
  const auto owner_of = [&](const NumberRange& settled, std::uint32_t second_day = 6) {
    Bytes block(acknowledgement_file_bytes);
    put(block, 0, std::uint64_t{0x0A0D4B4341575957});
    put(block, 8, format_version);
    put(block, 10, std::uint16_t{2});
    put(block, 12, std::uint32_t{1});
    put(block, 40, std::uint64_t{10});
    put(block, 128, std::uint32_t{5});
    put(block, 132, std::uint64_t{1});
    put(block, 140, second_day);
    put(block, 144, std::uint64_t{9});
    put(block, 152, settled.first);
    put(block, 160, settled.last);
    put(block, 124, crc32c(ByteView(block).subspan(128, 40), crc32c(ByteView(block).first(124))));
    return acknowledgement_owner(block);
  };
  EXPECT_TRUE(owner_of({1, 3}));
  EXPECT_TRUE(owner_of({1, 9}));
  for (const NumberRange range : {NumberRange{0, 3}, NumberRange{7, 3}, NumberRange{3, UINT64_MAX}})
    EXPECT_FALSE(owner_of(range));
  EXPECT_FALSE(owner_of({1, 10})) << "settled, though nobody was handed it";
  EXPECT_FALSE(owner_of({1, 3}, 5)) << "the days must rise";
  EXPECT_FALSE(acknowledgement_owner(Bytes(10)));
}

// Whoever holds the card can write both; what is recorded after it is back must not be lost for it.
TEST(Damage, NothingOnTheCardSettlesOrTellsNumbersThatWereNeverHandedOut) {
  FaultyDevice device;
  QueueUuid uuid{};
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("before", 3000, RecordClass::hit)));
    uuid = queue->uuid();
  }
  const SegmentHeader header = *decode_segment_header(device.durable.at("seg-0000"));
  const std::uint64_t end = segment_header_bytes + block_bytes;
  const auto plant = [&](const NumberRange& told) {
    SealedRecord gap =
        sealer().sign_gaps({uuid, SequenceNumber(2), {}}, encode({{told, GapReason::evicted}}));
    FrameHeader frame;
    frame.type = RecordType::gap;
    frame.record_class = RecordClass::ledger;
    frame.epoch = header.epoch;
    frame.salt = header.salt;
    frame.number = 2;
    Bytes bytes;
    encode(frame, gap, bytes);
    std::copy(bytes.begin(), bytes.end(), device.durable.at("seg-0000").begin() + end);
  };
  {
    auto disk = device.disk();
    Acknowledgements blocks(disk->open("ack-0").value(), disk->open("ack-1").value());
    Settled settled = blocks.load(uuid).settled;
    settled.numbers.add({2, most_number});
    ASSERT_TRUE(blocks.store(uuid, settled));
  }
  plant({1, most_number});
  for (const char* name : {"after", "later"})
    ASSERT_TRUE(append_one(*opened(device), record(name, 3000, RecordClass::hit)));
  std::set<std::string> names;
  for (const auto& [number, name] : contents(*opened(device)).records)
    names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"before", "after", "later"}));
}

TEST(Damage, AnEpochThatSomebodyHasDrivenUpIsNotUsed) {
  FaultyDevice device;
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("before")));
  }
  SegmentHeader header = *decode_segment_header(device.durable.at("seg-0001"));
  header.log = Log::guarded;
  header.epoch = most_number;
  encode(header, std::span(device.durable.at("seg-0001")).first(block_bytes));
  const auto queue = opened(device);
  const auto number = append_one(*queue, record("after"));
  ASSERT_FALSE(number) << "the segment that it would go to cannot be read again";
  EXPECT_EQ(number.error().code, ErrorCode::exhausted);
  EXPECT_EQ(numbers(*queue).size(), 1U) << "what waits is not lost";
}

// A table of contents is a help: with it or without it the same is found.
TEST(Damage, OfATableOfContentsCostsNothing) {
  FaultyDevice device;
  QueueOptions options = small_queue();
  options.segments = 24;
  {
    const auto queue = opened(device, options);
    for (int i = 0; i < 60; ++i) {
      const std::vector<RecordParts> group{
          record("r" + std::to_string(i), 9000),
          record("s" + std::to_string(i), 300, i % 5 == 0 ? RecordClass::hit : RecordClass::ordinary)};
      ASSERT_TRUE(queue->append(group));
    }
  }
  device.cut_power([](std::size_t) { return true; });  // tables are written, not synced
  const Contents whole = contents(*opened(device, options));
  ASSERT_EQ(whole.records.size(), 120U);
  std::size_t tables = 0;
  for (auto& [name, bytes] : device.durable) {
    const auto end = bytes.end() - 64;
    if (!std::equal(end, end + 6, "WYWTOC")) continue;
    ++tables;
    *(end - 4) ^= 1;  // zeros that its CRC does not cover
    FaultyDevice same = device;
    EXPECT_EQ(contents(*opened(same, options)).records, whole.records);
    bytes[bytes.size() - 4096 + 9] ^= 4;  // an entry
  }
  EXPECT_GT(tables, 5U);
  EXPECT_EQ(contents(*opened(device, options)).records, whole.records);
}

TEST(Damage, OfTheNewestRecordIsToldAsDamagedWhereItsFrameStillReads) {
  FaultyDevice device;
  auto queue = opened(device);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(append_one(*queue, record("r", 9000)));
  device.power_off_after_blocks = device.blocks_written;
  queue.reset();
  device.cut_power([](std::size_t) { return false; });
  device.flip_bit("seg-0000", segment_header_bytes + 2 * 12288 + 5000, 3);
  queue = opened(device);
  ASSERT_TRUE(append_one(*queue, record("next")));
  const Contents found = contents(*queue);
  EXPECT_EQ(found.lost.at(3), "damaged");
  EXPECT_EQ(found.lost.at(4), "interrupted");
}

// A card that gives back nothing but ones, or somebody else's files under these names.
TEST(OpenQueue, SaysThatItIsMadeAnewWhereNothingOfWhatIsThereCanBeRead) {
  FaultyDevice device;
  { ASSERT_TRUE(append_one(*opened(device), record("one"))); }
  const auto made_anew = [&] {
    CounterSet counters;
    QueueOptions options = small_queue();
    options.counters = &counters;
    EXPECT_TRUE(append_one(*opened(device, options), record("next")));
    return counters.counter("queue_unreadable_made_anew").value();
  };
  EXPECT_EQ(made_anew(), 0U);
  for (auto& [name, bytes] : device.durable)
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0xff});
  EXPECT_EQ(made_anew(), 1U);
  EXPECT_EQ(made_anew(), 0U);
  // As where formatting was cut short.
  for (auto& [name, bytes] : device.durable)
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
  EXPECT_EQ(made_anew(), 0U);
}

TEST(OpenQueue, RefusesADirectoryThatHoldsAnythingElse) {
  const doubles::TemporaryFolder folder;
  std::ofstream(folder.path() / "holiday.txt") << "x";
  QueueOptions options = small_queue();
  options.directory = folder.path();
  const auto queue = open_record_queue(options);
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(queue.error().message, HasSubstr("\"holiday.txt\", which is no file of a queue"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "seg-0000"));
}

TEST(OpenQueue, RefusesANewerFormat) {
  FaultyDevice device;
  { ASSERT_TRUE(append_one(*opened(device), record("one"))); }
  std::vector<std::uint8_t>& segment = device.durable.at("seg-0001");
  for (const std::size_t copy : {std::size_t{0}, block_bytes}) {
    const std::span<std::uint8_t> block = std::span(segment).subspan(copy, block_bytes);
    put(block, 8, std::uint16_t{3});
    put(block, 508, crc32c(block.first(508)));
  }
  const auto before = device.durable;
  const auto queue = open_queue(device.disk(), small_queue());
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().code, ErrorCode::unsupported);
  EXPECT_THAT(queue.error().message, HasSubstr("seg-0001 was written by another version"));
  EXPECT_EQ(device.durable, before);
}

TEST(OpenQueue, SaysHowMuchRoomIsMissingAndLeavesNothingBehind) {
  FaultyDevice device;
  device.room_bytes = 150'000;
  const auto queue = open_queue(device.disk(), small_queue());
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().code, ErrorCode::exhausted);
  EXPECT_THAT(queue.error().message, HasSubstr("needs 393216 bytes in queue"));
  EXPECT_TRUE(device.durable.empty());
}

TEST(OpenQueue, WhatDoesNotFitIsSaidBeforeAnythingIsWritten) {
  FaultyDevice device;
  device.knows_its_room = true;
  device.room_bytes = 393'216 - 1;
  const auto queue = open_queue(device.disk(), small_queue());
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().code, ErrorCode::exhausted);
  EXPECT_THAT(queue.error().message, AllOf(HasSubstr("needs 393216 bytes in queue"),
                                           HasSubstr("393215 bytes are free, as much as 3 segments")));
  EXPECT_EQ(device.blocks_written, 0U);
  // What it takes the place of is no room that is missing.
  device.durable["seg-0000"].assign(64 * 1024, 0);
  device.durable["seg-0007"].assign(64 * 1024, 0);
  device.room_bytes = 393'216;
  EXPECT_TRUE(open_queue(device.disk(), small_queue()));
}

TEST(OpenQueue, TellsOfEachSegmentThatItMakes) {
  FaultyDevice device;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> told;
  QueueOptions options = small_queue();
  options.on_segment_made = [&](std::uint32_t made, std::uint32_t segments) {
    EXPECT_TRUE(device.durable.contains(segment_file_name(made - 1)));
    told.emplace_back(made, segments);
    return true;
  };
  { ASSERT_TRUE(append_one(*opened(device, options), record("one"))); }
  EXPECT_THAT(told,
              ::testing::ElementsAre(std::pair(1, 4), std::pair(2, 4), std::pair(3, 4), std::pair(4, 4)));
  told.clear();
  opened(device, options).reset();
  EXPECT_TRUE(told.empty()) << "a queue that is there is not made";
  device.durable.erase("seg-0002");
  opened(device, options).reset();
  EXPECT_THAT(told, ::testing::ElementsAre(std::pair(3, 4)));
}

// Somebody sets a large queue, does not wait for it, and sets a small one.
TEST(OpenQueue, GivenUpWhileItIsMadeItLeavesNothingThatStandsInTheWayOfASmallerOne) {
  FaultyDevice device;
  QueueOptions large = small_queue();
  large.segments = 12;
  large.on_segment_made = [](std::uint32_t made, std::uint32_t) { return made < 11; };
  const auto given_up = open_queue(device.disk(), large);
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().code, ErrorCode::unavailable);
  EXPECT_THAT(given_up.error().message, HasSubstr("up to segment 11 of 12"));
  EXPECT_EQ(device.durable.size(), 11U);
  { ASSERT_TRUE(append_one(*opened(device), record("one"))); }
  EXPECT_EQ(device.durable.size(), 6U);
  const auto queue = opened(device);
  EXPECT_EQ(queue->depth().segments, 4U);
  EXPECT_EQ(contents(*queue).records.size(), 1U);
}

TEST(OpenQueue, TouchesNothingWhereItsFilesCannotBeOpenedOrRead) {
  FaultyDevice device;
  {
    const auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("one")));
  }
  const auto before = device.durable;
  for (bool FaultyDevice::*fault : {&FaultyDevice::refuses_to_open, &FaultyDevice::refuses_to_read}) {
    device.*fault = true;
    const auto refused = open_queue(device.disk(), small_queue());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("seg-0000"));
    EXPECT_TRUE(device.durable == before);
    device.*fault = false;
  }
  EXPECT_EQ(contents(*opened(device)).records.size(), 1U);
}

TEST(OpenQueue, RefusesSizesThatCannotBe) {
  for (const auto& [segments, bytes] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {3, 65536}, {4097, 65536}, {4, 65537}, {4, 4096}, {0, 0}}) {
    FaultyDevice device;
    QueueOptions options = small_queue();
    options.segments = segments;
    options.segment_bytes = bytes;
    const auto queue = open_queue(device.disk(), options);
    ASSERT_FALSE(queue) << segments << " of " << bytes;
    EXPECT_EQ(queue.error().code, ErrorCode::invalid_input);
    EXPECT_TRUE(device.durable.empty());
  }
}

TEST(OpenQueue, KeepsTheSizesItWasFormattedWith) {
  FaultyDevice device;
  { ASSERT_TRUE(append_one(*opened(device), record("one"))); }
  QueueOptions options = small_queue();
  options.segments = 20;
  const auto queue = opened(device, options);
  EXPECT_EQ(queue->depth().segments, 4U);
  EXPECT_EQ(contents(*queue).records.size(), 1U);
}

TEST(OpenQueue, RefusesASecondProcess) {
  const doubles::TemporaryFolder folder;
  QueueOptions options = small_queue();
  options.directory = folder.path() / "queue";
  const auto first = open_record_queue(options);
  ASSERT_TRUE(first);
  const auto second = open_record_queue(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

TEST(OpenQueue, WritesItsFilesOutWholeSoThatNoneCanRunOutOfRoomLater) {
  const doubles::TemporaryFolder folder;
  QueueOptions options = small_queue();
  options.directory = folder.path() / "queue";
  ASSERT_TRUE(open_record_queue(options));
  EXPECT_EQ(std::filesystem::file_size(options.directory / "seg-0002"), 65536U);
  EXPECT_EQ(std::filesystem::file_size(options.directory / "ack-1"), 65536U);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options.directory))
    files += entry.exists() ? 1 : 0;
  EXPECT_EQ(files, 6U);
}

}  // namespace
}  // namespace wayside::flash::testing
