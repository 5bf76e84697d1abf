// What a power cut may do, and what it may not: accepted ⊆ recovered ⊆ attempted, every missing number
// described, no number used twice, and recovering twice the same as once. Over every prefix of a workload's
// block writes, and over seeded lives with many cuts, each with any subset of the unsynced blocks kept and
// some of them torn.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "src/delivery/queue/record_format.hpp"
#include "tests/delivery/queue/queue_fixture.hpp"

namespace wayside::flash::testing {
namespace {

// The test run labelled "long" asks for more.
bool is_long() {
  return std::getenv("WAYSIDE_QUEUE_LIVES") != nullptr;
}

// What the world outside the device knows.
struct World {
  std::set<std::string> attempted;
  std::map<std::uint64_t, std::string> accepted;  // name by number
  std::set<std::uint64_t> acknowledged;
  std::set<std::uint64_t> told;  // described in a gap record that was acknowledged
};

class Life {
 public:
  Life(FaultyDevice& device, World& world, const QueueOptions& options, std::uint64_t seed)
      : world_(world), queue_(opened(device, options)), random_(seed) {}

  // False: the device refused.
  bool append(std::size_t count) {
    std::vector<RecordParts> group;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = "r" + std::to_string(world_.attempted.size());
      const std::size_t bytes = 100 + random_() % 11'000;
      const std::uint64_t kind = random_() % 16;
      group.push_back(record(name, bytes,
                             kind == 0   ? RecordClass::ledger
                             : kind <= 2 ? RecordClass::hit
                                         : RecordClass::ordinary));
      world_.attempted.insert(name);
    }
    const auto numbers = queue_->append(group);
    if (!numbers) return false;
    for (std::size_t i = 0; i < numbers->size(); ++i) {
      const bool fresh = world_.accepted.emplace((*numbers)[i].value(), text(group[i].document)).second;
      EXPECT_TRUE(fresh) << "number " << (*numbers)[i].value() << " was given out twice";
    }
    return numbers->size() == count;
  }

  // Delivers the oldest until so many are left.
  void deliver_down_to(std::size_t left) {
    const std::vector<SequenceNumber> waiting = numbers(*queue_);
    for (std::size_t i = 0; i + left < waiting.size(); ++i) {
      const Result<SealedRecord> record = queue_->read(waiting[i]);
      ASSERT_TRUE(record) << record.error().message;
      if (record->part(PartKind::gaps) != nullptr) {
        for (const Gap& gap : gaps_of(*record)) {
          for (std::uint64_t n = gap.numbers.first; n <= gap.numbers.last; ++n)
            world_.told.insert(n);
        }
      }
      world_.acknowledged.insert(waiting[i].value());
      static_cast<void>(queue_->acknowledge(waiting[i]));
    }
  }

  RecordQueue& queue() { return *queue_; }

