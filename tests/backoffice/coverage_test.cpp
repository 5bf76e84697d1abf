// Every number of a queue is stored, given up or missing, and counted once.
#include "wayside/backoffice/coverage.hpp"

#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "src/backoffice/database.hpp"
#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string name = "queue 000102030405060708090a0b0c0d0e0f of device 0123456789abcdef";

class CoverageTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(temporary_.path() / "records.db");
    ASSERT_TRUE(store);
    store_ = std::move(*store);
  }
  // A record's link is what its number says unless told otherwise.
  static Sha256 chain_of(std::uint64_t number) {
    return number == 0 ? Sha256{} : sha256(as_bytes(std::to_string(number)));
  }
  static NewText text_of(std::uint64_t number, RecordType type, const std::string& queue = sample_queue) {
    NewText text;
    text.id = {sample_device, queue, number};
    text.type = type;
    text.head = {1};
    text.chain = chain_of(number);
    text.previous = chain_of(number - 1);
    text.document = "{}";
    return text;
  }
  void put(const NewText& text) {
    const NewShipment shipment = text;
    const auto outcomes = store_->put(std::span(&shipment, 1), UtcTime{});
    ASSERT_TRUE(outcomes && outcomes->at(0) == Store::Outcome::accepted);
  }
  void put_passes(std::uint64_t first, std::uint64_t last, const std::string& queue = sample_queue) {
    for (std::uint64_t number = first; number <= last; ++number)
      put(text_of(number, RecordType::capture, queue));
  }
  void put_gap(std::uint64_t number, std::uint64_t first, std::uint64_t last, GapReason reason) {
    static const std::map<GapReason, std::uint32_t> codes = {{GapReason::evicted, 1},
                                                             {GapReason::damaged, 2},
                                                             {GapReason::interrupted, 3},
                                                             {GapReason::expired, 4},
                                                             {GapReason::rolled_back, 5}};
    NewText text = text_of(number, RecordType::gap);
    text.gaps = gap_list({{first, last, codes.at(reason)}});
    camera_.number = number;
    text.head = camera_.gaps({{first, last, codes.at(reason)}}).record.head;
    put(text);
  }
  void put_book(std::uint64_t number, std::uint64_t marked, const Sha256& hash) {
    NewText text = text_of(number, RecordType::coverage);
    text.document = nlohmann::json{{"chain_head", {{"number", marked}, {"sha256", to_hex(hash)}}}}.dump();
    put(text);
  }
  QueueCoverage only_queue() {
    const auto queues = coverage(*store_);
    EXPECT_TRUE(queues) << queues.error().message;
    EXPECT_EQ(queues->size(), 1U);
    return queues->at(0);
  }

  doubles::TemporaryFolder temporary_;
  std::unique_ptr<Store> store_;
  SealingCamera camera_{sample_device, Secret::random(), {}};
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
  put_gap(10, 3, 5, GapReason::evicted);
  put_gap(11, 7, 7, GapReason::interrupted);
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.missing, ElementsAre(NumberRange{6, 6}, NumberRange{8, 9}));
  EXPECT_THAT(queue.given_up, ElementsAre(3, 0, 0, 0, 1));
  EXPECT_THAT(sentences(queue),
              ElementsAre(name + ": 4 numbers given up by the camera (3 evicted, 1 interrupted)",
                          name + ": 3 numbers missing (6, 8-9): a loss to look into, unless the camera still "
                                 "has to send them"));
}

TEST_F(CoverageTest, ANumberToldTwiceOrStoredAfterAllCountsOnce) {
  put_passes(1, 2);
  put_passes(5, 5);  // delivered, and the gap record says more than is true
  put_gap(10, 3, 9, GapReason::interrupted);
  put_gap(11, 3, 6, GapReason::evicted);
  put_gap(12, 2, 4, GapReason::evicted);
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.given_up, ElementsAre(3, 0, 0, 0, 3));  // 3, 4, 6 and 7, 8, 9
  EXPECT_THAT(queue.missing, IsEmpty());
}

TEST_F(CoverageTest, NumbersBothStoredAndGivenUpAreNamedInOneSentence) {
  put_passes(1, 6);
  put_gap(10, 3, 9, GapReason::interrupted);
  put_gap(11, 1, 1, GapReason::evicted);
  put_gap(12, 4, 5, GapReason::damaged);
  put_gap(13, 10, 10, GapReason::evicted);
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
    queue.given_up = {largest, largest, largest, 0, 0};
  EXPECT_EQ(queues[0].given_up_count(), most);
  EXPECT_EQ(totals(queues).given_up, most);
  queues.resize(2);  // twice 2^63 - 2 is four below 2^64
  EXPECT_EQ(totals(queues).missing, 2 * (largest - 1));
}

TEST_F(CoverageTest, ALargeGapTakesNoTime) {
  const std::uint64_t largest = (std::uint64_t{1} << 62U) - 1;
  put_gap(largest, 2, largest - 1, GapReason::damaged);
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.given_up, ElementsAre(0, 0, largest - 2, 0, 0));
  EXPECT_THAT(queue.missing, ElementsAre(NumberRange{1, 1}));
}

