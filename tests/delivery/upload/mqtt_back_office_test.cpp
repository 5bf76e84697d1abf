// The MQTT side against a real broker with TLS, and a back office behind it that loses receipts, answers with
// wrong hashes or not at all. Skipped where there is no mosquitto.
#include "src/delivery/upload/mqtt_back_office.hpp"

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/delivery/upload/back_office.hpp"

#include "src/delivery/upload/mqtt_client.hpp"
#include "tests/delivery/upload/engine_fixture.hpp"
#include "tests/doubles/mqtt_broker.hpp"
#include "tests/doubles/raw_tls_server.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using doubles::MqttBroker;
using doubles::MqttOffice;
using Outcome = Receipt::Outcome;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* mqtt_device = "0123456789abcdef";

class MqttBackOfficeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (MqttBroker::program().empty()) GTEST_SKIP() << "no mosquitto here: apt-get install mosquitto";
    std::signal(SIGPIPE, SIG_IGN);
    const doubles::PemPair camera = authority_.issue(mqtt_device);
    options_.host = "127.0.0.1";
    options_.device_id = mqtt_device;
    options_.ca_certificate = authority_.certificate();
    options_.certificate = camera.certificate;
    options_.private_key = camera.key;
    options_.time_limit = 10s;
  }
  void start_broker(const std::string& more = "tls_version tlsv1.3\n") {
    broker_ = std::make_unique<MqttBroker>(folder_.path(), authority_, more);
    options_.port = broker_->port();
  }
  void start_office(MqttOffice::Answer answer = MqttOffice::stored_truly) {
    office_ = std::make_unique<MqttOffice>(*broker_, authority_, std::move(answer));
  }
  std::unique_ptr<BackOffice> client() {
    auto made = make_mqtt_back_office(options_);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? std::move(*made) : nullptr;
  }
  // The text and the plate of one record.
  std::vector<Receipt> deliver_to(BackOffice& office) const {
    const StoreKey key{mqtt_device, {0x00, 0x11}, SequenceNumber(42)};
    const std::vector<Shipment> batch = {{key, RecordClass::ordinary, ShipmentKind::text, &record_},
                                         {key, RecordClass::ordinary, ShipmentKind::plate, &record_}};
    return office.deliver(batch);
  }
  static std::vector<Outcome> outcomes(const std::vector<Receipt>& receipts) {
    std::vector<Outcome> found;
    for (const Receipt& receipt : receipts)
      found.push_back(receipt.outcome);
    return found;
  }

  doubles::TemporaryFolder folder_;
  doubles::TestAuthority authority_{folder_.path(), "authority"};
  MqttOptions options_;
  SealedRecord record_{{'h', 'e', 'a', 'd'},
                       {{PartKind::document, {'d'}}, {PartKind::plate, Bytes(3000, 'p')}}};
  std::unique_ptr<MqttBroker> broker_;
  std::unique_ptr<MqttOffice> office_;
};

TEST_F(MqttBackOfficeTest, DeliversABatchAndBelievesTheOfficesReceiptsInBothVersions) {
  start_broker();
  start_office();
  const auto five = client();
  EXPECT_THAT(outcomes(deliver_to(*five)), ElementsAre(Outcome::accepted, Outcome::accepted));
  EXPECT_THAT(outcomes(deliver_to(*five)), ElementsAre(Outcome::duplicate, Outcome::duplicate));
  options_.protocol = MqttOptions::Protocol::mqtt_3_1_1;
  EXPECT_THAT(outcomes(deliver_to(*client())), ElementsAre(Outcome::duplicate, Outcome::duplicate));
  EXPECT_EQ(office_->stored().at({42, 0}), sha256(as_bytes("headd")));
  EXPECT_EQ(office_->problems(), 0U);
}

