// Queues that live through everything at once: writes that fail, syncs that fail, power cuts that keep any
// subset of what was not synced, cuts while recovering, flipped bits. Whatever happens: accepted ⊆ recovered
// ⊆ attempted, nothing twice, every number in exactly one place, signed and chained.
//
// Some dozens by default; the test run labelled "long" sets WAYSIDE_QUEUE_LIVES.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "wayside/base/log.hpp"
#include "wayside/delivery/verify/queue_verify.hpp"

#include "tests/delivery/queue/queue_fixture.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::flash::testing {
namespace {

std::uint64_t lives() {
  const char* asked = std::getenv("WAYSIDE_QUEUE_LIVES");
  return asked == nullptr ? 6 : std::strtoull(asked, nullptr, 10);
}

struct World {
  std::set<std::string> attempted;
  std::map<std::uint64_t, std::string> accepted;
  NumberSet acknowledged;
  NumberSet told;       // in gap records that were acknowledged
  bool rotted = false;  // bits were flipped
  bool devices_failed = false;
  std::uint64_t cuts = 0, flips = 0, refusals = 0, appended = 0, evicted = 0, expired = 0;
};

class Life {
 public:
  Life(std::uint64_t seed, World& world) : random_(seed), world_(world), options_(small_queue()) {
    options_.segments = static_cast<std::uint32_t>(4 + below(8));
    options_.segment_bytes = static_cast<std::uint32_t>(32U + 16 * below(4)) * 1024U;
    options_.group_records = static_cast<std::uint32_t>(1 + below(4));
    EXPECT_NE(opened(device_, options_), nullptr);
  }

