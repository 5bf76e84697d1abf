// The real server over loopback, spoken to as a camera speaks to it, and as a camera should not.
#include "wayside/backoffice/server.hpp"

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "wayside/base/files.hpp"

#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    office_.start({.on_record = [this](const std::string&) { ++announced_; }});
    client_ = client_of(camera_, office_.server().port());
  }
  static std::string path_of(const Identity& camera) { return "/v2/batches/" + camera.device_id; }
  static httplib::Result post(httplib::SSLClient& client, const std::string& path, const Bytes& body) {
    return client.Post(path, std::string(body.begin(), body.end()), batch_type);
  }
  httplib::Result post(const std::vector<Sending>& sendings) {
    return post(*client_, path_of(camera_), batch_of(sendings));
  }
  SealingCamera sealing(const Identity& camera) const {
    return {camera.device_id, load_signing_seed(camera.certificate.parent_path()).value(),
            load_recipients(office_.recipients()).value()};
  }

  static void expect(const httplib::Result& result, int status, const std::string& outcome,
                     const std::string& reason = {}) {
    ASSERT_TRUE(result) << httplib::to_string(result.error());
    EXPECT_EQ(result->status, status) << result->body;
    EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
    const json body = json::parse(result->body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << result->body;
    EXPECT_EQ(body.value("outcome", ""), outcome) << result->body;
    EXPECT_THAT(body.value("reason", ""), HasSubstr(reason));
  }
  // Every receipt of the batch has this outcome, and where it was stored the payload's hash.
  void expect_each(const std::vector<Sending>& sendings, const std::string& outcome) {
    const auto result = post(sendings);
    ASSERT_TRUE(result) << httplib::to_string(result.error());
    ASSERT_EQ(result->status, 200) << result->body;
    const json receipts = json::parse(result->body).at("receipts");
    ASSERT_EQ(receipts.size(), sendings.size());
    for (std::size_t i = 0; i < sendings.size(); ++i) {
      EXPECT_EQ(receipts[i].at("outcome"), outcome) << result->body;
      if (outcome == "accepted" || outcome == "duplicate") {
        EXPECT_EQ(receipts[i].at("sha256"), to_hex(sha256(sendings[i].payload)));
      } else {
        EXPECT_NE(receipts[i].value("reason", ""), "");
      }
    }
  }
  bool is_stored(const SealedSample& sample) {
    return office_.store().known({camera_.device_id, sample_queue, sample.number}).value().has_value();
  }

  static constexpr const char* batch_type = "application/vnd.wayside.batch";
  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  SealingCamera sealing_ = sealing(camera_);
  std::atomic<int> announced_ = 0;
  std::unique_ptr<httplib::SSLClient> client_;
};

TEST_F(ServerTest, WholeRecordIsAcceptedOnceAndDuplicateAfterwards) {
  const SealedSample pass = sealing_.pass();
  expect_each(pass.all(), "accepted");
  expect_each(pass.all(), "duplicate");
  EXPECT_EQ(announced_, 1);
  int visited = 0;
  ASSERT_TRUE(office_.store().visit({}, [&](const StoredRecord& stored) -> Status {
    ++visited;
    EXPECT_TRUE(stored.complete());
    EXPECT_EQ(stored.document, sample_record(camera_.device_id).document.dump());
    EXPECT_EQ(stored.id, (RecordId{camera_.device_id, sample_queue, 1}));
    return {};
  }));
  EXPECT_EQ(visited, 1);
}

