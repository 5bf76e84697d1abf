// The uploader with the real flash queue and real sealing: what arrives can be opened, and nothing is missing
// that no gap record tells of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/delivery/upload/engine_fixture.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/test_sealer.hpp"

namespace wayside {
namespace {

using ::testing::IsEmpty;

class FlashQueueUpload : public ::testing::Test {
 protected:
  FlashQueueUpload() { open(); }
  void open() {
    queue_.reset();
    QueueOptions options;
    options.directory = folder_.path() / "queue";
    options.segments = 6;
    options.segment_bytes = 64 * 1024;
    options.protected_segments = 2;
    options.sealer = &sealer_;
    auto opened = open_record_queue(options);
    if (!opened) throw std::runtime_error(opened.error().message);
    queue_ = std::move(*opened);
  }
  void append(std::size_t count, std::size_t picture_bytes) {
    for (std::size_t i = 0; i < count; ++i) {
      const RecordParts parts =
          doubles::record_of(i % 7 == 0 ? RecordClass::hit : RecordClass::ordinary, picture_bytes);
      ASSERT_TRUE(queue_->append({&parts, 1}));
    }
  }
  void drain() {
    UploaderOptions options;
    options.device_id = sealer_.device_id();
    CounterSet counters;
    upload::Time now(std::chrono::hours(1));
    upload::UploadEngine engine(options, *queue_, office_, counters, [&] { return now; });
    office_.on_delivery([&](std::span<const Shipment> batch) {
      for (const Shipment& shipment : batch) {
        const auto head = decode_head(shipment.record->head);
        ASSERT_TRUE(head);
        EXPECT_TRUE(signature_good(shipment.record->head, sealer_.device_key()));
        EXPECT_EQ(head->number, shipment.key.number);
        if (head->type == RecordType::gap) {
          ++gaps_;
          continue;
        }
        EXPECT_TRUE(sealer_.open(*shipment.record));
      }
    });
    for (int i = 0; i < 10'000; ++i) {
      const auto wait = engine.step();
      if (!wait) continue;
      if (wait->drained_to) return;
      now = wait->until.value_or(now);
    }
    FAIL() << "never drained";
  }

  doubles::TemporaryFolder folder_;
  doubles::TestSealer sealer_;
  std::unique_ptr<RecordQueue> queue_;
  doubles::ScriptedBackOffice office_;
  int gaps_ = 0;
};

TEST_F(FlashQueueUpload, DeliversEverythingThatWaitsSoThatItCanBeOpened) {
  append(30, 1000);
  drain();
  EXPECT_EQ(office_.stored().size(), 90U);
  EXPECT_THAT(queue_->waiting(RecordQueue::Order::oldest_first, {}, 1, {}), IsEmpty());
  ASSERT_TRUE(queue_->flush());
  open();
  EXPECT_THAT(queue_->waiting(RecordQueue::Order::oldest_first, {}, 1, {}), IsEmpty());
}

TEST_F(FlashQueueUpload, DeliversWhatAnOverflowLeftAndTheGapRecordsThatTellTheRest) {
  append(60, 9000);
  const QueueDepth depth = queue_->depth();
  ASSERT_GT(depth.evicted, 0U);
  drain();
  EXPECT_GT(gaps_, 0);
  EXPECT_THAT(queue_->waiting(RecordQueue::Order::oldest_first, {}, 1, {}), IsEmpty());
}

TEST_F(FlashQueueUpload, SendsTheSameBytesAgainWhereAcknowledgementsWereLost) {
  append(10, 1000);
  drain();
  const auto stored = office_.stored();
  open();  // unless flushed, acknowledgements are lazy
  drain();
  EXPECT_EQ(office_.stored(), stored) << "no mismatch, nothing new";
}

}  // namespace
}  // namespace wayside
