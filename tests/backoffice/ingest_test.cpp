// Camera, broker and office as they are in the field, over a real mosquitto on loopback. Skipped where there
// is none.
#include "wayside/backoffice/ingest.hpp"

#include <atomic>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/backoffice/api.hpp"
#include "tests/backoffice/test_office.hpp"
#include "tests/doubles/back_office_double.hpp"
#include "tests/doubles/mqtt_broker.hpp"
#include "tests/doubles/mqtt_camera.hpp"

namespace wayside::backoffice {
namespace {

using namespace std::chrono_literals;
using doubles::MqttCamera;
using nlohmann::json;
using testing::HasSubstr;

constexpr auto patience = 60s;
constexpr auto five = MqttOptions::Protocol::mqtt_5;
constexpr auto three = MqttOptions::Protocol::mqtt_3_1_1;

// --- without a broker

class ApiOverMqtt : public testing::Test {
 protected:
  Result<std::string> take(const std::vector<Sending>& sendings, const std::string& device_id) {
    return api_.take_message({Target::What::batch, device_id}, batch_of(sendings), TestOffice::now);
  }

  TestOffice office_;
  std::unique_ptr<OfficeKeys> keys_ = OfficeKeys::load(office_.recipients_folder()).value();
  IssuedAuthorities authorities_{office_.folder() / "authority"};
  GivenLists lists_{office_.folder() / "watchlists"};
  Updates updates_{office_.folder() / "updates"};
  RevokedCameras revoked_{office_.folder() / "revoked"};
  Api api_{office_.store(), *keys_, authorities_, lists_, updates_, revoked_, {}};
};

TEST_F(ApiOverMqtt, EveryReceiptNamesItsShipmentAndItsBytesWhateverBecameOfThem) {
  SealingCamera camera = office_.new_camera();
  const SealedSample pass = camera.pass();
  Sending spoiled = pass.overview();
  spoiled.payload.back() ^= 1;
  const auto message = take({pass.text(), pass.plate(), spoiled}, camera.device_id());
  ASSERT_TRUE(message) << message.error().message;
  const json receipts = json::parse(*message).at("receipts");
  ASSERT_EQ(receipts.size(), 3U);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"text", "accepted"}, {"plate", "accepted"}, {"overview", "refused"}};
  const std::vector<Sending> sent = {pass.text(), pass.plate(), spoiled};
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(receipts[i].at("queue"), to_hex(sent[i].queue_uuid));
    EXPECT_EQ(receipts[i].at("number"), 1);
    EXPECT_EQ(receipts[i].at("kind"), expected[i].first);
    EXPECT_EQ(receipts[i].at("outcome"), expected[i].second);
    EXPECT_EQ(receipts[i].at("sha256"), to_hex(sha256(sent[i].payload)));
  }
}

TEST_F(ApiOverMqtt, NothingIsAnsweredToADeviceThatIsNotEnrolledOrToWhatIsNoBatch) {
  SealingCamera camera = office_.new_camera();
  const SealedSample pass = camera.pass();
  const auto stranger = take(pass.all(), "fedcba9876543210");
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, ErrorCode::refused);
  Bytes cut = batch_of(pass.all());
  cut.pop_back();
  const auto damaged = api_.take_message({Target::What::batch, camera.device_id()}, cut, TestOffice::now);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::invalid_input);
}

// The broker cannot tell it from others.
TEST_F(ApiOverMqtt, NothingIsTakenOfADeviceThatIsRevokedUntilItIsEnrolledAgain) {
  SealingCamera camera = office_.new_camera();
  const SealedSample pass = camera.pass();
  ASSERT_TRUE(revoked_.add(camera.device_id(), "stolen", TestOffice::now));
  const auto refused = take(pass.all(), camera.device_id());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_FALSE(office_.store().known({camera.device_id(), sample_queue, 1}).value());
  ASSERT_TRUE(revoked_.remove(camera.device_id(), TestOffice::now));
  EXPECT_TRUE(take(pass.all(), camera.device_id()));
}