// A broker cuts off who is there when somebody else comes with the same client id; so who gets cut off tells
// whether two ids are the same.
TEST_F(MqttBackOfficeTest, NoOtherCameraCanCutItOffByItsClientId) {
  start_broker();
  start_office();
  const std::string other = "fedcba9876543210";
  const doubles::PemPair identity = authority_.issue(other);
  MqttOptions intruding = options_;
  intruding.certificate = identity.certificate;
  intruding.private_key = identity.key;
  BrokerRoute route(options_.host);
  std::vector<std::unique_ptr<upload::MqttClient>> intruders;
  for (const std::string& id :
       {std::string("wayside-") + mqtt_device, "wayside-" + std::string(mqtt_device) + "-heartbeat"}) {
    auto connected = upload::MqttClient::connect(intruding, route, id, "wayside/v2/" + other + "/receipts",
                                                 [] { return false; });
    ASSERT_TRUE(connected) << connected.error().message;
    intruders.push_back(std::move(*connected));
  }
  const auto camera = client();
  EXPECT_THAT(outcomes(deliver_to(*camera)), Each(Outcome::accepted));
  ASSERT_TRUE(camera->heartbeat(mqtt_device, "{}"));
  for (const auto& intruder : intruders) {
    for (int turns = 0; turns < 5; ++turns)
      EXPECT_TRUE(intruder->turn());
  }
}

TEST_F(MqttBackOfficeTest, TakesNoBrokersWordForTheOffices) {
  start_broker();
  start_office(MqttOffice::say_nothing);
  options_.time_limit = 500ms;
  const auto receipts = deliver_to(*client());
  EXPECT_THAT(outcomes(receipts), Each(Outcome::later));
  EXPECT_THAT(receipts.front().reason, HasSubstr("no receipt within the time limit"));
}

TEST_F(MqttBackOfficeTest, BelievesNoReceiptForOtherBytesOrOtherRecords) {
  start_broker();
  options_.time_limit = 250ms;
  using Frames = std::vector<MqttOffice::Frame>;
  const Sha256 other = sha256(as_bytes("other"));
  for (const MqttOffice::Answer& answer : {
           MqttOffice::Answer([&](MqttOffice&, const Frames& frames) {
             return MqttOffice::message({MqttOffice::receipt(frames[0], "accepted", other)});
           }),
           // Somebody else's bytes were refused under this key.
           MqttOffice::Answer([&](MqttOffice&, const Frames& frames) {
             return MqttOffice::message({MqttOffice::receipt(frames[0], "refused", other)});
           }),
           MqttOffice::Answer([&](MqttOffice&, Frames frames) {
             frames[0].number += 1;
             return MqttOffice::message({MqttOffice::receipt(frames[0], "accepted", frames[0].hash)});
           }),
           MqttOffice::Answer([&](MqttOffice&, Frames frames) {
             frames[0].queue[0] = 'f';
             return MqttOffice::message({MqttOffice::receipt(frames[0], "accepted", frames[0].hash)});
           }),
           MqttOffice::Answer([&](MqttOffice&, const Frames& frames) {
             return MqttOffice::message({MqttOffice::receipt(frames[0], "accepted", frames[0].hash)}) + "x";
           }),
           MqttOffice::Answer([&](MqttOffice&, const Frames&) { return std::string(100'000, '['); }),
       }) {
    start_office(answer);
    EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::later));
    office_.reset();
  }
}

TEST_F(MqttBackOfficeTest, KeepsTheReceiptsThatCameWhereOthersAreLost) {
  start_broker();
  options_.time_limit = 500ms;
  start_office([](MqttOffice&, const std::vector<MqttOffice::Frame>& frames) {
    return MqttOffice::message({MqttOffice::receipt(frames[0], "accepted", frames[0].hash)});
  });
  EXPECT_THAT(outcomes(deliver_to(*client())), ElementsAre(Outcome::accepted, Outcome::later));
}

TEST_F(MqttBackOfficeTest, DoesNotWaitWhereNobodyReceives) {
  start_broker();
  options_.time_limit = 1h;
  const auto receipts = deliver_to(*client());
  EXPECT_THAT(outcomes(receipts), Each(Outcome::later));
  EXPECT_THAT(receipts.front().reason, HasSubstr("no back office receives"));
}

TEST_F(MqttBackOfficeTest, TriesLaterWhereNoBrokerListens) {
  start_broker();
  broker_->stop();
  options_.time_limit = 1h;
  const auto receipts = deliver_to(*client());
  EXPECT_THAT(outcomes(receipts), Each(Outcome::later));
  EXPECT_FALSE(receipts.front().reason.empty());
}

TEST_F(MqttBackOfficeTest, TriesLaterWhereWhatListensClosesAtOnce) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::jthread closing([&] {
    for (int peer = ::accept(listener, nullptr, nullptr); peer >= 0;
         peer = ::accept(listener, nullptr, nullptr))
      ::close(peer);
  });
  options_.port = ntohs(address.sin_port);
  options_.time_limit = 1h;
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::later));
  ::shutdown(listener, SHUT_RDWR);
  ::close(listener);
}

