// Lanes, batches, back-off, and what the uploader concludes from receipts: with a clock that the test holds.
#include "src/delivery/upload/upload_engine.hpp"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/delivery/upload/engine_fixture.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using doubles::EngineTest;
using doubles::just;
using doubles::later;
using doubles::record_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// --- lanes
// --------------------------------------------------------------------------------------------------------

class UploadLanes : public EngineTest {};

TEST_F(UploadLanes, SendTheNewestFirstAndAllTextsBeforeAnyPicture) {
  begin();
  append();
  append();
  run_until_drained();
  EXPECT_THAT(office_.batches(), ElementsAre("2 text, 1 text, 2 plate, 2 overview, 1 plate, 1 overview"));
  EXPECT_THAT(queue_.numbers_waiting(), IsEmpty());
  EXPECT_EQ(count("records_delivered"), 2U);
  EXPECT_EQ(count("records_duplicate"), 0U);
  EXPECT_EQ(office_.last_key().device_id, "0123456789abcdef");
  EXPECT_EQ(office_.last_key().queue_uuid, queue_.uuid());
}

TEST_F(UploadLanes, SendHitsBeforeEverythingElseHoweverOld) {
  append_text(RecordClass::hit);
  append_text();
  restart();
  office_.set_limits({1, 1 << 20});
  run_batches(1);
  append_text();
  append_text(RecordClass::hit);
  append(record_of(RecordClass::hit));
  run_until_drained();
  EXPECT_THAT(office_.shipments(),
              ElementsAre("1 text", "5 text", "4 text", "3 text", "5 plate", "5 overview", "2 text"));
}

TEST_F(UploadLanes, SendAHitThatIsNewOnceNotOnceForEachReason) {
  begin();
  append(record_of(RecordClass::hit));
  run_until_drained();
  EXPECT_THAT(office_.batches(), ElementsAre("1 text, 1 plate, 1 overview"));
}

TEST_F(UploadLanes, SendTheBacklogOldestRecordFirstAndWhole) {
  append();
  append_text();
  append();
  run_until_drained();
  EXPECT_THAT(office_.batches(),
              ElementsAre("1 text, 1 plate, 1 overview, 2 text, 3 text, 3 plate, 3 overview"));
}

TEST_F(UploadLanes, SendTheTextOfANewRecordBeforePicturesUnderWay) {
  begin();
  office_.set_limits({1, 1 << 20});
  append();
  run_batches(2);
  append();
  run_until_drained();
  EXPECT_THAT(office_.shipments(),
              ElementsAre("1 text", "1 plate", "2 text", "2 plate", "2 overview", "1 overview"));
}

TEST_F(UploadLanes, LeaveTheBacklogEveryEighthBatchOfAFullLiveLane) {
  for (int i = 0; i < 3; ++i)
    append_text();
  restart();
  office_.set_limits({1, 1 << 20});
  // There is always one more new record.
  office_.on_delivery([&](auto) { append_text(); });
  run_batches(1);
  run_batches(24);
  const auto sent = office_.shipments();
  EXPECT_EQ(sent[0], "1 text") << "nothing live was there yet";
  EXPECT_EQ(std::count(sent.begin(), sent.end(), "2 text"), 1);
  EXPECT_EQ(std::find(sent.begin(), sent.end(), "2 text") - sent.begin(), 8);
  EXPECT_EQ(std::find(sent.begin(), sent.end(), "3 text") - sent.begin(), 16);
}