TEST_F(ApiOverMqtt, WhoWritesUnderAnothersTopicStoresNothing) {
  SealingCamera camera = office_.new_camera();
  SealingCamera other(camera.device_id(), Secret::random(), office_.recipients());
  const SealedSample forged = other.pass();
  const auto message = take(forged.all(), camera.device_id());
  ASSERT_TRUE(message);
  const json refused = json::parse(*message);
  for (const json& receipt : refused.at("receipts"))
    EXPECT_EQ(receipt.at("outcome"), "refused") << receipt;
  // The real record under the same key is not kept out by it.
  const auto real = take(camera.pass().all(), camera.device_id());
  ASSERT_TRUE(real);
  const json accepted = json::parse(*real);
  for (const json& receipt : accepted.at("receipts"))
    EXPECT_EQ(receipt.at("outcome"), "accepted") << receipt;
}

TEST_F(ApiOverMqtt, ATopicIsUnderstoodInOneSpellingOnly) {
  const auto batch = target_from_topic("wayside/v2/0123456789abcdef/batch");
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->device_id, "0123456789abcdef");
  EXPECT_EQ(batch->what, Target::What::batch);
  EXPECT_EQ(target_from_topic("wayside/v2/0123456789abcdef/heartbeat")->what, Target::What::heartbeat);
  for (const char* topic :
       {"", "wayside/v2/", "wayside/v2/0123456789abcdef", "wayside/v2/0123456789ABCDEF/batch",
        "wayside/v2/0123456789abcdef/batch/", "wayside/v2/0123456789abcdef/receipts",
        "wayside/v1/0123456789abcdef/batch", "/wayside/v2/0123456789abcdef/batch"})
    EXPECT_FALSE(target_from_topic(topic)) << topic;
}

// --- with one

class IngestTest : public testing::Test {
 protected:
  void SetUp() override {
    if (doubles::MqttBroker::program().empty())
      GTEST_SKIP() << "no mosquitto here: apt-get install mosquitto";
    std::signal(SIGPIPE, SIG_IGN);
    const std::filesystem::path certificates = office_.folder() / "broker";
    ASSERT_TRUE(office_.authority().make_broker_certificate({"127.0.0.1"}, certificates,
                                                            doubles::BackOfficeDouble::now()));
    broker_ = std::make_unique<doubles::MqttBroker>(
        office_.folder(), certificates / "ca.crt",
        doubles::PemPair{certificates / "broker.crt", certificates / "broker.key"}, "tls_version tlsv1.3\n");
  }
  std::unique_ptr<Ingest> ingest(Store& store, std::vector<std::string> addresses = {"127.0.0.1"}) {
    auto started = Ingest::start(
        office_.authority(), store,
        {"mqtts://127.0.0.1:" + std::to_string(broker_->port()), [this](const std::string&) { ++announced_; },
         [addresses](const std::string&) -> Result<std::vector<std::string>> { return addresses; }});
    if (!started) throw std::runtime_error(started.error().message);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!(*started)->connected() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(5ms);
    EXPECT_TRUE((*started)->connected());
    return std::move(*started);
  }
  MqttCamera camera(const std::string& name, MqttOptions::Protocol protocol) {
    return {office_.new_camera(name), office_.recipients(), broker_->port(), protocol};
  }
  // Complete records of this device.
  int stored(const std::string& device_id) {
    int count = 0;
    EXPECT_TRUE(office_.store().visit({}, [&](const StoredRecord& record) -> Status {
      if (record.id.device_id == device_id && record.complete()) ++count;
      return {};
    }));
    return count;
  }

  doubles::BackOfficeDouble office_;
  std::unique_ptr<doubles::MqttBroker> broker_;
  std::atomic<int> announced_{0};
};

