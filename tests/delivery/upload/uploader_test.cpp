// The uploader against a back office that does as it is told: order, repetition, pauses, giving up, stopping.
#include "wayside/delivery/upload/uploader.hpp"

#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/delivery/upload/back_off.hpp"
#include "src/delivery/upload/record_uploader.hpp"
#include "tests/delivery/upload/scripted_back_office.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using doubles::ScriptedBackOffice;
using Outcome = Receipt::Outcome;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Receipt later(std::optional<std::chrono::seconds> retry_after = {}) {
  return {Outcome::later, retry_after, "busy"};
}
Receipt just(Outcome outcome) {
  return {outcome, std::nullopt, "because"};
}

class UploaderTest : public ::testing::Test {
 protected:
  UploaderTest() {
    QueueOptions options;
    options.directory = folder_.path() / "queue";
    options.segments = 3;
    options.segment_bytes = 64 * 1024;
    queue_ = std::move(*open_record_queue(options));
    UploaderOptions uploading;
    uploading.device_id = "0123456789abcdef";
    uploading.jitter_seed = 7;
    uploader_ = upload::make_uploader_pausing(uploading, *queue_, office_, counters_,
                                              [this](const std::stop_token&, std::chrono::milliseconds time) {
                                                const std::lock_guard lock(mutex_);
                                                pauses_.push_back(time);
                                              });
  }
  ~UploaderTest() override {
    office_.release();
    thread_ = {};
  }

  SequenceNumber append(const std::string& plate = "plate", const std::string& overview = "overview") {
    const auto bytes = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
    const RecordParts parts{RecordClass::ordinary, bytes("document"), bytes(plate), bytes(overview)};
    return queue_->append({&parts, 1})->front();
  }
  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { uploader_->run(stop); });
  }
  void run_until_drained() {
    start();
    ASSERT_TRUE(uploader_->wait_drained(10s));
  }
  std::uint64_t count(std::string_view name) { return counters_.counter(name).value(); }
  std::vector<std::chrono::milliseconds> pauses() {
    const std::lock_guard lock(mutex_);
    return pauses_;
  }

  doubles::TemporaryFolder folder_;
  std::unique_ptr<RecordQueue> queue_;
  ScriptedBackOffice office_;
  CounterSet counters_;
  std::mutex mutex_;
  std::vector<std::chrono::milliseconds> pauses_;
  std::unique_ptr<Uploader> uploader_;
  std::jthread thread_;
};

TEST_F(UploaderTest, SendsTheDocumentThenThePicturesOldestRecordFirst) {
  append();
  append();
  run_until_drained();
  EXPECT_THAT(office_.deliveries(),
              ElementsAre("1 document", "1 plate", "1 overview", "2 document", "2 plate", "2 overview"));
  EXPECT_THAT(queue_->pending(std::nullopt, 10), IsEmpty());
  EXPECT_EQ(count("records_delivered"), 2U);
  EXPECT_EQ(count("records_duplicate"), 0U);
  EXPECT_EQ(office_.last_key().device_id, "0123456789abcdef");
  EXPECT_EQ(office_.last_key().queue_uuid, queue_->uuid());
}

TEST_F(UploaderTest, SendsNoEmptyPicture) {
  append("", "overview");
  append("", "");
  run_until_drained();
  EXPECT_THAT(office_.deliveries(), ElementsAre("1 document", "1 overview", "2 document"));
}

TEST_F(UploaderTest, SendsOnlyTheUnansweredPartAgainAfterGrowingPauses) {
  append();
  office_.answer_next({just(Outcome::accepted), later(), later(), later()});
  run_until_drained();
  EXPECT_THAT(office_.deliveries(),
              ElementsAre("1 document", "1 plate", "1 plate", "1 plate", "1 plate", "1 overview"));
  EXPECT_EQ(count("uploads_retried"), 3U);
  const auto waited = pauses();
  ASSERT_THAT(waited, SizeIs(3));
  EXPECT_LE(waited[0], 500ms);
  EXPECT_LE(waited[1], 1000ms);
  EXPECT_LE(waited[2], 2000ms);
}

