// What somebody learns who takes the card, and what a year does to it.
//
// A few days by default; the test run labelled "long" sets WAYSIDE_QUEUE_DAYS to 365.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "wayside/base/log.hpp"

#include "src/delivery/queue/acknowledgements.hpp"
#include "tests/delivery/queue/queue_fixture.hpp"

namespace wayside::flash::testing {
namespace {

// As a camera would make it: keys, a VRM and a time in the document, pictures that begin as JPEGs do.
RecordParts pass(std::uint64_t i, std::size_t bytes, RecordClass record_class) {
  static constexpr std::string_view jpeg = "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01";
  RecordParts parts = record(std::to_string(i), bytes, record_class);
  const std::string document = fmt::format(
      R"({{"schema":"wayside-capture-1","vrm":"AB{:02}CDE","captured_at":"2026-03-{:02}T08:15:{:02}.000Z","confidence":0.9}})",
      i % 100, i % 28 + 1, i % 60);
  parts.document.assign(document.begin(), document.end());
  for (Bytes* picture : {&parts.plate, &parts.overview}) {
    if (picture->size() > jpeg.size()) std::copy(jpeg.begin(), jpeg.end(), picture->begin());
  }
  return parts;
}

TEST(StolenCard, HoldsNoVrmNoPictureAndNoTimeInAnyByteEverWritten) {
  FaultyDevice device;
  std::string everything;
  device.everything = &everything;
  {
    const auto queue = opened(device);
    for (std::uint64_t i = 0; i < 120; ++i) {
      const RecordClass record_class = i % 7 == 0 ? RecordClass::hit : RecordClass::ordinary;
      ASSERT_TRUE(append_one(*queue, pass(i, 6000, record_class)));
      if (i % 5 == 0) {
        RecordParts book = record("ledger", 0, RecordClass::ledger);
        const std::string text = R"({"schema":"wayside-day-1","first":1,"passes":17})";
        book.document.assign(text.begin(), text.end());
        ASSERT_TRUE(append_one(*queue, book));
      }
      if (i % 3 == 0) {
        ASSERT_TRUE(queue->acknowledge(queue->chain().number));
      }
      ASSERT_TRUE(queue->mark_day(static_cast<std::uint32_t>(20'000 + i / 20)));
    }
    ASSERT_TRUE(queue->expire(20'003));
    ASSERT_GT(queue->depth().evicted, 20U);
  }
  ASSERT_GT(everything.size(), 500'000U);
  for (const std::string secret : {"JFIF", "schema", "vrm", "captured_at", "confidence", "2026-03", "CDE\"",
                                   "wayside", "passes", "T08:15"})
    EXPECT_EQ(everything.find(secret), std::string::npos) << secret;
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_EQ(everything.find(fmt::format("AB{:02}CDE", i)), std::string::npos);
}

std::uint64_t days() {
  const char* asked = std::getenv("WAYSIDE_QUEUE_DAYS");
  return asked == nullptr ? 4 : std::strtoull(asked, nullptr, 10);
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Two hundred passes a day, the office away for a week every month and for hours at other times, a power cut
// every third day, records kept for thirty days.
TEST(Year, StaysWithinItsBoundsAndAccountsForEveryNumber) {
  log::start(log::Level::error, log::Format::console);
  constexpr std::uint64_t passes = 200;
  constexpr std::uint32_t kept_days = 30;
  constexpr std::size_t pass_bytes = 6000;
  std::mt19937_64 random(1);
  doubles::TestSealer sealer;
  QueueOptions options = small_queue();
  options.sealer = &sealer;
  options.segments = 12;
  options.segment_bytes = 512 * 1024;
  FaultyDevice device;
  auto queue = opened(device, options);
  const std::size_t files = device.durable.size();
  NumberSet delivered;
  NumberSet told;
  std::uint64_t accepted = 0;
  std::uint64_t payload = 0;
  std::uint64_t resident_before = 0;
  const std::uint64_t bytes_before = device.bytes_written;
  const std::uint64_t syncs_before = device.syncs;
  for (std::uint64_t day = 0; day < days(); ++day) {
    if (day == std::min<std::uint64_t>(days() / 2, 40)) resident_before = resident_bytes();
    const bool away = day % 30 >= 20 && day % 30 < 27;
    for (std::uint64_t i = 0; i < passes; i += 4) {
      ASSERT_TRUE(queue->mark_day(static_cast<std::uint32_t>(20'000 + day)));
      std::vector<RecordParts> group;
      for (std::uint64_t k = 0; k < 4; ++k)
        group.push_back(
            pass(i + k, pass_bytes, random() % 100 == 0 ? RecordClass::hit : RecordClass::ordinary));
      const auto numbers = queue->append(group);
      ASSERT_TRUE(numbers);
      ASSERT_EQ(numbers->size(), 4U);
      accepted += 4;
      for (const RecordParts& parts : group)
        payload += parts.document.size() + parts.plate.size() + parts.overview.size();
      if (away || random() % 16 == 0) continue;
      for (const WaitingRecord& one : queue->waiting(RecordQueue::Order::oldest_first, {}, 12)) {
        const Result<SealedRecord> record = queue->read(one.number);
        ASSERT_TRUE(record);
        if (one.type == RecordType::gap) {
          for (const Gap& gap : gaps_of(*record))
            told.add(gap.numbers);
        }
        delivered.add(one.number.value());
        ASSERT_TRUE(queue->acknowledge(one.number));
      }
    }
    RecordParts book = record("the day's book", 0, RecordClass::ledger);
    ASSERT_TRUE(append_one(*queue, book));
    ++accepted;
    ASSERT_TRUE(queue->expire(static_cast<std::uint32_t>(20'000 + day) - kept_days));
    if (day % 3 == 2) {
      device.power_off_after_blocks = device.blocks_written;
      queue.reset();
      device.cut_power_randomly(random());
      queue = opened(device, options);
    }
    ASSERT_EQ(device.durable.size(), files);
    ASSERT_EQ(queue->depth().damaged, 0U);
  }
  for (const WaitingRecord& one : queue->waiting(RecordQueue::Order::oldest_first, {}, SIZE_MAX)) {
    const Result<SealedRecord> record = queue->read(one.number);
    ASSERT_TRUE(record);
    delivered.add(one.number.value());
    if (one.type != RecordType::gap) continue;
    for (const Gap& gap : gaps_of(*record))
      told.add(gap.numbers);
  }
  const std::uint64_t last = queue->chain().number.value();
  for (const NumberRange& range : delivered.missing({1, last})) {
    EXPECT_TRUE(told.missing(range).empty())
        << range.first << " to " << range.last << " are neither there nor told";
  }
  const double bytes =
      static_cast<double>(device.bytes_written - bytes_before) / static_cast<double>(payload);
  const double syncs = static_cast<double>(device.syncs - syncs_before) / static_cast<double>(accepted);
  EXPECT_LT(bytes, 1.45) << "6 kB a record: half of the surplus is heads and whole blocks";
  EXPECT_LT(syncs, 0.5);
  const std::uint64_t resident = resident_bytes();
  if (days() > 100) {
    EXPECT_LT(resident, resident_before + (std::uint64_t{8} << 20U));
  }
  std::printf(
      "%llu days: %llu records, %llu evicted, %llu expired, %.3f bytes a byte, %.3f syncs a record, "
      "%llu MiB resident\n",
      static_cast<unsigned long long>(days()), static_cast<unsigned long long>(accepted),
      static_cast<unsigned long long>(queue->depth().evicted),
      static_cast<unsigned long long>(queue->depth().expired), bytes, syncs,
      static_cast<unsigned long long>(resident >> 20U));
}

}  // namespace
}  // namespace wayside::flash::testing
