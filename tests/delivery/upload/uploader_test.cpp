// The uploader's thread: waking, stopping, waiting until it is drained. What it sends and when is
// upload_engine_test.cpp.
#include "wayside/delivery/upload/uploader.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/delivery/upload/engine_fixture.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using doubles::just;
using doubles::later;
using doubles::record_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class UploaderTest : public ::testing::Test {
 protected:
  UploaderTest() {
    options_.device_id = "0123456789abcdef";
    options_.jitter_seed = 7;
    options_.first_retry = 1ms;
    options_.longest_retry = 1ms;
    options_.longest_backlog_delay = 0ms;
  }
  ~UploaderTest() override {
    office_.release();
    thread_ = {};
  }

  void append() {
    const RecordParts parts = record_of();
    ASSERT_TRUE(queue_.append({&parts, 1}));
  }
  void start() {
    uploader_ = make_uploader(options_, queue_, office_, counters_);
    thread_ = std::jthread([this](const std::stop_token& stop) { uploader_->run(stop); });
  }
  void stop_promptly() {
    const auto before = std::chrono::steady_clock::now();
    thread_ = {};  // requests stop and joins
    EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  }

  doubles::MemoryQueue queue_;
  doubles::ScriptedBackOffice office_;
  CounterSet counters_;
  UploaderOptions options_;
  std::unique_ptr<Uploader> uploader_;
  std::jthread thread_;
};

TEST_F(UploaderTest, DeliversWhatWaitsAndSaysWhenItIsDrained) {
  for (int i = 0; i < 100; ++i)
    append();
  start();
  EXPECT_TRUE(uploader_->wait_drained(10s));
  EXPECT_THAT(queue_.acknowledged(), SizeIs(100));
}

TEST_F(UploaderTest, SendsNewRecordsWhenWoken) {
  start();
  ASSERT_TRUE(uploader_->wait_drained(10s));
  append();
  uploader_->wake();
  EXPECT_TRUE(uploader_->wait_drained(10s));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1));
}

TEST_F(UploaderTest, IsNotDrainedByARecordThatNobodyWokeItFor) {
  start();
  ASSERT_TRUE(uploader_->wait_drained(10s));
  append();
  EXPECT_TRUE(uploader_->wait_drained(10s));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1));
}

TEST_F(UploaderTest, IsDrainedWhenOnlyRefusedRecordsAreLeft) {
  append();
  append();
  office_.always("1 text", just(Receipt::Outcome::refused));
  start();
  EXPECT_TRUE(uploader_->wait_drained(10s));
  EXPECT_EQ(uploader_->state().dead_lettered, 1U);
  EXPECT_THAT(queue_.numbers_waiting(), ElementsAre(1));
}

TEST_F(UploaderTest, IsNotDrainedWhileADeliveryIsUnderWay) {
  append();
  office_.hold();
  start();
  office_.wait_for_batches(1);
  EXPECT_FALSE(uploader_->wait_drained(10ms));
}

TEST_F(UploaderTest, HoldsNoLockAcrossTheNetwork) {
  append();
  office_.hold();
  start();
  office_.wait_for_batches(1);
  uploader_->wake();
  append();
  EXPECT_FALSE(uploader_->state().circuit_open);
  EXPECT_EQ(queue_.depth().unacknowledged, 2U);
}

TEST_F(UploaderTest, GoesOnAfterFailuresByItself) {
  append();
  office_.answer_next(20, later());
  start();
  EXPECT_TRUE(uploader_->wait_drained(10s));
  EXPECT_EQ(counters_.counter("uploads_retried").value(), 3U * 5 + 15);
}

TEST_F(UploaderTest, StopsPromptlyDuringABackOffAndNotForAWake) {
  append();
  office_.answer_next(1, later(3600s));
  start();
  office_.wait_for_batches(1);
  uploader_->wake();
  EXPECT_FALSE(uploader_->wait_drained(50ms));
  stop_promptly();
  EXPECT_THAT(office_.batches(), SizeIs(1));
}

TEST_F(UploaderTest, StopsPromptlyWhileThereIsNothingToDo) {
  start();
  ASSERT_TRUE(uploader_->wait_drained(10s));
  stop_promptly();
}

TEST_F(UploaderTest, FinishesTheBatchUnderWayWhenToldToStop) {
  append();
  office_.hold();
  start();
  office_.wait_for_batches(1);
  thread_.request_stop();
  office_.release();
  stop_promptly();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre(1));
}

TEST_F(UploaderTest, IsDrainedBeforeItRunsWhereNothingWaits) {
  const auto uploader = make_uploader(options_, queue_, office_, counters_);
  EXPECT_TRUE(uploader->wait_drained(0ms));
  append();
  EXPECT_FALSE(uploader->wait_drained(0ms));
}

}  // namespace
}  // namespace wayside