TEST_F(UploadLanes, KeepTheBacklogWithinItsBandwidthOverAnyTime) {
  options_.backlog_bytes_per_s = 10'000;
  queue_.append_many(300, RecordClass::ordinary, 1500);
  std::vector<std::pair<Time, std::size_t>> sent;
  office_.on_delivery([&](std::span<const Shipment> batch) {
    std::size_t bytes = 0;
    for (const Shipment& shipment : batch)
      bytes += payload_of(*shipment.record, shipment.kind).size();
    sent.emplace_back(now_, bytes);
    now_ += 20ms;
  });
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 300U);
  for (std::size_t from = 0; from < sent.size(); ++from) {
    std::size_t bytes = 0;
    for (std::size_t to = from; to < sent.size(); ++to) {
      bytes += sent[to].second;
      const double seconds = std::chrono::duration<double>(sent[to].first - sent[from].first).count();
      // A second's worth may be saved up, and the last batch, itself of a second's worth at most, may
      // overdraw.
      ASSERT_LE(static_cast<double>(bytes), 10'000 * (seconds + 2));
    }
  }
  const double whole = std::chrono::duration<double>(sent.back().first - sent.front().first).count();
  EXPECT_LT(whole, 1.2 * static_cast<double>(count("bytes_uploaded")) / 10'000) << "and makes use of it";
}

TEST_F(UploadLanes, DoNotHoldLiveRecordsToTheBacklogsBandwidth) {
  options_.backlog_bytes_per_s = 100;
  append(record_of(RecordClass::ordinary, 5000));
  append_text();
  restart();
  run_batches(1);
  const Time before = now_;
  for (int i = 0; i < 100; ++i)
    append(record_of(RecordClass::ordinary, 5000));
  while (count("records_delivered") < 100)
    ASSERT_TRUE(step());
  EXPECT_EQ(now_, before) << "no wait";
  EXPECT_THAT(queue_.numbers_waiting(), Contains(2));
}

TEST_F(UploadLanes, HoldTheBacklogBackForARandomTimeAfterAnOutage) {
  options_.longest_backlog_delay = 30s;
  std::vector<double> delays;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    options_.jitter_seed = seed;
    append_text();
    append_text();
    restart();
    office_.answer_next(5, later());
    run_batches(6);  // the sixth is one shipment that finds the office back
    EXPECT_FALSE(engine_->state().circuit_open);
    const Time back = now_;
    append_text();
    run_batches(1);
    EXPECT_EQ(now_, back) << "what is live does not wait";
    run_batches(1);
    delays.push_back(std::chrono::duration<double>(now_ - back).count());
    run_until_drained();
  }
  const auto [least, most] = std::minmax_element(delays.begin(), delays.end());
  EXPECT_GE(*least, 0);
  EXPECT_LT(*least, 5);
  EXPECT_GT(*most, 25);
  EXPECT_LE(*most, 30);
}

TEST_F(UploadLanes, FillNoBatchBeyondTheLimits) {
  office_.set_limits({10, 4000});
  queue_.append_many(50, RecordClass::ordinary, 900);
  restart();
  run_batches(1);
  queue_.append_many(50, RecordClass::ordinary, 900);
  office_.on_delivery([&](std::span<const Shipment> batch) {
    EXPECT_LE(batch.size(), 10U);
    std::size_t memory = 0;
    std::set<const SealedRecord*> records;
    for (const Shipment& shipment : batch)
      records.insert(shipment.record);
    for (const SealedRecord* record : records) {
      memory += record->head.size();
      for (const SealedPart& part : record->parts)
        memory += part.bytes.size();
    }
    EXPECT_LE(memory, 4000U) << "of all that is carried";
  });
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 100U);
}

TEST_F(UploadLanes, SendAShipmentLargerThanTheLimitAlone) {
  office_.set_limits({10, 1000});
  append(record_of(RecordClass::ordinary, 5000));
  run_until_drained();
  EXPECT_THAT(office_.batches(), ElementsAre("1 text", "1 plate", "1 overview"));
}