// A name for several machines: one that refuses, one that takes the connection and says nothing, one that is
// the broker.
class MqttBackOfficeOfSeveralAddresses : public MqttBackOfficeTest {
 protected:
  void SetUp() override {
    MqttBackOfficeTest::SetUp();
    if (IsSkipped()) return;
    const doubles::PemPair identity =
        authority_.issue("broker", -3600, 3600, "DNS:broker.example,IP:127.0.0.1");
    broker_ = std::make_unique<MqttBroker>(folder_.path(), authority_.certificate(), identity,
                                           "tls_version tlsv1.3\n");
    options_.port = broker_->port();
    options_.host = "broker.example";
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(broker_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);  // 127.0.0.2
    silent_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ASSERT_EQ(::bind(silent_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(silent_, 8), 0);
  }
  ~MqttBackOfficeOfSeveralAddresses() override {
    if (silent_ >= 0) ::close(silent_);
  }
  std::unique_ptr<BackOffice> client(std::vector<std::string> addresses) {
    auto made = upload::make_mqtt_back_office(
        options_, [this, addresses](const std::string& host) -> Result<std::vector<std::string>> {
          asked_.push_back(host);
          return addresses;
        });
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? std::move(*made) : nullptr;
  }
  // How often somebody was connected to the silent one so far.
  int silences() {
    for (int peer = -1; (peer = ::accept4(silent_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0; ++silences_)
      ::close(peer);
    return silences_;
  }
  static constexpr const char* broker_address_ = "127.0.0.1";
  static constexpr const char* silent_address_ = "127.0.0.2";
  static constexpr const char* refusing_address_ = "127.0.0.3";
  int silent_ = -1;  // does not block
  int silences_ = 0;
  std::vector<std::string> asked_;
};

TEST_F(MqttBackOfficeOfSeveralAddresses, TriesThemInTurnAndBeginsWithTheOneThatAnsweredNextTime) {
  start_office();
  options_.time_limit = 4s;
  const auto one = client({"::1", refusing_address_, silent_address_, broker_address_});
  EXPECT_THAT(outcomes(deliver_to(*one)), ElementsAre(Outcome::accepted, Outcome::accepted));
  EXPECT_EQ(asked_, std::vector<std::string>{"broker.example"});
  EXPECT_EQ(silences(), 1);
  // The heartbeat has a connection of its own.
  ASSERT_TRUE(one->heartbeat(mqtt_device, "{}"));
  EXPECT_EQ(silences(), 1) << "no time is spent on it again";
}

TEST_F(MqttBackOfficeOfSeveralAddresses, ComesRoundToEveryOneThoughTheTimeLimitEndsBefore) {
  start_office();
  options_.time_limit = 10s;
  const auto one = client({silent_address_, broker_address_});
  one->hurry(std::chrono::steady_clock::now() + 200ms);
  EXPECT_THAT(outcomes(deliver_to(*one)), Each(Outcome::later)) << "there was no time for the second";
  one->hurry(std::chrono::steady_clock::time_point::max());
  EXPECT_THAT(outcomes(deliver_to(*one)), Each(Outcome::accepted));
  EXPECT_EQ(silences(), 1) << "it began with the second";
}

TEST_F(MqttBackOfficeOfSeveralAddresses, GivesUpWhereNoneAnswersOrTheNameHasNone) {
  const auto one = client({refusing_address_, "127.0.0.4"});
  options_.time_limit = 1h;
  EXPECT_THAT(outcomes(deliver_to(*one)), Each(Outcome::later));
  options_.host = "no-such-name.invalid";
  const auto receipts = deliver_to(*MqttBackOfficeTest::client());
  EXPECT_THAT(outcomes(receipts), Each(Outcome::later));
  EXPECT_THAT(receipts.front().reason, HasSubstr("no-such-name.invalid has no address"));
}

TEST_F(MqttBackOfficeOfSeveralAddresses, AsksForTheNameNotTheAddress) {
  const doubles::RawTlsServer named(authority_.issue("named", -3600, 3600, "DNS:broker.example"),
                                    authority_.certificate(), "x");
  options_.port = static_cast<std::uint16_t>(named.port());
  EXPECT_THAT(outcomes(deliver_to(*client({broker_address_}))), Each(Outcome::later));
  EXPECT_EQ(named.conversations(), 1) << "its certificate is for the name";
  EXPECT_EQ(named.called(), "broker.example");
  const doubles::RawTlsServer other(authority_.issue("other", -3600, 3600, "DNS:other.example,IP:127.0.0.1"),
                                    authority_.certificate(), "x");
  options_.port = static_cast<std::uint16_t>(other.port());
  EXPECT_THAT(outcomes(deliver_to(*client({broker_address_}))), Each(Outcome::later));
  EXPECT_EQ(other.conversations(), 0) << "its certificate is for the address, which nobody asked for";
}

TEST_F(MqttBackOfficeTest, GoesOnAfterTheBrokerWasRestarted) {
  start_broker();
  start_office();
  const auto one = client();
  ASSERT_THAT(outcomes(deliver_to(*one)), Each(Outcome::accepted));
  office_.reset();
  broker_->stop();
  broker_->start();
  start_office();
  EXPECT_THAT(outcomes(deliver_to(*one)), Each(Outcome::accepted)) << "by a new office";
}

TEST_F(MqttBackOfficeTest, DeliversEverythingThoughBrokerAndReceiptsAreLostOnTheWay) {
  start_broker();
  int batch = 0;
  start_office([&batch](MqttOffice& office, const std::vector<MqttOffice::Frame>& frames) {
    // Every third time the receipts are lost, every fourth they are for other bytes.
    ++batch;
    std::string receipts = MqttOffice::stored_truly(office, frames);
    if (batch % 3 == 0) return std::string();
    if (batch % 4 == 0) return MqttOffice::message({MqttOffice::receipt(frames[0], "accepted", Sha256{})});
    return receipts;
  });
  doubles::MemoryQueue queue;
  for (int i = 0; i < 60; ++i) {
    const RecordParts parts = doubles::record_of(RecordClass::ordinary, 500);
    ASSERT_TRUE(queue.append({&parts, 1}));
  }
  options_.time_limit = 300ms;
  UploaderOptions uploading;
  uploading.device_id = mqtt_device;
  uploading.first_retry = uploading.longest_retry = 5ms;
  uploading.longest_backlog_delay = 0ms;
  CounterSet counters;
  const auto back_office = client();
  const auto uploader = make_uploader(uploading, queue, *back_office, counters);
  const std::jthread thread([&](const std::stop_token& stop) { uploader->run(stop); });
  office_->wait_for_batches(3);
  broker_->stop();
  broker_->start();
  EXPECT_TRUE(uploader->wait_drained(60s));
  EXPECT_EQ(queue.acknowledged().size(), 60U);
  EXPECT_EQ(office_->stored().size(), 180U);
  EXPECT_EQ(office_->problems(), 0U);
}

TEST_F(MqttBackOfficeTest, SendsSmallerBatchesWhereTheBrokerTakesNoLargerOnes) {
  start_broker("tls_version tlsv1.3\nmax_packet_size 2000\n");
  start_office();
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::too_large));
}

TEST_F(MqttBackOfficeTest, RaisesAnAlarmWhereTheBrokerDoesNotKnowTheCamera) {
  start_broker();
  const doubles::PemPair other = authority_.issue("fedcba9876543210");
  options_.certificate = other.certificate;
  options_.private_key = other.key;
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::forbidden));
  // The older version has no words for it.
  options_.protocol = MqttOptions::Protocol::mqtt_3_1_1;
  options_.time_limit = 300ms;
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::later));
}