TEST_F(IngestTest, WhatCamerasSendThroughABrokerIsStoredReceiptedAndAcknowledged) {
  const auto running = ingest(office_.store());
  MqttCamera newer = camera("newer", five);
  MqttCamera older = camera("older", three);
  newer.append(40);
  older.append(40);
  for (MqttCamera* each : {&newer, &older}) {
    EXPECT_TRUE(each->wait_drained(patience));
    EXPECT_EQ(each->waiting(), 0U);
    EXPECT_EQ(stored(each->device_id()), 40);
  }
  EXPECT_EQ(announced_, 80);
  json beat = {{"time", "2026-11-22T17:35:40.123Z"},
               {"problems", json::object()},
               {"queue",
                {{"unacknowledged", 0},
                 {"evicted", 0},
                 {"expired", 0},
                 {"damaged", 0},
                 {"segments", 16},
                 {"segments_free", 9}}},
               {"upload", {{"circuit", "closed"}, {"dead_lettered", 0}, {"quarantined", 0}}},
               {"counters", json::object()}};
  ASSERT_TRUE(newer.back_office().heartbeat(newer.device_id(), beat.dump()));
  const auto deadline = std::chrono::steady_clock::now() + patience;  // the broker has it, the office will
  while (!office_.store().heartbeat(newer.device_id()) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(office_.store().heartbeat(newer.device_id()).value_or(""), beat.dump());
  beat["queue_uuid"] = to_hex(newer.queue_uuid());
  for (MqttCamera* each : {&newer, &older}) {
    const auto answered = each->back_office().heartbeat(each->device_id(), beat.dump());
    ASSERT_TRUE(answered && *answered);
    EXPECT_EQ((*answered)->queue_uuid, newer.queue_uuid());
    EXPECT_EQ((*answered)->highest.value(), each == &newer ? 40U : 0U) << "each device has its own numbers";
  }
}

TEST_F(IngestTest, ABrokersNameWithADeadAddressIsNoHindrance) {
  const auto running = ingest(office_.store(), {"127.0.0.3", "127.0.0.1"});
  MqttCamera one = camera("one", five);
  one.append(3);
  EXPECT_TRUE(one.wait_drained(patience));
  EXPECT_EQ(stored(one.device_id()), 3);
}

TEST_F(IngestTest, SeveralBesideEachOtherOnOneStoreKeepEachRecordOnce) {
  const auto second_store = Store::open_existing(office_.authority().database());
  ASSERT_TRUE(second_store);
  const auto first = ingest(office_.store());
  auto second = ingest(**second_store);
  MqttCamera sender = camera("camera", three);
  sender.append(30);
  EXPECT_TRUE(sender.wait_drained(patience));
  second.reset();  // one goes, the other goes on
  sender.append(10);
  EXPECT_TRUE(sender.wait_drained(patience));
  EXPECT_EQ(stored(sender.device_id()), 40);
  EXPECT_EQ(announced_, 40) << "each was stored by one of them only";
}

TEST_F(IngestTest, GoesOnAfterTheBrokerWasKilled) {
  const auto running = ingest(office_.store());
  MqttCamera sender = camera("camera", five);
  sender.append(20);
  broker_->stop();
  sender.append(20);
  broker_->start();
  EXPECT_TRUE(sender.wait_drained(patience));
  EXPECT_EQ(stored(sender.device_id()), 40);
  EXPECT_EQ(announced_, 40);
}

TEST_F(IngestTest, SaysWhatIsWrongBeforeItStarts) {
  for (const char* broker : {"", "127.0.0.1:8883", "https://127.0.0.1", "mqtt://127.0.0.1", "mqtts://a/b"}) {
    const auto refused = Ingest::start(office_.authority(), office_.store(), {broker});
    ASSERT_FALSE(refused) << broker;
    EXPECT_THAT(refused.error().message, HasSubstr("mqtts://HOST:PORT"));
  }
  std::filesystem::remove(office_.authority().client_certificate());
  const auto refused = Ingest::start(office_.authority(), office_.store(), {"mqtts://127.0.0.1"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("run wayside-backoffice init"));
}

}  // namespace
}  // namespace wayside::backoffice