  void run(int cuts) {
    for (int i = 0; i < cuts && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("cut " + std::to_string(i));
      device_.power_off_after_blocks = device_.blocks_written + 1 + below(120);
      if (below(3) == 0) fail_something();
      live();
      device_.fail_sync_from = device_.fail_write_from = FaultyDevice::never;
      device_.cut_power_randomly(random_());
      ++world_.cuts;
      if (below(4) == 0) cut_while_recovering();
      if (below(6) == 0) rot();
      check();
    }
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  void fail_something() {
    world_.devices_failed = true;
    (below(2) == 0 ? device_.fail_sync_from : device_.fail_write_from) =
        (below(2) == 0 ? device_.syncs : device_.writes) + below(20);
    device_.fail_sync_count = device_.fail_write_count = 1 + below(3);
  }

  void live() {
    const auto queue = opened(device_, options_);
    std::uint32_t day = day_;
    for (int i = 0; i < 200 && device_.powered(); ++i) {
      switch (below(8)) {
        case 0:
          acknowledge_some(*queue);
          break;
        case 1:
          static_cast<void>(queue->flush());
          break;
        case 2:
          if (below(4) == 0) ++day;
          static_cast<void>(queue->mark_day(day));
          day_ = day;
          break;
        case 3:
          if (below(8) == 0 && day > 1) {
            if (const auto expired = queue->expire(day - 1)) world_.expired += *expired;
          }
          break;
        default:
          append(*queue);
      }
    }
    world_.evicted = std::max(world_.evicted, queue->depth().evicted);
  }

  void append(RecordQueue& queue) {
    std::vector<RecordParts> group;
    for (std::uint64_t count = 1 + below(6); count > 0; --count) {
      const std::string name = "r" + std::to_string(world_.attempted.size());
      const std::uint64_t kind = below(16);
      group.push_back(record(name, 50 + below(below(8) == 0 ? 12'000 : 3'000),
                             kind == 0   ? RecordClass::ledger
                             : kind <= 3 ? RecordClass::hit
                                         : RecordClass::ordinary));
      world_.attempted.insert(name);
    }
    const auto accepted = queue.append(group);
    if (!accepted) {
      ++world_.refusals;
      return;
    }
    world_.appended += accepted->size();
    for (std::size_t i = 0; i < accepted->size(); ++i) {
      const bool fresh = world_.accepted.emplace((*accepted)[i].value(), text(group[i].document)).second;
      EXPECT_TRUE(fresh) << "number " << (*accepted)[i].value() << " was given out twice";
    }
  }

  void acknowledge_some(RecordQueue& queue) {
    const auto order = below(2) == 0 ? RecordQueue::Order::oldest_first : RecordQueue::Order::newest_first;
    for (const WaitingRecord& one : queue.waiting(order, {}, 1 + below(12))) {
      const Result<SealedRecord> record = queue.read(one.number);
      if (!record) continue;
      if (one.type == RecordType::gap) {
        for (const Gap& gap : gaps_of(*record))
          world_.told.add(gap.numbers);
      }
      world_.acknowledged.add(one.number.value());
      static_cast<void>(queue.acknowledge(one.number));
    }
  }

  // Recovery writes nothing, but the first append after it does.
  void cut_while_recovering() {
    device_.power_off_after_blocks = device_.blocks_written + below(6);
    {
      const auto queue = open_queue(device_.disk(), options_);
      if (queue) append(**queue);
    }
    device_.cut_power_randomly(random_());
  }

  void rot() {
    world_.rotted = true;
    for (std::uint64_t flips = 1 + below(3); flips > 0; --flips) {
      const auto name = "seg-000" + std::to_string(below(std::min(options_.segments, 10U)));
      device_.flip_bit(name, 8192 + below(options_.segment_bytes - 8192), static_cast<unsigned>(below(8)));
      ++world_.flips;
    }
  }

  void check() {
    const Contents first = contents(*opened(device_, options_));
    const Contents again = contents(*opened(device_, options_));
    EXPECT_EQ(first.records, again.records) << "recovering twice is not the same as once";
    EXPECT_EQ(first.lost, again.lost);
    if (!world_.rotted) {
      EXPECT_EQ(first.unreadable, 0U);
    }
    expect_chained(first, 32);

    const auto queue = opened(device_, options_);
    static_cast<void>(contents(*queue));  // what is only found when it is read is owed as well
    const std::string name = "r" + std::to_string(world_.attempted.size());
    world_.attempted.insert(name);
    const Result<SequenceNumber> probe = append_one(*queue, record(name));
    ASSERT_TRUE(probe) << probe.error().message;
    EXPECT_TRUE(world_.accepted.empty() || probe->value() > world_.accepted.rbegin()->first);
    world_.accepted[probe->value()] = name;

    const Contents now = contents(*queue);
    std::set<std::string> names;
    for (const auto& [number, found] : now.records) {
      EXPECT_TRUE(world_.attempted.contains(found)) << found << " was never handed in";
      EXPECT_TRUE(names.insert(found).second) << found << " is there twice";
      const auto it = world_.accepted.find(number);
      EXPECT_TRUE(it == world_.accepted.end() || it->second == found) << number << " means two things";
    }
    for (std::uint64_t n = 1; n <= probe->value(); ++n) {
      const std::size_t ways =
          static_cast<std::size_t>(now.records.contains(n)) + now.gap_records.count(n) + now.lost.count(n);
      EXPECT_LE(ways, 1U) << "number " << n << " is both there and told";
      if (!world_.acknowledged.contains(n) && !world_.told.contains(n)) {
        EXPECT_EQ(ways, 1U) << "number " << n << " is neither there nor told";
      }
      if (ways == 0 || !now.lost.contains(n) || !world_.accepted.contains(n)) continue;
      const std::string& reason = now.lost.at(n);
      if (!world_.rotted && !world_.devices_failed) {
        EXPECT_TRUE(reason == "evicted" || reason == "expired")
            << n << " was accepted, and is told as " << reason;
      }
    }
    if (below(8) == 0) check_from_outside();
  }

  // The other program, which shares no state with the queue, must come to the same end.
  void check_from_outside() {
    const doubles::TemporaryFolder folder;
    for (const auto& [file, bytes] : device_.durable) {
      std::ofstream(folder.path() / file, std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    const Result<QueueReport> report = verify_queue(folder.path(), {sealer().test().device_key()});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->good) << to_text(*report);
  }

  std::mt19937_64 random_;
  World& world_;
  QueueOptions options_;
  FaultyDevice device_;
  std::uint32_t day_ = 1;
};

TEST(QueueLives, KeepWhatWasAcceptedAndTellTheRest) {
  log::start(log::Level::error, log::Format::console);
  ::testing::internal::CaptureStderr();
  World total;
  std::uint64_t ran = 0;
  for (std::uint64_t seed = 1; seed <= lives() && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world;
    Life(seed, world).run(8);
    total.cuts += world.cuts;
    total.flips += world.flips;
    total.refusals += world.refusals;
    total.appended += world.appended;
    total.evicted += world.evicted;
    total.expired += world.expired;
    ++ran;
  }
  static_cast<void>(::testing::internal::GetCapturedStderr());
  std::printf(
      "%llu lives: %llu records accepted, %llu power cuts, %llu bits flipped, %llu groups refused, "
      "%llu records evicted, %llu expired\n",
      static_cast<unsigned long long>(ran), static_cast<unsigned long long>(total.appended),
      static_cast<unsigned long long>(total.cuts), static_cast<unsigned long long>(total.flips),
      static_cast<unsigned long long>(total.refusals), static_cast<unsigned long long>(total.evicted),
      static_cast<unsigned long long>(total.expired));
}

// One group on its way, everything of it in every way it can be cut: all subsets of its blocks.
TEST(QueueLives, EverySubsetOfTheBlocksOfAGroupLeavesASoundQueue) {
  std::uint64_t states = 0;
  const bool all = lives() > 100;
  const std::uint64_t most_subsets = all ? 512 : 12;
  for (std::uint64_t before = 0; before < 24; before += all ? 1 : 5) {
    FaultyDevice device;
    std::set<std::string> accepted;
    auto queue = opened(device);
    for (std::uint64_t i = 0; i < before; ++i) {
      const std::string name = "r" + std::to_string(i);
      ASSERT_TRUE(
          append_one(*queue, record(name, 7000, i % 4 == 3 ? RecordClass::hit : RecordClass::ordinary)));
    }
    for (const auto& [number, name] : contents(*queue).records)
      accepted.insert(name);
    // Every point at which the power can fail while the group goes out.
    for (std::uint64_t blocks = 1; blocks < 40; ++blocks) {
      FaultyDevice cut = device;
      cut.unsynced.clear();
      cut.power_off_after_blocks = cut.blocks_written + blocks;
      bool whole = false;
      {
        const auto dying = opened(cut);
        const std::vector<RecordParts> group{record("w", 8000), record("x", 2000),
                                             record("y", 900, RecordClass::hit), record("z", 900)};
        const auto numbers = dying->append(group);
        whole = numbers && numbers->size() == 4;
      }
      if (whole) break;
      ASSERT_LE(cut.unsynced.size(), 14U);
      const std::uint64_t subsets = std::uint64_t{1} << cut.unsynced.size();
      const std::uint64_t step =
          subsets <= most_subsets ? 1 : 1 + subsets / most_subsets;  // sampled where they are too many
      for (std::uint64_t subset = 0; subset < subsets; subset += step, ++states) {
        FaultyDevice after = cut;
        after.cut_power([&](std::size_t i) { return (subset >> i & 1U) != 0; });
        const auto found = opened(after);
        const std::uint64_t probe = append_one(*found, record("probe"))->value();
        const Contents now = contents(*found);
        std::set<std::string> names;
        for (const auto& [number, name] : now.records)
          names.insert(name);
        for (std::uint64_t n = 1; n <= probe; ++n) {
          ASSERT_EQ(static_cast<std::size_t>(now.records.contains(n)) + now.gap_records.count(n) +
                        now.lost.count(n),
                    1U)
              << n << " before " << before << " blocks " << blocks << " subset " << subset;
        }
        for (const std::string& name : accepted) {
          if (names.contains(name)) continue;
          const bool evicted = std::any_of(now.lost.begin(), now.lost.end(),
                                           [](const auto& lost) { return lost.second == "evicted"; });
          ASSERT_TRUE(evicted) << name << " is gone before " << before << " blocks " << blocks;
        }
        expect_chained(now, 64);
      }
    }
  }
  std::printf("%llu crash states\n", static_cast<unsigned long long>(states));
}

}  // namespace
}  // namespace wayside::flash::testing
