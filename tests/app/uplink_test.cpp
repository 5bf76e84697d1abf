#include "src/app/uplink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/app/pipeline_doubles.hpp"
#include "tests/doubles/memory_queue.hpp"

namespace wayside::app {
namespace {

using doubles::Gate;
using doubles::MemoryQueue;
using namespace std::chrono_literals;

// Takes everything; a test sees what it took, and may make it slow.
class FakeBackOffice final : public BackOffice {
 public:
  struct Taken {
    std::mutex mutex;
    std::vector<std::uint64_t> documents;
    std::vector<std::string> heartbeats;
    Gate* hold = nullptr;
    Receipt receipt{Receipt::Outcome::accepted, {}, {}};  // for everything
    bool takes_heartbeats = true;
    ErrorCode why_not = ErrorCode::unavailable;
    std::optional<KnownNumbers> known;  // what it answers to them
    bool hurried = false;
  };
  explicit FakeBackOffice(Taken& taken) : taken_(taken) {}
  [[nodiscard]] BatchLimits limits() const override { return {1, 1000}; }
  [[nodiscard]] std::vector<Receipt> deliver(std::span<const Shipment> batch) override {
    if (taken_.hold != nullptr) taken_.hold->pass();
    std::lock_guard lock(taken_.mutex);
    for (const Shipment& shipment : batch)
      taken_.documents.push_back(shipment.key.number.value());
    return std::vector<Receipt>(batch.size(), taken_.receipt);
  }
  [[nodiscard]] Result<std::optional<KnownNumbers>> heartbeat(const std::string&,
                                                              std::string_view json) override {
    std::lock_guard lock(taken_.mutex);
    taken_.heartbeats.emplace_back(json);
    if (!taken_.takes_heartbeats) return fail(taken_.why_not, "nobody there");
    return taken_.known;
  }
  void hurry(std::chrono::steady_clock::time_point) override { taken_.hurried = true; }

 private:
  Taken& taken_;
};

class UplinkTest : public testing::Test {
 protected:
  UplinkTest() {
    options_.uploader.device_id = "0123456789abcdef";
    options_.connect_again = 5ms;
    options_.heartbeat_every = 1h;
  }
  void add_records(std::size_t count) {
    std::vector<RecordParts> group(count);
    for (RecordParts& record : group)
      record.document = {'{', '}'};
    ASSERT_TRUE(queue_.append(group));
  }
  Uplink::Connect connected() {
    return
        [this]() -> Result<std::unique_ptr<BackOffice>> { return std::make_unique<FakeBackOffice>(taken_); };
  }
  std::uint64_t count(std::string_view name) { return counters_.counter(name).value(); }