TEST_F(MqttBackOfficeTest, RefusesABrokerOfAnotherAuthorityOrAnotherNameOrWithOldTls) {
  start_broker();
  start_office();
  const doubles::TestAuthority other(folder_.path(), "other");
  const MqttOptions good = options_;
  options_.ca_certificate = other.certificate();
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::later));
  options_ = good;
  options_.host = "localhost";
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::later)) << "the certificate is for 127.0.0.1";
  EXPECT_TRUE(office_->stored().empty());
  options_ = good;
  const doubles::RawTlsServer old(authority_.issue("old"), authority_.certificate(), "x", TLS1_2_VERSION);
  options_.port = static_cast<std::uint16_t>(old.port());
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::later));
  EXPECT_EQ(old.conversations(), 0);
  const doubles::RawTlsServer current(authority_.issue("current"), authority_.certificate(), "x");
  options_.port = static_cast<std::uint16_t>(current.port());
  EXPECT_THAT(outcomes(deliver_to(*client())), Each(Outcome::later));
  EXPECT_EQ(current.conversations(), 1) << "so it was the version";
}

TEST_F(MqttBackOfficeTest, SendsAHeartbeat) {
  start_broker();
  start_office();
  office_->answer_heartbeats_with("no answer");
  office_->answer_heartbeats_with(R"({"queue_uuid":"01020000000000000000000000000000","highest_number":17})");
  const auto sent = client()->heartbeat(mqtt_device, R"({"time":"now"})");
  ASSERT_TRUE(sent) << sent.error().message;
  ASSERT_TRUE(*sent);
  EXPECT_EQ((*sent)->queue_uuid, (QueueUuid{1, 2}));
  EXPECT_EQ((*sent)->highest, SequenceNumber(17));
  EXPECT_EQ(office_->wait_for_heartbeat(), R"({"time":"now"})");
  broker_->stop();
  EXPECT_EQ(client()->heartbeat(mqtt_device, "{}").error().code, ErrorCode::unavailable);
}