TEST_F(UploadLanes, ListFewOfManyWaitingRecords) {
  queue_.append_many(480'000, RecordClass::ordinary, 0);
  restart();
  run_batches(1);
  queue_.append_many(100, RecordClass::hit, 0);
  const std::size_t before = queue_.listed();
  run_batches(100);
  EXPECT_LT(queue_.listed() - before, 100U * 1000);
  EXPECT_EQ(count("records_delivered"), 64U + 100 + 98 * 64);
}

TEST_F(UploadLanes, ListFewOfManyLiveRecordsWhosePicturesWait) {
  begin();
  queue_.append_many(20'000, RecordClass::ordinary, 10);
  run_batches(200);
  const std::size_t before = queue_.listed();
  run_batches(100);
  EXPECT_LT(queue_.listed() - before, 100U * 1000);
  EXPECT_EQ(queue_.acknowledged().size(), 0U) << "texts first";
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 20'000U);
}

TEST_F(UploadLanes, DeliverEverythingThoughTextsAndHitsLieScattered) {
  // More ranges of receipted texts than are remembered.
  for (int i = 0; i < 6000; ++i) {
    queue_.append_many(1, RecordClass::ordinary, 10);
    queue_.append_many(1, RecordClass::hit, 10);
  }
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 12'000U);
}

// --- receipts
// -----------------------------------------------------------------------------------------------------

class UploadReceipts : public EngineTest {};

TEST_F(UploadReceipts, AcknowledgeOnlyWhenTextAndEveryPictureAreThere) {
  append();
  restart();
  office_.always("1 overview", later());
  for (int i = 0; i < 20; ++i)
    step();
  EXPECT_THAT(queue_.numbers_waiting(), ElementsAre(1));
  EXPECT_THAT(office_.shipments(), Contains("1 text").Times(1)) << "only what is not receipted goes again";
  EXPECT_THAT(office_.shipments(), Contains("1 plate").Times(1));
  office_.no_longer("1 overview");
  run_until_drained();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1));
}

TEST_F(UploadReceipts, CountARecordThatTheBackOfficeHadAlready) {
  append();
  append();
  run_until_drained();
  ASSERT_EQ(count("records_delivered"), 2U);
  // The same numbers again, as after a lost acknowledgement.
  doubles::MemoryQueue again;
  RecordParts parts = record_of();
  ASSERT_TRUE(again.append({&parts, 1}));
  parts.overview.clear();
  CounterSet counters;
  upload::UploadEngine engine(options_, again, office_, counters, [this] { return now_; });
  while (!engine.step()) {
  }
  EXPECT_EQ(counters.counter("records_delivered").value(), 1U);
  EXPECT_EQ(counters.counter("records_duplicate").value(), 1U);
}

TEST_F(UploadReceipts, SendTheTextAgainAtOnceWhenTheBackOfficeMissesIt) {
  append();
  office_.answer_next({[](const Shipment& shipment) -> std::optional<Receipt> {
    if (shipment.kind == ShipmentKind::plate) return just(Outcome::text_missing);
    return std::nullopt;
  }});
  run_until_drained();
  EXPECT_THAT(office_.batches(), ElementsAre("1 text, 1 plate, 1 overview", "1 text, 1 plate"));
  EXPECT_THAT(waits_, IsEmpty());
}

TEST_F(UploadReceipts, SendTheTextSlowlyWhenItStaysMissing) {
  append();
  office_.always("1 plate", just(Outcome::text_missing));
  restart();
  run_batches(12);
  EXPECT_GE(waits_.size(), 9U);
  EXPECT_THAT(office_.shipments(), Contains("1 text").Times(12));
  office_.no_longer("1 plate");
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UploadReceipts, SkipARefusedRecordKeepItAndGoOn) {
  append();
  append();
  office_.always("1 text", just(Outcome::refused));
  run_until_drained();
  EXPECT_EQ(count("records_dead_lettered"), 1U);
  EXPECT_EQ(count("records_delivered"), 1U);
  EXPECT_THAT(queue_.numbers_waiting(), ElementsAre(1)) << "kept, so that nothing vanishes";
  EXPECT_EQ(engine_->state().dead_lettered, 1U);
  EXPECT_THAT(office_.shipments(), Contains("1 text").Times(1));
  queue_.evict(1);
  EXPECT_EQ(engine_->state().dead_lettered, 0U) << "no longer in the queue";
}

TEST_F(UploadReceipts, TryARefusedRecordAgainAfterARestart) {
  append();
  office_.always("1 plate", just(Outcome::refused));
  run_until_drained();
  office_.no_longer("1 plate");
  restart();
  run_until_drained();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1));
}