TEST_F(UploaderTest, WaitsAtLeastAsLongAsTheBackOfficeAsks) {
  append();
  office_.answer_next({later(30s)});
  run_until_drained();
  ASSERT_THAT(pauses(), SizeIs(1));
  EXPECT_GE(pauses()[0], 30s);
}

TEST_F(UploaderTest, CountsARecordThatTheBackOfficeHadAlready) {
  append();
  append();
  office_.answer_next({just(Outcome::duplicate), just(Outcome::duplicate), just(Outcome::duplicate)});
  run_until_drained();
  EXPECT_EQ(count("records_delivered"), 2U);
  EXPECT_EQ(count("records_duplicate"), 1U);
}

TEST_F(UploaderTest, SendsTheDocumentAgainWhenTheBackOfficeMissesIt) {
  append();
  office_.answer_next({just(Outcome::accepted), just(Outcome::document_missing)});
  run_until_drained();
  EXPECT_THAT(office_.deliveries(),
              ElementsAre("1 document", "1 plate", "1 document", "1 plate", "1 overview"));
  EXPECT_THAT(pauses(), IsEmpty());
}

TEST_F(UploaderTest, BacksOffWhenTheDocumentStaysMissing) {
  append();
  const Receipt missing = just(Outcome::document_missing);
  const Receipt accepted = just(Outcome::accepted);
  office_.answer_next({accepted, missing, accepted, missing, missing, accepted});
  run_until_drained();
  EXPECT_THAT(pauses(), SizeIs(1));
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UploaderTest, SkipsARefusedRecordKeepsItAndGoesOn) {
  append();
  append();
  office_.always(1, PartKind::document, just(Outcome::refused));
  run_until_drained();
  EXPECT_THAT(office_.deliveries(), ElementsAre("1 document", "2 document", "2 plate", "2 overview"));
  EXPECT_EQ(count("records_dead_lettered"), 1U);
  EXPECT_EQ(count("records_delivered"), 1U);
  EXPECT_THAT(queue_->pending(std::nullopt, 10), ElementsAre(SequenceNumber(1)))
      << "kept, so that nothing vanishes";
}

TEST_F(UploaderTest, QuarantinesARecordStoredWithAnotherContent) {
  append();
  append();
  office_.always(1, PartKind::plate, just(Outcome::mismatch));
  run_until_drained();
  EXPECT_EQ(count("records_quarantined"), 1U);
  EXPECT_EQ(count("records_delivered"), 1U);
  EXPECT_THAT(queue_->pending(std::nullopt, 10), ElementsAre(SequenceNumber(1)));
}

TEST_F(UploaderTest, TriesAgainAndRaisesAnAlarmWhileTheDeviceIsNotEnrolled) {
  append();
  office_.answer_next({just(Outcome::forbidden), just(Outcome::forbidden)});
  run_until_drained();
  EXPECT_EQ(count("uploads_forbidden"), 2U);
  EXPECT_EQ(count("uploads_retried"), 2U);
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UploaderTest, SendsNewRecordsWhenWoken) {
  start();
  ASSERT_TRUE(uploader_->wait_drained(10s));
  append();
  uploader_->wake();
  EXPECT_TRUE(uploader_->wait_drained(10s));
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UploaderTest, FindsARecordThatTheQueueGaveUpMeanwhileNoProblem) {
  append();
  office_.hold();
  start();
  office_.wait_for_deliveries(1);
  ASSERT_TRUE(queue_->acknowledge(SequenceNumber(1)));
  append();
  office_.release();
  EXPECT_TRUE(uploader_->wait_drained(10s));
}