TEST_F(CoverageTest, QueuesAreCountedApartAndAddedUp) {
  put_passes(1, 1);
  put_gap(4, 2, 2, GapReason::evicted);
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

TEST_F(CoverageTest, ExpiredNumbersAreGivenUp) {
  put_passes(1, 2);
  put_gap(10, 3, 9, GapReason::expired);
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.missing, IsEmpty());
  EXPECT_THAT(sentences(queue), ElementsAre(name + ": 7 numbers given up by the camera (7 expired)"));
}

TEST_F(CoverageTest, ARecordThatDoesNotNameTheOneJustBeforeItBreaksTheChain) {
  put_passes(1, 3);
  NewText other = text_of(4, RecordType::capture);
  other.previous = chain_of(2);
  put(other);
  put_passes(5, 5);
  other = text_of(6, RecordType::capture);
  other.previous = chain_of(4);
  put(other);
  const QueueCoverage queue = only_queue();
  EXPECT_FALSE(queue.is_sound());
  EXPECT_THAT(sentences(queue),
              ElementsAre(HasSubstr(name + ": the chain is broken at 2 numbers, first 4 and last 6:")));
}

TEST_F(CoverageTest, ABreakDoesNotHideALaterOne) {
  put_passes(1, 2);
  const auto put_broken = [&](std::uint64_t number) {
    NewText other = text_of(number, RecordType::capture);
    other.previous = chain_of(number + 50);
    put(other);
  };
  put_broken(3);
  put_passes(4, 4);
  QueueCoverage queue = only_queue();
  EXPECT_EQ(queue.chain_breaks.count, 1U);
  EXPECT_THAT(sentences(queue), ElementsAre(HasSubstr(name + ": the chain is broken at 3:")));
  put_broken(5);
  put_passes(6, 6);
  put_broken(7);
  queue = only_queue();
  EXPECT_EQ(queue.chain_breaks.count, 3U);
  EXPECT_EQ(queue.chain_breaks.first, 3U);
  EXPECT_EQ(queue.chain_breaks.last, 7U);
  EXPECT_THAT(sentences(queue),
              ElementsAre(HasSubstr(name + ": the chain is broken at 3 numbers, first 3 and last 7:")));
}

TEST_F(CoverageTest, TheFirstRecordNamesNone) {
  NewText first = text_of(1, RecordType::capture);
  first.previous = chain_of(7);
  put(first);
  EXPECT_EQ(only_queue().chain_breaks.first, 1U);
}

TEST_F(CoverageTest, GapRecordsAndMissingNumbersExplainWhyARecordNamesAnotherOne) {
  put_passes(1, 2);
  put_passes(6, 6);  // names 5, which is missing
  NewText after = text_of(7, RecordType::capture);
  after.previous = chain_of(2);  // 6 came out of a write that failed, as 8 tells
  put(after);
  put_gap(8, 6, 6, GapReason::interrupted);
  EXPECT_TRUE(only_queue().is_sound());
}

TEST_F(CoverageTest, ABookThatSaysAnotherChainHeadIsNamed) {
  put_passes(1, 4);
  put_book(5, 4, chain_of(4));
  put_book(6, 3, chain_of(9));
  put_book(7, 100, chain_of(9));  // not here
  const QueueCoverage queue = only_queue();
  EXPECT_EQ(queue.book_contradictions.count, 1U);
  EXPECT_THAT(sentences(queue),
              ElementsAre(name + ": record 3 is another than a day's book of the camera says"));
  put_book(8, 2, chain_of(9));
  EXPECT_THAT(
      sentences(only_queue()),
      ElementsAre(name + ": records at 2 numbers, first 2 and last 3 are others than a day's book of the "
                         "camera says"));
}

// Eight records are here when the card is put back to what it was after five; two more are written and sent
// before the camera hears of it.
TEST_F(CoverageTest, ACardThatWasPutBackIsToldWithWhatWasUsedTwiceAndWhatWasLeftOut) {
  put_passes(1, 8);
  const auto again_of = [](std::uint64_t number) {
    return sha256(as_bytes("again " + std::to_string(number)));
  };
  for (const std::uint64_t number : {6U, 7U}) {
    NewText text = text_of(number, RecordType::capture);
    text.sha256 = text.chain = again_of(number);
    if (number == 7) text.previous = again_of(6);
    const NewShipment shipment = text;
    ASSERT_EQ(store_->put(std::span(&shipment, 1), UtcTime{})->at(0), Store::Outcome::twin);
  }
  put_gap(9, 8, 8, GapReason::rolled_back);
  put_book(10, 7, again_of(7));
  put_book(11, 7, chain_of(7));
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.twins, ElementsAre(NumberRange{6, 7}));
  EXPECT_THAT(queue.rolled_back, ElementsAre(NumberRange{8, 8}));
  EXPECT_THAT(queue.stored_and_given_up, IsEmpty()) << "that is why they were left out";
  EXPECT_EQ(queue.given_up_count(), 0U);
  EXPECT_EQ(queue.chain_breaks.count, 0U) << "each names the one before it in its own life";
  EXPECT_EQ(queue.book_contradictions.count, 0U) << "each life has its own book";
  EXPECT_FALSE(queue.is_sound()) << "check must not end with 0";
  EXPECT_THAT(
      sentences(queue),
      ElementsAre(HasSubstr(name + ": the camera went on from an older state of its card: 2 numbers used "
                                   "twice, and both records kept (6-7); 1 number left out afterwards")));
}