 private:
  World& world_;
  std::unique_ptr<RecordQueue> queue_;
  std::mt19937_64 random_;
};

// The device is handed in by value: looking must not change what comes next.
void expect_sound(FaultyDevice device, const World& world, const QueueOptions& options, bool may_evict) {
  const Contents first = contents(*opened(device, options));
  const Contents again = contents(*opened(device, options));
  EXPECT_EQ(first.records, again.records) << "recovering twice is not the same as once";
  EXPECT_EQ(first.lost, again.lost);
  EXPECT_EQ(first.unreadable, 0U);
  expect_chained(first);

  std::set<std::string> names;
  for (const auto& [number, name] : first.records) {
    EXPECT_TRUE(world.attempted.contains(name)) << name << " was never handed in";
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    const auto it = world.accepted.find(number);
    if (it != world.accepted.end()) {
      EXPECT_EQ(it->second, name) << "number " << number << " means two things";
    }
  }
  if (!may_evict) {
    for (const auto& [number, name] : world.accepted) {
      EXPECT_TRUE(first.records.contains(number) || world.acknowledged.contains(number))
          << name << ", accepted as " << number << ", is gone";
    }
  }

  // The next append brings the gap records that are owed.
  const auto queue = opened(device, options);
  const Result<SequenceNumber> probe = append_one(*queue, record("probe"));
  ASSERT_TRUE(probe) << probe.error().message;
  if (!world.accepted.empty()) {
    EXPECT_GT(probe->value(), world.accepted.rbegin()->first);
  }
  if (!first.records.empty()) {
    EXPECT_GT(probe->value(), first.records.rbegin()->first);
  }
  const Contents now = contents(*queue);
  for (std::uint64_t n = 1; n <= probe->value(); ++n) {
    const std::size_t ways =
        static_cast<std::size_t>(now.records.contains(n)) + now.gap_records.count(n) + now.lost.count(n);
    EXPECT_LE(ways, 1U) << "number " << n << " is both there and described as lost";
    const bool settled = world.acknowledged.contains(n) || world.told.contains(n);
    if (!settled) {
      EXPECT_EQ(ways, 1U) << "number " << n << " is neither there nor described as lost";
    }
    if (settled && now.lost.contains(n) && !may_evict) {
      EXPECT_TRUE(world.told.contains(n))
          << "number " << n << " was delivered and is called " << now.lost.at(n);
    }
  }
}

// A fixed workload that goes round the segments of both logs.
void workload(FaultyDevice& device, World& world, const QueueOptions& options, std::size_t left) {
  Life life(device, world, options, 1);
  for (std::size_t i = 0; i < 20; ++i) {
    if (!life.append(1 + i % 3)) return;
    life.deliver_down_to(left);
    if (i % 8 == 7) static_cast<void>(life.queue().flush());
  }
}

void expect_sound_after_every_prefix(const QueueOptions& options, std::size_t left, bool may_evict) {
  FaultyDevice formatted;
  { ASSERT_NE(opened(formatted, options), nullptr); }
  std::uint64_t blocks = 0;
  {
    FaultyDevice device = formatted;
    World world;
    workload(device, world, options, left);
    blocks = device.blocks_written - formatted.blocks_written;
    if (!may_evict) {
      ASSERT_EQ(opened(device, options)->depth().evicted, 0U) << "the workload must not evict";
    }
    expect_sound(device, world, options, may_evict);
  }
  ASSERT_GT(blocks, 80U);
  for (std::uint64_t k = 0; k <= blocks; ++k) {
    SCOPED_TRACE("power off after block " + std::to_string(k));
    FaultyDevice device = formatted;
    device.power_off_after_blocks = device.blocks_written + k;
    World world;
    workload(device, world, options, left);
    const std::uint64_t ways = is_long() ? 8 : 3;
    for (std::uint64_t way = k % 2; way < ways; way += is_long() ? 1 : 2) {
      SCOPED_TRACE("way " + std::to_string(way));
      FaultyDevice after = device;
      if (way < 2) {
        after.cut_power([&](std::size_t) { return way == 0; });
      } else {
        after.cut_power_randomly(k * 16 + way);
      }
      expect_sound(after, world, options, may_evict);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(PowerCut, LosesNothingAcceptedAfterAnyPrefixOfTheWrites) {
  QueueOptions options = small_queue();
  options.segments = 8;
  expect_sound_after_every_prefix(options, 3, false);
}

TEST(PowerCut, DescribesEverythingGivenUpAfterAnyPrefixOfTheWrites) {
  expect_sound_after_every_prefix(small_queue(), 100, true);
}

void live_many_lives(const QueueOptions& options, std::size_t left, bool may_evict, std::uint64_t seeds) {
  FaultyDevice formatted;
  { ASSERT_NE(opened(formatted, options), nullptr); }
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    FaultyDevice device = formatted;
    World world;
    std::mt19937_64 random(seed);
    for (int cut = 0; cut < 5; ++cut) {
      SCOPED_TRACE("cut " + std::to_string(cut));
      device.power_off_after_blocks = device.blocks_written + 1 + random() % 60;
      {
        Life life(device, world, options, random());
        while (life.append(1 + random() % 4)) {
          if (!may_evict || random() % 2 == 0) life.deliver_down_to(left);
          if (random() % 4 == 0) static_cast<void>(life.queue().flush());
        }
      }
      device.cut_power_randomly(random());
      expect_sound(device, world, options, may_evict);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(PowerCut, LosesNothingAcceptedOverManyLives) {
  QueueOptions options = small_queue();
  // So many that records whose acknowledgement was lost fit beside the new ones.
  options.segments = 20;
  live_many_lives(options, 3, false, is_long() ? 400 : 8);
}

TEST(PowerCut, DescribesEverythingGivenUpOverManyLives) {
  live_many_lives(small_queue(), 20, true, is_long() ? 400 : 8);
}

// The device lies: it loses the newest records although it said they were synced. Their numbers stay used.
TEST(PowerCut, ReusesNoNumberEvenWhenTheNewestRecordsVanish) {
  FaultyDevice device;
  std::uint64_t last = 0;
  {
    auto queue = opened(device);
    ASSERT_TRUE(append_one(*queue, record("kept")));
    const auto before = device.durable;
    for (int i = 0; i < 5; ++i)
      last = append_one(*queue, record("vanishing"))->value();
    device.power_off_after_blocks = device.blocks_written;
    queue.reset();
    device.cut_power([](std::size_t) { return false; });
    for (const auto& [name, bytes] : before) {
      if (name.starts_with("seg-")) device.durable[name] = bytes;
    }
  }
  const auto queue = opened(device);
  const std::uint64_t next = append_one(*queue, record("next"))->value();
  EXPECT_GT(next, last);
  const Contents now = contents(*queue);
  for (std::uint64_t n = 2; n <= last; ++n)
    EXPECT_TRUE(now.lost.contains(n)) << n;
}

TEST(PowerCut, DuringFormattingIsNoReasonToRefuse) {
  for (std::uint64_t k = 0; k < 40; ++k) {
    FaultyDevice device;
    device.power_off_after_blocks = k;
    const Result<std::unique_ptr<RecordQueue>> cut = open_queue(device.disk(), small_queue());
    device.cut_power_randomly(k);
    const auto queue = opened(device);
    ASSERT_NE(queue, nullptr) << "after block " << k;
    EXPECT_EQ(append_one(*queue, record("first"))->value(), 1U) << "after block " << k;
  }
}

TEST(PowerCut, DuringFormattingCostsOnlyTheSegmentsThatWereNotMade) {
  FaultyDevice device;
  device.power_off_after_blocks = 7;  // of each segment its file and two headers; of the third its file
  ASSERT_FALSE(open_queue(device.disk(), small_queue()));
  device.cut_power([](std::size_t) { return false; });
  ASSERT_EQ(device.durable.size(), 3U);
  const auto uuid_of = [&](const std::string& segment) {
    const Result<SegmentHeader> header =
        decode_segment_header(ByteView(device.durable.at(segment)).first(block_bytes));
    return header ? header->uuid : QueueUuid{};
  };
  const QueueUuid before = uuid_of("seg-0001");
  // What would be gone from a file that is written out again.
  constexpr std::size_t behind_the_headers = segment_header_bytes + 100;
  for (const char* segment : {"seg-0001", "seg-0002"})
    device.durable.at(segment)[behind_the_headers] = 1;
  {
    const auto queue = opened(device);
    ASSERT_NE(queue, nullptr);
    EXPECT_NE(queue->uuid(), before) << "no two queues may have numbers under one uuid";
    for (const char* segment : {"seg-0000", "seg-0001", "seg-0002", "seg-0003"})
      EXPECT_EQ(uuid_of(segment), queue->uuid()) << segment;
    EXPECT_EQ(device.durable.at("seg-0001")[behind_the_headers], 1);
    EXPECT_EQ(device.durable.at("seg-0002")[behind_the_headers], 0);
    EXPECT_EQ(append_one(*queue, record("first"))->value(), 1U);
  }
  EXPECT_EQ(contents(*opened(device)).records.size(), 1U);
}

}  // namespace
}  // namespace wayside::flash::testing