TEST_F(UploadReceipts, QuarantineARecordStoredWithAnotherContent) {
  append();
  append();
  office_.always("1 plate", just(Outcome::mismatch));
  run_until_drained();
  EXPECT_EQ(count("records_quarantined"), 1U);
  EXPECT_EQ(count("records_delivered"), 1U);
  EXPECT_EQ(engine_->state().quarantined, 1U);
  EXPECT_THAT(queue_.numbers_waiting(), ElementsAre(1));
}

TEST_F(UploadReceipts, RememberManyRefusedRecordsInLittleRoom) {
  queue_.append_many(100'000, RecordClass::ordinary, 0);
  office_.answer_next(2000, just(Outcome::refused));
  run_until_drained();
  EXPECT_EQ(engine_->state().dead_lettered, 100'000U);
  EXPECT_EQ(office_.shipments().size(), 100'000U) << "none of them twice";
}

TEST_F(UploadReceipts, HalveABatchThatIsTooLargeAndGrowAgainSlowly) {
  queue_.append_many(3000, RecordClass::ordinary, 0);
  restart();
  office_.answer_next(2, just(Outcome::too_large));
  std::vector<std::size_t> sizes;
  office_.on_delivery([&](std::span<const Shipment> batch) { sizes.push_back(batch.size()); });
  run_batches(3);
  EXPECT_THAT(sizes, ElementsAre(64, 32, 16));
  run_batches(40);
  EXPECT_GT(sizes.back(), 16U);
  EXPECT_LT(sizes.back(), 24U);
  EXPECT_THAT(waits_, IsEmpty()) << "a size is no failure";
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 3000U);
}

TEST_F(UploadReceipts, GiveUpAShipmentThatIsTooLargeAlone) {
  append();
  append();
  office_.always("1 plate", just(Outcome::too_large));
  run_until_drained();
  EXPECT_EQ(count("records_dead_lettered"), 1U);
  EXPECT_THAT(queue_.numbers_waiting(), ElementsAre(1));
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UploadReceipts, SendNoMoreOfARecordThatTheQueueGaveUp) {
  append();
  append();
  restart();
  office_.set_limits({1, 1 << 20});
  office_.on_delivery([&](std::span<const Shipment> batch) {
    if (batch.front().key.number.value() == 1) queue_.evict(1);
  });
  run_until_drained();
  EXPECT_THAT(office_.shipments(), ElementsAre("1 text", "2 text", "2 plate", "2 overview"));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(2));
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UploadReceipts, DeliverARecordWhoseOverviewWasGivenUp) {
  begin();
  office_.set_limits({1, 1 << 20});
  append();
  run_batches(2);
  queue_.give_up_overview(1);
  run_until_drained();
  EXPECT_THAT(office_.shipments(), ElementsAre("1 text", "1 plate"));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1));
}

TEST_F(UploadReceipts, FindARecordThatRottedNoProblem) {
  append();
  append();
  append();
  queue_.rot(1);
  queue_.rot(2, true);
  restart();
  for (int i = 0; i < 20; ++i)
    step();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(3));
  EXPECT_LE(office_.batches().size(), 2U);
  queue_.mend(2);
  run_until_drained();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(3, 2));
}

TEST_F(UploadReceipts, TryAgainToAcknowledgeWhereTheDeviceFailed) {
  append();
  queue_.fail_acknowledging(3);
  run_until_drained();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1));
  EXPECT_EQ(count("records_delivered"), 1U);
  EXPECT_GE(waits_.size(), 3U);
}

TEST_F(UploadReceipts, SendAgainAfterARestartWhatWasNotAcknowledged) {
  append();
  append_text();
  office_.set_limits({1, 1 << 20});
  restart();
  run_batches(2);
  restart();
  run_until_drained();
  EXPECT_THAT(office_.shipments(),
              ElementsAre("1 text", "1 plate", "1 text", "1 plate", "1 overview", "2 text"));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1, 2));
}