TEST_F(ServerTest, AClockRecordDatesWhatWasTakenBeforeWhicheverComesFirst) {
  const auto unsure = [&](std::int64_t monotonic_ms) {
    SampleRecord sample = sample_record(camera_.device_id);
    json& time = sample.document["time"];
    time["source"] = "unsynchronised";
    time["max_error_ms"] = time["synchronised_ago_s"] = nullptr;
    time["boot_id"] = "00112233445566778899aabbccddeeff";
    time["monotonic_ms"] = monotonic_ms;
    return sealing_.seal(parts_of(sample));
  };
  const SealedSample before = unsure(16'000);
  const SealedSample clock =
      sealing_.seal(ledger_parts(RecordType::clock, clock_document(camera_.device_id)));
  const SealedSample behind = unsure(116'000);
  expect_each(before.all(), "accepted");
  expect_each({clock.text()}, "accepted");
  expect_each({clock.text()}, "duplicate");
  expect_each(behind.all(), "accepted");
  expect_each({before.text(), behind.text(), clock.text()}, "duplicate");
  std::vector<std::string> times;
  ASSERT_TRUE(office_.store().visit({}, [&](const StoredRecord& stored) -> Status {
    times.push_back(to_iso8601(stored.captured_at.value()));
    EXPECT_EQ(stored.redated.value().by.number, clock.number);
    EXPECT_EQ(to_iso8601(stored.redated.value().from), "2026-11-22T17:00:40.123Z");
    return {};
  }));
  EXPECT_EQ(times, (std::vector<std::string>{"2026-11-28T02:28:02.047Z", "2026-11-28T02:29:42.047Z"}));
}

TEST_F(ServerTest, ABatchOfManyRecordsIsReceiptedInItsOrder) {
  std::vector<Sending> sendings;
  std::vector<Sending> pictures;
  for (int i = 0; i < 21; ++i) {
    const SealedSample pass = sealing_.pass("AB12CDE", i);
    sendings.push_back(pass.text());
    pictures.push_back(pass.plate());
    pictures.push_back(pass.overview());
  }
  sendings.insert(sendings.end(), pictures.begin(), pictures.end());
  expect_each(sendings, "accepted");
  EXPECT_EQ(announced_, 21);
}

TEST_F(ServerTest, SameKeyWithOtherBytesThatTheDeviceSignedKeepsBoth) {
  const SealedSample first = sealing_.pass();
  expect_each(first.all(), "accepted");
  sealing_.number = 1;
  expect_each(sealing_.pass().all(), "accepted");
  EXPECT_EQ(office_.store().known({camera_.device_id, sample_queue, 1}).value()->head, first.record.head);
  EXPECT_EQ(announced_, 2);
}

TEST_F(ServerTest, PictureBeforeItsTextAsksForTheText) {
  const SealedSample pass = sealing_.pass();
  expect_each({pass.plate()}, "text_missing");
  expect_each({pass.text(), pass.plate()}, "accepted");
}

TEST_F(ServerTest, SpeedIsRefusedByNameAndNotStored) {
  SampleRecord sample = sample_record(camera_.device_id);
  sample.document["speed_kmh"] = 48;
  const SealedSample sealed = sealing_.seal(parts_of(sample));
  const auto result = post({sealed.text()});
  ASSERT_TRUE(result);
  const json receipt = json::parse(result->body).at("receipts").at(0);
  EXPECT_EQ(receipt.at("outcome"), "refused");
  EXPECT_THAT(receipt.at("reason").get<std::string>(), HasSubstr("may not have a key \"speed_kmh\""));
  EXPECT_FALSE(is_stored(sealed));
  EXPECT_EQ(announced_, 0);
}

TEST_F(ServerTest, WhatIsNoBatchIsDamaged) {
  const SealedSample pass = sealing_.pass();
  Bytes body = batch_of(pass.all());
  body.pop_back();
  expect(post(*client_, path_of(camera_), body), 400, "damaged", "shipment 3: the payload is cut short");
  expect(post(*client_, path_of(camera_), {}), 400, "damaged", "the batch is empty");
  EXPECT_FALSE(is_stored(pass));
  expect_each(pass.all(), "accepted");
}

TEST_F(ServerTest, MoreThanIsTakenIsRefusedAndTheConnectionGoesOn) {
  const SealedSample pass = sealing_.pass();
  for (const std::size_t size : {batch_limit_bytes + 1, batch_limit_bytes + 1'000'000}) {
    expect(post(*client_, path_of(camera_), Bytes(size, 'x')), 413, "refused", "larger than is taken");
  }
  expect(post(*client_, path_of(camera_), Bytes(batch_limit_bytes, 'x')), 400, "damaged");
  expect(post(std::vector<Sending>(65, pass.text())), 413, "refused", "more than 64 shipments");
  Bytes long_payload = batch_of({pass.text()});
  little_endian::put<std::uint32_t>(long_payload, 8, 262'145);
  expect(post(*client_, path_of(camera_), long_payload), 413, "refused", "field length");
  expect(client_->Put("/v1/heartbeats/" + camera_.device_id, std::string(70'000, ' '), "application/json"),
         413, "refused");
  expect_each(pass.all(), "accepted");
}

TEST_F(ServerTest, WrongContentTypesAndEncodingsAreRefused) {
  const SealedSample pass = sealing_.pass();
  const Bytes bytes = batch_of(pass.all());
  const std::string body(bytes.begin(), bytes.end());
  expect(client_->Post(path_of(camera_), body, "application/json"), 415, "refused", "Content-Type");
  expect(client_->Post(path_of(camera_), body, "multipart/form-data; boundary=x"), 415, "refused");
  const auto packed = client_->Post(path_of(camera_), {{"Content-Encoding", "deflate"}}, body, batch_type);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->status, 415);
  const auto chunked = client_->Post(
      path_of(camera_),
      [&](std::size_t offset, httplib::DataSink& sink) {
        if (offset < body.size()) return sink.write(body.data() + offset, body.size() - offset);
        sink.done();
        return true;
      },
      batch_type);
  expect(chunked, 411, "refused", "Content-Length");
  expect_each(pass.all(), "accepted");
}

TEST_F(ServerTest, AnotherDevicesPathIsForbidden) {
  const Identity other = office_.new_camera("other");
  expect(post(*client_, path_of(other), batch_of(sealing(other).pass().all())), 403, "refused",
         "common name");
  EXPECT_FALSE(office_.store().known({other.device_id, sample_queue, 1}).value());
}

TEST_F(ServerTest, OnlyTheLatestCertificateOfADeviceIsTaken) {
  const SealedSample pass = sealing_.pass();
  doubles::TemporaryFolder out;
  ASSERT_TRUE(enrol_device(office_.authority(), office_.store(),
                           camera_.certificate.parent_path() / "device.csr", out.path(), office_.now()));
  expect(post(pass.all()), 403, "refused", "not enrolled");
  camera_.certificate = out.path() / "device.crt";
  client_ = client_of(camera_, office_.server().port());
  expect_each(pass.all(), "accepted");
}

TEST_F(ServerTest, StrangersGetNoAnswer) {
  const SealedSample pass = sealing_.pass();
  const Bytes body = batch_of(pass.all());
  const std::string path = path_of(camera_);
  httplib::SSLClient anonymous("127.0.0.1", office_.server().port());
  anonymous.set_ca_cert_path(camera_.back_office_ca.c_str());
  EXPECT_FALSE(post(anonymous, path, body)) << "without a client certificate";

  doubles::BackOfficeDouble elsewhere;
  Identity foreign = elsewhere.new_camera();
  foreign.back_office_ca = camera_.back_office_ca;
  EXPECT_FALSE(post(*client_of(foreign, office_.server().port()), path, body))
      << "with a certificate of another authority";

  httplib::Client plain("127.0.0.1", office_.server().port());
  EXPECT_FALSE(plain.Get("/")) << "without TLS";

  const auto old = client_of(camera_, office_.server().port());
  ASSERT_EQ(SSL_CTX_set_max_proto_version(old->ssl_context(), TLS1_2_VERSION), 1);
  EXPECT_FALSE(post(*old, path, body)) << "with TLS 1.2";
  EXPECT_EQ(old->Get("/").error(), httplib::Error::SSLConnection);

  EXPECT_FALSE(is_stored(pass));
  expect_each(pass.all(), "accepted");
}

TEST_F(ServerTest, CameraSeesThroughAServerOfAnotherAuthority) {
  doubles::BackOfficeDouble elsewhere;
  elsewhere.start();
  const auto client = client_of(camera_, elsewhere.server().port());
  const auto result = post(*client, path_of(camera_), batch_of(sealing_.pass().all()));
  EXPECT_EQ(result.error(), httplib::Error::SSLServerVerification);
}

TEST_F(ServerTest, GarbagePathsAndMethodsAreAnsweredAndDoNoHarm) {
  const std::string good = path_of(camera_);
  for (const std::string& bad :
       {std::string("/"), std::string("/v2"), std::string("/v2/batches"), std::string("/v2/batches/"),
        good + "/", good + "/x", good + "0", "/v1" + good.substr(3), "/" + good,
        std::string("/v2/batches/../../etc/passwd"), std::string("/%2e%2e/%2e%2e/x"),
        std::string("/v1/heartbeats/xyz"), std::string("/v2/batches/0123456789ABCDEF"),
        "/v1/records/" + camera_.device_id + "/" + sample_queue + "/1/document", std::string("/%00"),
        "/" + std::string(8000, 'a'), "/v2/batches/" + std::string(7000, '/')}) {
    SCOPED_TRACE(bad.substr(0, 100));
    expect(client_->Post(bad, "some body", batch_type), 404, "refused");
  }
  expect(client_->Post("/" + std::string(9000, 'a'), "x", batch_type), 414, "refused");
  client_ = client_of(camera_, office_.server().port());
  expect(client_->Get(good), 405, "refused", "POST");
  expect(client_->Put(good, "x", batch_type), 405, "refused");
  expect(client_->Patch(good, "x", batch_type), 405, "refused");
  expect(client_->Delete(good), 405, "refused");
  expect(client_->Options(good), 405, "refused");
  expect(client_->Post("/v1/heartbeats/" + camera_.device_id, "x", "application/json"), 405, "refused",
         "PUT");
  expect_each(sealing_.pass().all(), "accepted");
}

TEST_F(ServerTest, HeartbeatIsKeptAndTheLatestCounts) {
  const std::string target = "/v1/heartbeats/" + camera_.device_id;
  json beat = json::parse(
      R"({"time": "2026-11-22T17:00:00.000Z", "problems": {}, "counters": {},
          "queue": {"unacknowledged": 3, "evicted": 0, "expired": 0, "damaged": 0, "segments": 64, "segments_free": 60},
          "upload": {"circuit": "closed", "dead_lettered": 0, "quarantined": 0}})");
  for (const int waiting : {3, 4}) {
    beat["queue"]["unacknowledged"] = waiting;
    const auto result = client_->Put(target, beat.dump(), "application/json");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 204);
  }
  EXPECT_EQ(json::parse(office_.store().heartbeat(camera_.device_id).value()), beat);
  // An office that is asked says how far its numbers of the queue go.
  sealing_.number = 41;
  expect_each({sealing_.pass().text()}, "accepted");
  for (const auto& [queue, highest] : {std::pair{std::string(sample_queue), 41}, {std::string(32, 'f'), 0}}) {
    beat["queue_uuid"] = queue;
    const auto result = client_->Put(target, beat.dump(), "application/json");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(json::parse(result->body), (json{{"queue_uuid", queue}, {"highest_number", highest}}));
  }
  // And sends what is newer than the camera's authority, where the camera says that it keeps one.
  const std::uint64_t first = office_.authorise(camera_).number;
  const std::uint64_t second = office_.authorise(camera_).number;
  const auto sent_with = [&](std::uint64_t held) {
    beat["authority"] = {{"number", held}};
    const auto result = client_->Put(target, beat.dump(), "application/json");
    return result ? json::parse(result->body).value("authorities", json::array()) : json();
  };
  ASSERT_EQ(sent_with(0).size(), 2U);
  const auto key = verifying_key_from(*read_text_file(office_.authority().deployment() / "office-key"));
  EXPECT_EQ(authority_from(sent_with(0)[0].get<std::string>(), *key)->number, first);
  EXPECT_EQ(sent_with(first).size(), 1U);
  EXPECT_EQ(sent_with(second).size(), 0U);
  beat["authority"] = {{"number", -1}};
  expect(client_->Put(target, beat.dump(), "application/json"), 422, "refused", "field authority.number");
  beat.erase("authority");
  beat["counters"]["frames_dropped"] = "many";
  expect(client_->Put(target, beat.dump(), "application/json"), 422, "refused", "field counters");
  expect(client_->Put("/v1/heartbeats/ffffffffffffffff", beat.dump(), "application/json"), 403, "refused");
}

// A TLS connection with the camera's certificate that speaks no HTTP of its own accord.
class RawConnection {
 public:
  RawConnection(const Identity& camera, std::uint16_t port) {
    SSL_CTX_use_certificate_file(context_.get(), camera.certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_.get(), camera.private_key.c_str(), SSL_FILETYPE_PEM);
    bio_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(bio_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
    if (BIO_do_connect(bio_.get()) != 1) throw std::runtime_error("no connection");
  }
  // False once the connection has ended.
  bool send(const std::string& text) {
    return BIO_write(bio_.get(), text.data(), static_cast<int>(text.size())) > 0;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio_{nullptr, BIO_free_all};
};

TEST_F(ServerTest, AnEndlessHeaderIsCutOff) {
  RawConnection camera(camera_, office_.server().port());
  ASSERT_TRUE(camera.send("PUT / HTTP/1.1\r\nX: "));
  std::size_t kib = 0;
  while (kib < 64 * 1024 && camera.send(std::string(1024, 'x')))
    ++kib;
  EXPECT_LT(kib, 24 * 1024U);  // the sockets' buffers on top of the limit
  expect_each(sealing_.pass().all(), "accepted");
}

TEST_F(ServerTest, StopsThoughAPeerTrickles) {
  RawConnection camera(camera_, office_.server().port());
  std::atomic<bool> done = false;
  std::jthread trickle([&] {
    camera.send("PUT / HTTP/1.1\r\nX: ");
    while (!done && camera.send("x"))
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto began = std::chrono::steady_clock::now();
  office_.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8));
  done = true;
}

TEST_F(ServerTest, ConcurrentBatchesOfOneRecordGiveExactlyOneAccepted) {
  std::vector<Bytes> bodies;
  for (int i = 0; i < 10; ++i)
    bodies.push_back(batch_of({sealing_.pass().text()}));
  std::atomic<int> accepted = 0;
  std::atomic<int> duplicate = 0;
  {
    std::vector<std::jthread> cameras;
    for (int i = 0; i < 6; ++i) {
      cameras.emplace_back([&] {
        const auto client = client_of(camera_, office_.server().port());
        for (const Bytes& body : bodies) {
          const auto result = post(*client, path_of(camera_), body);
          if (!result || result->status != 200) continue;
          const json outcome = json::parse(result->body).at("receipts").at(0).at("outcome");
          if (outcome == "accepted") ++accepted;
          if (outcome == "duplicate") ++duplicate;
        }
      });
    }
  }
  EXPECT_EQ(accepted, 10);
  EXPECT_EQ(duplicate, 50);
  EXPECT_EQ(announced_, 10);
}

std::size_t open_descriptors() {
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST_F(ServerTest, AThousandRequestsAndAHundredConnectionsLeaveNoDescriptorOpen) {
  const SealedSample pass = sealing_.pass();
  const Bytes body = batch_of({pass.text()});
  expect_each({pass.text()}, "accepted");
  client_->stop();
  const std::size_t before = open_descriptors();
  for (int connection = 0; connection < 100; ++connection) {
    const auto client = client_of(camera_, office_.server().port());
    for (int i = 0; i < 10; ++i) {
      const auto result = post(*client, path_of(camera_), body);
      ASSERT_TRUE(result);
      ASSERT_EQ(result->status, 200);
    }
  }
  office_.stop();  // waits for the connections' threads
  EXPECT_LE(open_descriptors(), before);
}

TEST_F(ServerTest, PortInUseIsSaidAndTheFirstServerGoesOn) {
  const auto second = Server::start(office_.authority(), office_.store(), {.port = office_.server().port()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("is in use"));
  expect_each(sealing_.pass().all(), "accepted");
}

TEST_F(ServerTest, AnOfficeWithoutARecipientKeyDoesNotServe) {
  office_.stop();
  std::filesystem::remove_all(office_.recipients());
  const auto server = Server::start(office_.authority(), office_.store(), {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::not_found);
  EXPECT_THAT(server.error().message, HasSubstr("run wayside-backoffice recipient-key new"));
}

TEST_F(ServerTest, AddressThatIsNotOursIsSaid) {
  for (const char* address : {"192.0.2.1", "no-such-host.invalid"}) {
    const auto server = Server::start(office_.authority(), office_.store(), {.listen = address});
    ASSERT_FALSE(server) << address;
    EXPECT_THAT(server.error().message, HasSubstr("cannot listen on"));
  }
}

TEST_F(ServerTest, RecordsSurviveARestart) {
  const SealedSample pass = sealing_.pass();
  expect_each(pass.all(), "accepted");
  client_->stop();
  office_.stop();
  office_.start();
  client_ = client_of(camera_, office_.server().port());
  expect_each(pass.all(), "duplicate");
}

}  // namespace
}  // namespace wayside::backoffice
