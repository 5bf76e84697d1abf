// Thousands of random runs against a back office that loses requests and replies, answers twice, stalls, will
// not have batches of a size, and is busy, while records come and go and the camera restarts. What must hold:
// acknowledged means stored with its hash, nothing is stored twice, and everything is delivered in the end.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/delivery/upload/engine_fixture.hpp"

namespace wayside {
namespace {

using doubles::just;
using doubles::later;
using doubles::record_of;
using Outcome = Receipt::Outcome;

class HostileOffice : public BackOffice {
 public:
  HostileOffice(std::uint64_t seed, upload::Time& now) : random_(seed), now_(now) {}
  void become_good() { good_ = true; }

  BatchLimits limits() const override { return {8, 2000}; }
  std::vector<Receipt> deliver(std::span<const Shipment> batch) override {
    EXPECT_LE(batch.size(), 8U);
    EXPECT_FALSE(batch.empty());
    now_ += std::chrono::milliseconds(one_of(0, 50));
    const int mood = good_ ? 0 : one_of(0, 9);
    if (mood == 1) return all(batch, later());        // lost on the way
    if (mood == 2) now_ += std::chrono::seconds(30);  // a stall ...
    if (mood == 2) return all(batch, later());        // ... until the time limit
    if (mood == 3) return all(batch, later(std::chrono::seconds(one_of(1, 100))));
    if (mood == 4 && batch.size() > 1) return all(batch, just(Outcome::too_large));
    if (mood == 5) return all(batch, just(Outcome::forbidden));
    std::vector<Receipt> receipts;
    for (const Shipment& shipment : batch)
      receipts.push_back(mood == 6 && one_of(0, 1) == 0 ? later() : store(shipment));
    if (mood == 7) return all(batch, later());  // stored, and the reply lost
    if (mood == 8) receipts.pop_back();         // breaks its word
    if (mood == 9)                              // lost a text, though not its row
      for (std::size_t i = 0; i < batch.size(); ++i)
        if (batch[i].kind != ShipmentKind::text && one_of(0, 3) == 0)
          receipts[i] = just(Outcome::text_missing);
    return receipts;
  }
  Result<std::optional<KnownNumbers>> heartbeat(const std::string&, std::string_view) override {
    return std::nullopt;
  }

  [[nodiscard]] bool has(std::uint64_t number, ShipmentKind kind, const Bytes& payload) const {
    const auto it = stored_.find({number, kind});
    return it != stored_.end() && it->second == sha256(payload);
  }
  // These it never takes.
  std::set<std::uint64_t> refused;
  std::set<std::uint64_t> other_content;

 private:
  int one_of(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  static std::vector<Receipt> all(std::span<const Shipment> batch, const Receipt& receipt) {
    return std::vector<Receipt>(batch.size(), receipt);
  }
  Receipt store(const Shipment& shipment) {
    const std::uint64_t number = shipment.key.number.value();
    if (refused.contains(number)) return just(Outcome::refused);
    if (other_content.contains(number)) return just(Outcome::mismatch);
    if (shipment.kind != ShipmentKind::text && !stored_.contains({number, ShipmentKind::text}))
      return just(Outcome::text_missing);
    const Sha256 hash = sha256(payload_of(*shipment.record, shipment.kind));
    const auto [it, is_new] = stored_.emplace(std::pair(number, shipment.kind), hash);
    EXPECT_EQ(it->second, hash) << "other bytes under one key";
    return just(is_new ? Outcome::accepted : Outcome::duplicate);
  }

  std::mt19937_64 random_;
  upload::Time& now_;
  bool good_ = false;
  std::map<std::pair<std::uint64_t, ShipmentKind>, Sha256> stored_;
};

void run(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed * 31 + 1);
  const auto one_of = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  upload::Time now(std::chrono::hours(1000));
  doubles::MemoryQueue queue;
  HostileOffice office(seed, now);
  UploaderOptions options;
  options.device_id = "0123456789abcdef";
  options.jitter_seed = seed + 1;
  options.backlog_bytes_per_s = one_of(0, 1) == 0 ? 0 : 2000;
  CounterSet counters;
  std::unique_ptr<upload::UploadEngine> engine;
  std::map<std::uint64_t, RecordParts> appended;
  std::set<std::uint64_t> evicted;
  std::set<std::uint64_t> without_overview;
  std::size_t acknowledged = 0;