TEST_F(UploadReceipts, CountTheBytesThatWereReceipted) {
  append();
  office_.answer_next(1, later());
  run_until_drained();
  EXPECT_EQ(count("bytes_uploaded"), std::string_view("head 1;document").size() + 5 + 5);
  EXPECT_EQ(count("uploads_retried"), 3U);
}

// --- failures
// -----------------------------------------------------------------------------------------------------

class UploadFailures : public EngineTest {};

TEST_F(UploadFailures, WaitLongerAndLongerWithFullJitter) {
  append_text();
  office_.answer_next(12, later());
  run_until_drained();
  std::chrono::milliseconds ceiling = options_.first_retry;
  Time::duration longest{};
  for (const auto& wait : waits_) {
    longest = std::max(longest, wait);
    EXPECT_LE(wait, 60s);
  }
  EXPECT_LE(waits_.at(0), ceiling);
  EXPECT_LE(waits_.at(1), 2 * ceiling);
  EXPECT_LE(waits_.at(2), 4 * ceiling);
  EXPECT_GT(longest, 5s);
}

TEST_F(UploadFailures, WaitAtLeastAsLongAsTheBackOfficeAsks) {
  append();
  office_.answer_next(1, later(300s));
  run_until_drained();
  ASSERT_THAT(waits_, SizeIs(1));
  EXPECT_GE(waits_[0], 300s);
}

TEST_F(UploadFailures, EndNoBackOffForNewRecords) {
  append_text();
  restart();
  office_.answer_next(1, later(10s));
  ASSERT_FALSE(engine_->step());
  append_text();
  const auto wait = engine_->step();
  ASSERT_TRUE(wait);
  EXPECT_FALSE(wait->records_end_it);
}

TEST_F(UploadFailures, OpenTheCircuitAfterFiveInARowAndTryWithOneShipment) {
  queue_.append_many(200, RecordClass::ordinary, 0);
  restart();
  std::vector<std::size_t> sizes;
  office_.on_delivery([&](std::span<const Shipment> batch) { sizes.push_back(batch.size()); });
  office_.answer_next(8, later());
  run_batches(4);
  EXPECT_FALSE(engine_->state().circuit_open);
  EXPECT_EQ(engine_->state().failures_in_a_row, 4U);
  run_batches(1);
  EXPECT_TRUE(engine_->state().circuit_open);
  run_batches(3);
  EXPECT_TRUE(engine_->state().circuit_open);
  run_batches(1);
  EXPECT_FALSE(engine_->state().circuit_open);
  EXPECT_EQ(engine_->state().failures_in_a_row, 0U);
  run_batches(1);
  EXPECT_THAT(sizes, ElementsAre(64, 64, 64, 64, 64, 1, 1, 1, 1, 64));
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 200U);
}

TEST_F(UploadFailures, TellWhyAndWhenTheLastTryFailedUntilOneSucceeds) {
  append_text();
  restart();
  EXPECT_FALSE(engine_->state().last_failure);
  office_.answer_next(1, later());
  office_.answer_next(1, just(Outcome::forbidden));
  run_batches(1);
  ASSERT_TRUE(engine_->state().last_failure);
  EXPECT_EQ(engine_->state().last_failure->reason, "busy");
  now_ += 1h;
  run_batches(1);
  ASSERT_TRUE(engine_->state().last_failure);
  EXPECT_EQ(engine_->state().last_failure->reason, "because");
  EXPECT_EQ(engine_->state().last_failure->at, now_);
  run_until_drained();
  EXPECT_FALSE(engine_->state().last_failure);
}

TEST_F(UploadFailures, ARecordThatIsNeverTakenHoldsNobodyUp) {
  // A hit, which goes before everything else, alone for so long that the circuit opens.
  append_text(RecordClass::hit);
  office_.always("1 text", later());
  restart();
  run_batches(8);
  EXPECT_TRUE(engine_->state().circuit_open);
  for (int i = 0; i < 20; ++i)
    append();
  const std::size_t before = office_.batches().size();
  while (count("records_delivered") < 20)
    ASSERT_TRUE(step());
  EXPECT_LT(office_.batches().size() - before, 30U);
}