TEST_F(MqttBackOfficeTest, ToldToHurryItGivesUpLongBeforeTheTimeLimit) {
  start_broker();
  start_office(MqttOffice::say_nothing);
  options_.time_limit = 1h;
  const auto one = client();
  const std::jthread hurrying([&] {
    office_->wait_for_batches(1);
    one->hurry(std::chrono::steady_clock::now());
  });
  EXPECT_THAT(outcomes(deliver_to(*one)), Each(Outcome::later));
}

TEST_F(MqttBackOfficeTest, RefusesOptionsThatCannotBe) {
  const auto problem = [&](const MqttOptions& options) {
    const auto made = make_mqtt_back_office(options);
    return made ? std::string() : made.error().message;
  };
  options_.port = 8883;
  EXPECT_EQ(problem(options_), "");
  MqttOptions wrong = options_;
  wrong.host = "a/b";
  EXPECT_THAT(problem(wrong), HasSubstr("must be a host name"));
  wrong = options_;
  wrong.device_id = "+";
  EXPECT_THAT(problem(wrong), HasSubstr("16 hex digits"));
  wrong = options_;
  wrong.private_key = options_.certificate;
  EXPECT_THAT(problem(wrong), HasSubstr("PRIVATE KEY"));
  wrong = options_;
  wrong.time_limit = 0ms;
  EXPECT_THAT(problem(wrong), HasSubstr("time limit"));
}

}  // namespace
}  // namespace wayside