// Or its number would be stored and told as given up.
TEST_F(UploaderTest, SendsNoMoreOfARecordThatTheQueueGaveUpForRoom) {
  for (const Outcome answer : {Outcome::accepted, Outcome::later}) {
    append();
    const SequenceNumber given_up = queue_->pending(std::nullopt, 1).front();
    const std::size_t before = office_.deliveries().size();
    office_.answer_next({just(answer)});
    office_.hold();
    if (!thread_.joinable()) start();
    uploader_->wake();
    office_.wait_for_deliveries(before + 1);
    while (queue_->pending(std::nullopt, 1).front() == given_up)
      append(std::string(40'000, 'p'));
    office_.release();
    ASSERT_TRUE(uploader_->wait_drained(10s));
    const std::string number = std::to_string(given_up.value());
    EXPECT_THAT(office_.deliveries(), Contains(number + " document").Times(1));
    EXPECT_THAT(office_.deliveries(), Not(Contains(number + " plate")));
  }
}

TEST_F(UploaderTest, IsNotDrainedWhileADeliveryIsUnderWay) {
  append();
  office_.hold();
  start();
  office_.wait_for_deliveries(1);
  EXPECT_FALSE(uploader_->wait_drained(10ms));
}

TEST_F(UploaderTest, HoldsNoLockAcrossTheNetwork) {
  append();
  office_.hold();
  start();
  office_.wait_for_deliveries(1);
  uploader_->wake();
  append();
  EXPECT_THAT(queue_->pending(std::nullopt, 10), SizeIs(2));
  EXPECT_EQ(queue_->depth().unacknowledged, 2U);
}

TEST_F(UploaderTest, StopsPromptlyDuringABackOffAndNotForAWake) {
  append();
  office_.always(1, PartKind::document, later());
  std::latch pausing(1);
  bool cut_by_wake = false;
  UploaderOptions options;
  options.device_id = "0123456789abcdef";
  uploader_ = upload::make_uploader_pausing(options, *queue_, office_, counters_,
                                            [&](const std::stop_token& stop, std::chrono::milliseconds) {
                                              pausing.count_down();
                                              uploader_->wake();
                                              cut_by_wake = stop.stop_requested();
                                              upload::pause_for_real(stop, 1h);
                                            });
  start();
  pausing.wait();
  const auto before = std::chrono::steady_clock::now();
  thread_ = {};  // requests stop and joins
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  EXPECT_FALSE(cut_by_wake);
  EXPECT_THAT(office_.deliveries(), ElementsAre("1 document"));
}

TEST_F(UploaderTest, StopsPromptlyWhileThereIsNothingToDo) {
  start();
  ASSERT_TRUE(uploader_->wait_drained(10s));
  const auto before = std::chrono::steady_clock::now();
  thread_ = {};
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST(BackOff, GrowsToTheLongestAndStartsAgainAfterASuccess) {
  upload::BackOff back_off(100ms, 1000ms, 1);
  std::chrono::milliseconds longest{};
  for (int i = 0; i < 1000; ++i)
    longest = std::max(longest, back_off.next(std::nullopt));
  EXPECT_GT(longest, 900ms);
  EXPECT_LE(longest, 1000ms);
  back_off.succeeded();
  EXPECT_LE(back_off.next(std::nullopt), 100ms);
}

TEST(BackOff, SpreadsOverTheWholeRange) {
  upload::BackOff back_off(1000ms, 1000ms, 1);
  int early = 0;
  for (int i = 0; i < 1000; ++i)
    early += back_off.next(std::nullopt) < 500ms ? 1 : 0;
  EXPECT_GT(early, 400);
  EXPECT_LT(early, 600);
}

TEST(BackOff, BelievesAnHourOfRetryAfterAtMost) {
  upload::BackOff back_off(100ms, 1000ms, 1);
  EXPECT_GE(back_off.next(120s), 120s);
  EXPECT_LE(back_off.next(std::chrono::seconds(1'000'000)), 1h + 1s);
}

}  // namespace
}  // namespace wayside