TEST_F(UploadFailures, LaterForOneShipmentOfABatchHoldsOnlyItsRecord) {
  office_.set_limits({4, 1 << 20});
  queue_.append_many(400, RecordClass::ordinary, 0);
  office_.always("1 text", later());
  restart();
  while (count("records_delivered") < 399)
    ASSERT_TRUE(step());
  EXPECT_THAT(waits_, IsEmpty());
  EXPECT_FALSE(engine_->state().circuit_open);
}

TEST_F(UploadFailures, RaiseAnAlarmWhileTheDeviceIsNotEnrolled) {
  append_text();
  office_.answer_next(2, just(Outcome::forbidden));
  run_until_drained();
  EXPECT_EQ(count("uploads_forbidden"), 2U);
  EXPECT_EQ(count("uploads_retried"), 2U);
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UploadFailures, TooFewReceiptsCountAsNone) {
  class Short : public BackOffice {
   public:
    BatchLimits limits() const override { return {8, 1000}; }
    std::vector<Receipt> deliver(std::span<const Shipment>) override {
      return calls_++ == 0 ? std::vector<Receipt>{}
                           : std::vector<Receipt>(8, just(Receipt::Outcome::accepted));
    }
    Result<std::optional<KnownNumbers>> heartbeat(const std::string&, std::string_view) override {
      return std::nullopt;
    }

   private:
    int calls_ = 0;
  } office;
  append_text();
  CounterSet counters;
  upload::UploadEngine engine(options_, queue_, office, counters, [this] { return now_; });
  ASSERT_FALSE(engine.step());
  EXPECT_THAT(queue_.numbers_waiting(), ElementsAre(1));
}

// --- parts
// --------------------------------------------------------------------------------------------------------

TEST(BackOff, GrowsToTheLongest) {
  upload::BackOff back_off(100ms, 1000ms, 1);
  std::chrono::milliseconds longest{};
  for (int i = 0; i < 1000; ++i)
    longest = std::max(longest, back_off.after(50, std::nullopt));
  EXPECT_GT(longest, 900ms);
  EXPECT_LE(longest, 1000ms);
  for (int i = 0; i < 1000; ++i)
    EXPECT_LE(back_off.after(1, std::nullopt), 100ms);
}

TEST(BackOff, SpreadsOverTheWholeRange) {
  upload::BackOff back_off(1000ms, 1000ms, 1);
  int early = 0;
  for (int i = 0; i < 1000; ++i)
    early += back_off.after(1, std::nullopt) < 500ms ? 1 : 0;
  EXPECT_GT(early, 400);
  EXPECT_LT(early, 600);
}

TEST(BackOff, BelievesAnHourOfRetryAfterAtMost) {
  upload::BackOff back_off(100ms, 1000ms, 1);
  EXPECT_GE(back_off.after(1, 120s), 120s);
  EXPECT_LE(back_off.after(1, std::chrono::seconds(1'000'000)), 1h + 1s);
}

TEST(NumberRanges, KeepWhatLiesTogetherAsOneAndForgetTheLowestOfTooMany) {
  upload::NumberRanges ranges(3);
  for (const std::uint64_t number : {5, 7, 6, 10, 9, 1})
    ranges.add(number);
  using Range = upload::NumberRange;
  EXPECT_THAT(ranges.all(), ElementsAre(Range{1, 1}, Range{5, 7}, Range{9, 10}));
  ranges.add(20);
  EXPECT_THAT(ranges.all(), ElementsAre(Range{5, 7}, Range{9, 10}, Range{20, 20}));
  ranges.remove(6);
  EXPECT_TRUE(ranges.contains(5));
  EXPECT_FALSE(ranges.contains(6));
  EXPECT_TRUE(ranges.contains(7));
}

}  // namespace
}  // namespace wayside
