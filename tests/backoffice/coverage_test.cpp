// Every number of a queue is stored, given up or missing, and counted once.
#include "wayside/backoffice/coverage.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/backoffice/sample_record.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string device = "0123456789abcdef";
const std::string name = "queue 000102030405060708090a0b0c0d0e0f of device 0123456789abcdef";

class CoverageTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(temporary_.path() / "records.db");
    ASSERT_TRUE(store);
    store_ = std::move(*store);
  }
  void put(const RecordId& id, const std::string& document) {
    const auto outcome =
        store_->put(id, Part::document, as_bytes(document), sha256(as_bytes(document)), UtcTime{});
    ASSERT_TRUE(outcome && *outcome == Store::Outcome::accepted);
  }
  void put_passes(std::uint64_t first, std::uint64_t last, const std::string& queue = sample_queue) {
    const std::string document = sample_record(device).document.dump();
    for (std::uint64_t number = first; number <= last; ++number)
      put({device, queue, number}, document);
  }
  void put_gap(std::uint64_t number, std::uint64_t first, std::uint64_t last, const std::string& reason) {
    const nlohmann::json gap{
        {"first", first}, {"last", last}, {"count", last - first + 1}, {"reason", reason}};
    put({device, sample_queue, number},
        nlohmann::json{{"schema", "wayside-gap-1"}, {"gaps", nlohmann::json::array({gap})}}.dump());
  }
  QueueCoverage only_queue() {
    const auto queues = coverage(*store_);
    EXPECT_TRUE(queues) << queues.error().message;
    EXPECT_EQ(queues->size(), 1U);
    return queues->at(0);
  }

  doubles::TemporaryFolder temporary_;
  std::unique_ptr<Store> store_;
};

TEST_F(CoverageTest, AnEmptyStoreHasNoQueue) {
  EXPECT_THAT(coverage(*store_).value(), IsEmpty());
}

TEST_F(CoverageTest, AWholeQueueHasNothingToReport) {
  put_passes(1, 20);
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.missing, IsEmpty());
  EXPECT_EQ(queue.given_up_count(), 0U);
  EXPECT_THAT(sentences(queue), IsEmpty());
}

TEST_F(CoverageTest, NumberNoughtIsNoHole) {
  put_passes(0, 0);
  EXPECT_THAT(only_queue().missing, IsEmpty());
}

TEST_F(CoverageTest, HolesAreMissingFromOneToTheHighestNumber) {
  put_passes(3, 4);
  put_passes(8, 8);
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.missing, ElementsAre(NumberRange{1, 2}, NumberRange{5, 7}));
  EXPECT_EQ(queue.missing_count(), 5U);
  EXPECT_THAT(sentences(queue),
              ElementsAre(name + ": 5 numbers missing (1-2, 5-7): a loss to look into, unless the camera "
                                 "still has to send them"));
}

TEST_F(CoverageTest, GivenUpNumbersAreNotMissingAndTheGapRecordsOwnNumberIsNoHole) {
  put_passes(1, 2);
  put_gap(10, 3, 5, "evicted");
  put_gap(11, 7, 7, "interrupted");
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.missing, ElementsAre(NumberRange{6, 6}, NumberRange{8, 9}));
  EXPECT_THAT(queue.given_up, ElementsAre(3, 0, 1));
  EXPECT_THAT(sentences(queue),
              ElementsAre(name + ": 4 numbers given up by the camera (3 evicted, 1 interrupted)",
                          name + ": 3 numbers missing (6, 8-9): a loss to look into, unless the camera still "
                                 "has to send them"));
}

TEST_F(CoverageTest, ANumberToldTwiceOrStoredAfterAllCountsOnce) {
  put_passes(1, 2);
  put_passes(5, 5);  // delivered, and the gap record says more than is true
  put_gap(10, 3, 9, "interrupted");
  put_gap(11, 3, 6, "evicted");
  put_gap(12, 2, 4, "evicted");
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.given_up, ElementsAre(3, 0, 3));  // 3, 4, 6 and 7, 8, 9
  EXPECT_THAT(queue.missing, IsEmpty());
}

TEST_F(CoverageTest, NumbersBothStoredAndGivenUpAreNamedInOneSentence) {
  put_passes(1, 6);
  put_gap(10, 3, 9, "interrupted");
  put_gap(11, 1, 1, "evicted");
  put_gap(12, 4, 5, "damaged");
  put_gap(13, 10, 10, "evicted");
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.stored_and_given_up,
              ElementsAre(NumberRange{1, 1}, NumberRange{3, 6}, NumberRange{10, 10}));
  EXPECT_THAT(sentences(queue),
              ElementsAre(name + ": 3 numbers given up by the camera (3 interrupted)",
                          name + ": 6 numbers stored here and told as given up by the camera too (1, 3-6, "
                                 "10): no loss, but its gap records say more than is true"));
}

TEST_F(CoverageTest, SumsThatAreTooLargeEndAtTheLargestNumber) {
  const std::uint64_t largest = (std::uint64_t{1} << 63U) - 1;
  const std::uint64_t most = ~std::uint64_t{0};
  for (const char queue : {'a', 'b', 'c'})
    put_passes(largest, largest, std::string(32, queue));
  put_passes(3, 3, std::string(32, 'd'));
  auto queues = coverage(*store_).value();
  EXPECT_EQ(totals(queues).missing, most);
  for (QueueCoverage& queue : queues)
    queue.given_up = {largest, largest, largest};
  EXPECT_EQ(queues[0].given_up_count(), most);
  EXPECT_EQ(totals(queues).given_up, most);
  queues.resize(2);  // twice 2^63 - 2 is four below 2^64
  EXPECT_EQ(totals(queues).missing, 2 * (largest - 1));
}

TEST_F(CoverageTest, ALargeGapTakesNoTime) {
  const std::uint64_t largest = (std::uint64_t{1} << 63U) - 1;
  put_gap(largest, 2, largest - 1, "damaged");
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.given_up, ElementsAre(0, largest - 2, 0));
  EXPECT_THAT(queue.missing, ElementsAre(NumberRange{1, 1}));
}

TEST_F(CoverageTest, QueuesAreCountedApartAndAddedUp) {
  put_passes(1, 1);
  put_gap(4, 2, 2, "evicted");
  put_passes(3, 3, std::string(32, 'f'));
  const auto queues = coverage(*store_).value();
  ASSERT_EQ(queues.size(), 2U);
  EXPECT_THAT(queues[0].missing, ElementsAre(NumberRange{3, 3}));
  EXPECT_EQ(queues[1].queue_uuid, std::string(32, 'f'));
  EXPECT_THAT(queues[1].missing, ElementsAre(NumberRange{1, 2}));
  EXPECT_EQ(totals(queues).given_up, 1U);
  EXPECT_EQ(totals(queues).missing, 3U);
}

TEST_F(CoverageTest, ManyHolesAreNotAllListed) {
  for (std::uint64_t number = 2; number <= 24; number += 2)
    put_passes(number, number);
  EXPECT_THAT(
      sentences(only_queue()),
      ElementsAre(name + ": 12 numbers missing (1, 3, 5, 7, 9, 11, 13, 15, 17, 19 and 2 more ranges): "
                         "a loss to look into, unless the camera still has to send them"));
}

}  // namespace
}  // namespace wayside::backoffice