  const auto append = [&] {
    RecordParts parts =
        record_of(static_cast<RecordClass>(one_of(0, 2)), static_cast<std::size_t>(one_of(1, 900)));
    if (one_of(0, 4) == 0) parts.plate.clear();
    if (one_of(0, 4) == 0) parts.overview.clear();
    if (one_of(0, 4) == 0) parts.pseudonymous = doubles::bytes_of("pseudonym");
    const std::uint64_t number = queue.append({&parts, 1})->front().value();
    appended[number] = parts;
    const int fate = one_of(0, 30);
    if (fate == 0) office.refused.insert(number);
    if (fate == 1) office.other_content.insert(number);
  };
  const auto check_acknowledged = [&] {
    const std::vector<std::uint64_t> numbers = queue.acknowledged();
    for (; acknowledged < numbers.size(); ++acknowledged) {
      const std::uint64_t number = numbers[acknowledged];
      const RecordParts& parts = appended.at(number);
      Bytes text = doubles::bytes_of("head " + std::to_string(number) + ";");
      text.insert(text.end(), parts.document.begin(), parts.document.end());
      text.insert(text.end(), parts.pseudonymous.begin(), parts.pseudonymous.end());
      ASSERT_TRUE(office.has(number, ShipmentKind::text, text)) << number;
      if (!parts.plate.empty()) {
        ASSERT_TRUE(office.has(number, ShipmentKind::plate, parts.plate)) << number;
      }
      if (!parts.overview.empty() && !without_overview.contains(number)) {
        ASSERT_TRUE(office.has(number, ShipmentKind::overview, parts.overview)) << number;
      }
    }
  };
  // False: nothing left to send.
  const auto step = [&] {
    const auto wait = engine->step();
    if (!wait) return true;
    if (wait->until) now = std::max(now, *wait->until);
    return wait->until.has_value();
  };

  for (int turn = 0; turn < 120; ++turn) {
    if (!engine || one_of(0, 25) == 0)
      engine =
          std::make_unique<upload::UploadEngine>(options, queue, office, counters, [&now] { return now; });
    if (one_of(0, 2) == 0) append();
    const auto waiting = queue.numbers_waiting();
    if (!waiting.empty() && one_of(0, 20) == 0) {
      evicted.insert(waiting.front());
      queue.evict(waiting.front());
    }
    if (!waiting.empty() && one_of(0, 10) == 0) {
      without_overview.insert(waiting.back());
      queue.give_up_overview(waiting.back());
    }
    if (one_of(0, 30) == 0) queue.fail_acknowledging(2);
    step();
    check_acknowledged();
    if (::testing::Test::HasFatalFailure()) return;
  }
  office.become_good();
  int steps = 0;
  while (step()) {
    check_acknowledged();
    if (::testing::Test::HasFatalFailure()) return;
    ASSERT_LT(++steps, 10'000) << "never comes to an end";
  }
  check_acknowledged();
  std::vector<std::uint64_t> kept;
  for (const auto& [number, parts] : appended)
    if (!evicted.contains(number) &&
        (office.refused.contains(number) || office.other_content.contains(number)))
      kept.push_back(number);
  EXPECT_EQ(queue.numbers_waiting(), kept) << "all but what the office will never have is delivered";
  EXPECT_EQ(engine->state().dead_lettered + engine->state().quarantined, kept.size());
  EXPECT_FALSE(engine->state().circuit_open);
}

TEST(HostileOffice, AcknowledgedMeansStoredOnceAndEverythingArrivesInTheEnd) {
  for (std::uint64_t seed = 0; seed < 3000 && !::testing::Test::HasFailure(); ++seed)
    run(seed);
}

}  // namespace
}  // namespace wayside