TEST_F(CoverageTest, WhatSomebodyWroteIntoTheFileDrivesNoTerminal) {
  put_passes(2, 2, "\x1b[2J\u202e");
  EXPECT_THAT(sentences(only_queue()), ElementsAre(HasSubstr("queue \\u001b[2J\\u202e of device")));
}

// Whoever can write to the store's file takes the newest records out; nothing that is left names them, but
// the camera's last heartbeat.
class TakenOut : public CoverageTest {
 protected:
  void hear(std::uint64_t delivered_to, const std::string& queue = sample_queue) {
    const nlohmann::json heartbeat = {{"queue_uuid", queue}, {"queue", {{"delivered_to", delivered_to}}}};
    ASSERT_TRUE(
        store_->put_heartbeat(sample_device, heartbeat.dump(), *utc_from_iso8601("2026-11-22T17:35:40Z")));
  }
  void take_out_from(std::uint64_t number) {
    auto file = Database::open(temporary_.path() / "records.db", IfMissing::refuse);
    ASSERT_TRUE(file && file->run(fmt::format("DELETE FROM records WHERE number >= {}", number).c_str()));
  }
};

TEST_F(TakenOut, NewestRecordsThatTheCameraHasReceiptsForAreMissed) {
  put_passes(1, 9);
  hear(8);  // the ninth was stored since
  EXPECT_TRUE(only_queue().is_sound());
  take_out_from(9);
  EXPECT_TRUE(only_queue().is_sound()) << "of this one nobody knows, until the next heartbeat";
  take_out_from(7);
  const QueueCoverage queue = only_queue();
  EXPECT_FALSE(queue.is_sound());
  EXPECT_THAT(queue.missing, ElementsAre(NumberRange{7, 8}));
  EXPECT_THAT(
      sentences(queue),
      ElementsAre(HasSubstr("2 numbers missing (7-8)"),
                  HasSubstr(name + ": the camera's heartbeat of 2026-11-22T17:35:40.000Z has a receipt "
                                   "for record 8, which is not here")));
}

TEST_F(TakenOut, AQueueOfWhichNothingIsLeftIsMissedToo) {
  put_passes(1, 3);
  hear(3);
  take_out_from(1);
  EXPECT_EQ(only_queue().receipted_and_gone, 3U);
  EXPECT_EQ(only_queue().missing_count(), 3U);
}

TEST_F(TakenOut, WhatIsThereOrGivenUpOrSaidByAHeartbeatThatNoCameraSendsIsNotMissed) {
  put_passes(1, 3);
  put_gap(6, 4, 5, GapReason::evicted);
  for (const std::uint64_t there : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{5}, std::uint64_t{6},
                                    std::uint64_t{1} << 62U, ~std::uint64_t{0}}) {
    hear(there);
    EXPECT_TRUE(only_queue().is_sound()) << there;
  }
  hear(9, "\x1b[2J");
  EXPECT_TRUE(only_queue().is_sound()) << "that is no queue";
  for (const char* nonsense : {"", "no JSON", "[]", R"({"queue":3})", R"({"queue":{"delivered_to":"9"}})"}) {
    ASSERT_TRUE(store_->put_heartbeat(sample_device, nonsense, UtcTime{}));
    EXPECT_TRUE(only_queue().is_sound()) << nonsense;
  }
}

TEST_F(CoverageTest, RolledBackNumbersThatNeverCameAreGivenUp) {
  put_passes(1, 3);
  put_passes(5, 5);
  put_gap(6, 4, 5, GapReason::rolled_back);
  const QueueCoverage queue = only_queue();
  EXPECT_THAT(queue.given_up, ElementsAre(0, 0, 0, 1, 0));
  EXPECT_THAT(queue.missing, IsEmpty());
  EXPECT_THAT(sentences(queue).at(0), HasSubstr("1 number given up by the camera (1 rolled back)"));
}

TEST_F(CoverageTest, ATwinThatFollowsNoneBreaksTheChain) {
  put_passes(1, 3);
  NewText text = text_of(3, RecordType::capture);
  text.sha256 = text.chain = sha256(as_bytes("again"));
  text.previous = chain_of(9);
  const NewShipment shipment = text;
  ASSERT_TRUE(store_->put(std::span(&shipment, 1), UtcTime{}));
  EXPECT_EQ(only_queue().chain_breaks.first, 3U);
}

}  // namespace
}  // namespace wayside::backoffice