  std::unique_ptr<Clock> clock_ = make_system_clock();
  Health health_;
  CounterSet counters_;
  MemoryQueue queue_;
  UplinkOptions options_;
  FakeBackOffice::Taken taken_;
};

TEST_F(UplinkTest, DeliversWhatIsThereAndWhatComes) {
  add_records(2);
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  EXPECT_TRUE(uplink.wait_drained(10s));
  add_records(1);
  uplink.wake();
  EXPECT_TRUE(uplink.wait_drained(10s));
  uplink.stop();
  EXPECT_THAT(taken_.documents, testing::UnorderedElementsAre(1, 2, 3));
  EXPECT_EQ(queue_.depth().unacknowledged, 0U);
}

TEST_F(UplinkTest, TellsWhatRunsAndHandsOnTheUpdateThatTheOfficeGives) {
  std::atomic<int> told = 0;
  std::vector<std::optional<UpdateOffer>> given;
  options_.system = [] { return ToldSystem{"1.2.0", "wayside-test", "none", "", ""}; };
  options_.on_update = [&](const std::optional<UpdateOffer>& offer) {
    given.push_back(offer);
    ++told;
  };
  const UpdateOffer offer{"1.2.3", "wayside-test", 9, std::string(64, 'a'), {}};
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  const auto answers = [&](std::optional<std::optional<UpdateOffer>> update, int heartbeats) {
    {
      std::lock_guard lock(taken_.mutex);
      taken_.known = KnownNumbers{queue_.uuid(), SequenceNumber(0)};
      taken_.known->update = std::move(update);
    }
    heartbeats == 1 ? uplink.start() : uplink.heartbeat_now();  // which is not due for an hour
    while (count("heartbeats_sent") < static_cast<std::uint64_t>(heartbeats))
      std::this_thread::yield();
  };
  answers(std::optional(offer), 1);
  answers(std::nullopt, 2);  // of an office that does not say
  answers(std::optional<UpdateOffer>(), 3);
  while (told < 2)
    std::this_thread::yield();
  uplink.stop();
  ASSERT_GE(given.size(), 2U);
  EXPECT_EQ(given[0], offer);
  EXPECT_EQ(given[1], std::nullopt);
  EXPECT_THAT(taken_.heartbeats[0], testing::HasSubstr(R"("compatible":"wayside-test")"));
}

TEST_F(UplinkTest, KeepsTryingUntilItIsConnected) {
  add_records(1);
  std::atomic<int> failures{3};
  Uplink uplink(
      options_,
      [&]() -> Result<std::unique_ptr<BackOffice>> {
        if (failures-- > 0) return fail(ErrorCode::not_found, "device.crt is missing");
        return std::make_unique<FakeBackOffice>(taken_);
      },
      queue_, *clock_, health_, counters_);
  uplink.start();
  EXPECT_TRUE(uplink.wait_drained(10s));
  EXPECT_EQ(count("uplink_failures"), 3U);
  EXPECT_TRUE(health_.problems().empty());
  EXPECT_EQ(count("records_delivered"), 1U);
}

TEST_F(UplinkTest, WithoutAConnectionNothingIsLostAndItStopsAtOnce) {
  add_records(1);
  options_.connect_again = 1h;
  Uplink uplink(
      options_, []() -> Result<std::unique_ptr<BackOffice>> { return fail(ErrorCode::io, "no"); }, queue_,
      *clock_, health_, counters_);
  uplink.start();
  uplink.wake();
  EXPECT_FALSE(uplink.wait_drained(20ms));
  uplink.stop();
  EXPECT_THAT(health_.problems(), testing::ElementsAre(testing::Pair("uplink", "no")));
  ASSERT_TRUE(uplink.state().last_failure);
  EXPECT_EQ(uplink.state().last_failure->reason, "no");
  EXPECT_EQ(queue_.depth().unacknowledged, 1U);
}

TEST_F(UplinkTest, SendsAHeartbeatAtTheStartAndAtTheEnd) {
  add_records(1);
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  EXPECT_TRUE(uplink.wait_drained(10s));
  while (count("heartbeats_sent") == 0)
    std::this_thread::yield();
  uplink.stop();
  ASSERT_EQ(taken_.heartbeats.size(), 2U);
  const auto last = nlohmann::json::parse(taken_.heartbeats.back());
  EXPECT_TRUE(utc_from_iso8601(last.at("time").get<std::string>()));
  EXPECT_EQ(last.at("queue").at("unacknowledged"), 0);
  EXPECT_EQ(last.at("counters").at("records_delivered"), 1);
}

TEST_F(UplinkTest, AHeartbeatThatDoesNotArriveIsCountedAndNotRepeatedAtTheEnd) {
  taken_.takes_heartbeats = false;
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  while (count("heartbeats_failed") == 0)
    std::this_thread::yield();
  uplink.stop();
  EXPECT_EQ(count("heartbeats_failed"), 1U);
  EXPECT_EQ(count("heartbeats_sent"), 0U);
}

TEST_F(UplinkTest, ACameraThatItsOfficeLetsInNoMoreIsIllUntilItDoes) {
  taken_.takes_heartbeats = false;
  taken_.why_not = ErrorCode::refused;
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  while (count("heartbeats_failed") == 0)
    std::this_thread::yield();
  EXPECT_EQ(health_.problems()["uplink"], "nobody there");
  {
    const std::lock_guard lock(taken_.mutex);
    taken_.takes_heartbeats = true;
  }
  uplink.heartbeat_now();
  while (count("heartbeats_sent") == 0)
    std::this_thread::yield();
  EXPECT_EQ(health_.problems().count("uplink"), 0U);
  uplink.stop();
}

TEST_F(UplinkTest, WhyAHeartbeatDidNotArriveIsToldUntilOneDoes) {
  taken_.takes_heartbeats = false;
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  EXPECT_FALSE(uplink.state().last_failure);
  const auto begin = std::chrono::steady_clock::now();
  uplink.start();
  while (count("heartbeats_failed") == 0)
    std::this_thread::yield();
  const auto failure = uplink.state().last_failure;
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, "nobody there");
  EXPECT_GE(failure->at, begin);
  {
    const std::lock_guard lock(taken_.mutex);
    taken_.takes_heartbeats = true;
  }
  uplink.heartbeat_now();
  while (count("heartbeats_sent") == 0)
    std::this_thread::yield();
  EXPECT_FALSE(uplink.state().last_failure);
}

TEST_F(UplinkTest, WhyAnUploadFailedIsToldThoughHeartbeatsArrive) {
  add_records(1);
  options_.uploader.longest_retry = 5ms;
  taken_.receipt = {Receipt::Outcome::later, {}, "busy"};
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  while (count("heartbeats_sent") == 0 || !uplink.state().last_failure)
    std::this_thread::yield();
  EXPECT_EQ(uplink.state().last_failure->reason, "busy");
  {
    const std::lock_guard lock(taken_.mutex);
    taken_.receipt.outcome = Receipt::Outcome::accepted;
  }
  EXPECT_TRUE(uplink.wait_drained(10s));
  EXPECT_FALSE(uplink.state().last_failure);
}

TEST_F(UplinkTest, AHeartbeatTellsWhichAuthorityIsHeldAndItsAnswerBringsNewerOnes) {
  std::mutex mutex;
  std::vector<std::string> came;
  options_.authority_held = [] { return std::uint64_t{7}; };
  options_.on_authorities = [&](std::span<const std::string> authorities) {
    const std::lock_guard lock(mutex);
    came.assign(authorities.begin(), authorities.end());
  };
  taken_.known = KnownNumbers{queue_.uuid(), SequenceNumber(0), {"eight", "nine"}};
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  while (count("heartbeats_sent") == 0)
    std::this_thread::yield();
  uplink.stop();
  EXPECT_THAT(taken_.heartbeats.front(), testing::HasSubstr(R"("authority":{"number":7})"));
  EXPECT_THAT(came, testing::ElementsAre("eight", "nine"));
}

TEST_F(UplinkTest, AQueueBehindTheOfficesNumbersLeavesThemOutAndSaysSo) {
  add_records(3);
  taken_.known = KnownNumbers{queue_.uuid(), SequenceNumber(10)};
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  while (count("heartbeats_sent") == 0)
    std::this_thread::yield();
  EXPECT_EQ(queue_.append(std::vector<RecordParts>(1))->front().value(), 11U);
  ASSERT_THAT(health_.problems(), testing::ElementsAre(testing::Key("queue_rolled_back")));
  EXPECT_THAT(health_.problems().at("queue_rolled_back"), testing::HasSubstr("up to number 10"));
  uplink.stop();
  EXPECT_THAT(taken_.heartbeats.back(), testing::HasSubstr("queue_rolled_back")) << "the office hears of it";
}

TEST_F(UplinkTest, AnOfficeThatHasLessThanItReceiptedIsToldUntilItHasItAgain) {
  add_records(3);
  taken_.known = KnownNumbers{queue_.uuid(), SequenceNumber(2)};
  options_.heartbeat_every = 1ms;
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  EXPECT_TRUE(uplink.wait_drained(10s));
  while (!health_.problems().contains("back_office_records"))
    std::this_thread::yield();
  EXPECT_THAT(health_.problems().at("back_office_records"),
              testing::AllOf(testing::HasSubstr("receipted record 3"), testing::HasSubstr("none above 2")));
  {
    std::lock_guard lock(taken_.mutex);
    EXPECT_EQ(nlohmann::json::parse(taken_.heartbeats.back()).at("queue").at("delivered_to"), 3);
    taken_.known = KnownNumbers{queue_.uuid(), SequenceNumber(3)};
  }
  while (health_.problems().contains("back_office_records"))
    std::this_thread::yield();
  EXPECT_TRUE(health_.problems().empty());
}

// What was delivered before this run is known as soon as nothing waits and no gap is left to tell; while
// anything does, the newest number may be one that was never sent.
TEST_F(UplinkTest, ClaimsNoReceiptForWhatMayNeverHaveBeenSent) {
  add_records(3);
  for (const std::uint64_t number : {1U, 3U})
    ASSERT_TRUE(queue_.acknowledge(SequenceNumber(number)));
  Gate gate;
  taken_.hold = &gate;
  taken_.known = KnownNumbers{queue_.uuid(), SequenceNumber(0)};
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  while (count("heartbeats_sent") == 0)
    std::this_thread::yield();
  EXPECT_TRUE(health_.problems().empty());
  gate.open();
  EXPECT_TRUE(uplink.wait_drained(10s));
  uplink.stop();
  EXPECT_THAT(health_.problems().at("back_office_records"), testing::HasSubstr("receipted record 3"));
}

TEST_F(UplinkTest, WhatTheOfficeCannotHaveOrSaysOfAnotherQueueIsNotBelieved) {
  add_records(3);
  taken_.known = KnownNumbers{queue_.uuid(), SequenceNumber(std::uint64_t{1} << 60U)};
  {
    Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
    uplink.start();
    while (count("heartbeats_sent") == 0)
      std::this_thread::yield();
  }
  EXPECT_THAT(health_.problems().at("queue_rolled_back"), testing::HasSubstr("not believed"));
  health_.well("queue_rolled_back");
  taken_.known = KnownNumbers{{9, 9}, SequenceNumber(10)};
  {
    Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
    uplink.start();
    while (count("heartbeats_sent") <= 2)
      std::this_thread::yield();
  }
  EXPECT_TRUE(health_.problems().empty());
  EXPECT_EQ(queue_.append(std::vector<RecordParts>(1))->front().value(), 4U);
}

TEST_F(UplinkTest, AStopFinishesThePartUnderWayAndTellsTheBackOfficeToHurry) {
  add_records(5);
  Gate gate;
  taken_.hold = &gate;
  Uplink uplink(options_, connected(), queue_, *clock_, health_, counters_);
  uplink.start();
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  std::jthread stopping([&] { uplink.stop(); });
  gate.open();
  stopping.join();
  EXPECT_GE(count("records_delivered"), 1U);
  EXPECT_EQ(taken_.documents.size(), count("records_delivered"));
  EXPECT_EQ(queue_.depth().unacknowledged, 5U - count("records_delivered"));
  EXPECT_TRUE(taken_.hurried);
}

}  // namespace
}  // namespace wayside::app
