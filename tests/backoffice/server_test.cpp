// The real server over loopback, spoken to as a camera speaks to it, and as a camera should not.
#include "wayside/backoffice/server.hpp"

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "tests/backoffice/sample_record.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    office_.start({.on_record = [this](const std::string&) { ++announced_; }});
    client_ = client_of(camera_, office_.server().port());
  }
  std::string path(const std::string& part, std::uint64_t number = 7) const {
    return part_path(camera_.device_id, number, part);
  }
  SampleRecord record() const { return sample_record(camera_.device_id); }

  void expect(const httplib::Result& result, int status, const std::string& outcome,
              const std::string& reason = {}) {
    ASSERT_TRUE(result) << httplib::to_string(result.error());
    EXPECT_EQ(result->status, status) << result->body;
    EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
    const json body = json::parse(result->body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << result->body;
    EXPECT_EQ(body.value("outcome", ""), outcome) << result->body;
    EXPECT_THAT(body.value("reason", ""), HasSubstr(reason));
  }
  void put_and_expect(const std::string& part, const std::string& payload, int status,
                      const std::string& outcome, const std::string& reason = {}) {
    SCOPED_TRACE(part);
    expect(put_part(*client_, path(part), payload), status, outcome, reason);
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  std::atomic<int> announced_ = 0;
  std::unique_ptr<httplib::SSLClient> client_;
};

TEST_F(ServerTest, WholeRecordIsAcceptedOnceAndDuplicateAfterwards) {
  const SampleRecord sample = record();
  const std::string document = sample.document.dump();
  const auto first = put_part(*client_, path("document"), document);
  expect(first, 201, "accepted");
  EXPECT_EQ(json::parse(first->body).at("sha256"), hash_of(document));
  put_and_expect("plate", sample.plate, 201, "accepted");
  put_and_expect("overview", sample.overview, 201, "accepted");
  const auto again = put_part(*client_, path("document"), document);
  expect(again, 200, "duplicate");
  EXPECT_EQ(json::parse(again->body).at("sha256"), hash_of(document));
  put_and_expect("plate", sample.plate, 200, "duplicate");
  put_and_expect("overview", sample.overview, 200, "duplicate");
  EXPECT_EQ(announced_, 1);

  int visited = 0;
  ASSERT_TRUE(office_.store().visit({}, [&](const StoredRecord& stored) -> Status {
    ++visited;
    EXPECT_TRUE(stored.complete());
    EXPECT_EQ(stored.document, document);
    EXPECT_EQ(stored.id.device_id, camera_.device_id);
    EXPECT_EQ(stored.id.queue_uuid, sample_queue);
    EXPECT_EQ(stored.id.number, 7U);
    return {};
  }));
  EXPECT_EQ(visited, 1);
}

TEST_F(ServerTest, SameKeyWithOtherBytesIsAMismatchAndKeepsTheFirst) {
  SampleRecord sample = record();
  const std::string first = sample.document.dump();
  put_and_expect("document", first, 201, "accepted");
  put_and_expect("plate", sample.plate, 201, "accepted");
  sample.document["confidence"] = 0.5;
  put_and_expect("document", sample.document.dump(), 409, "mismatch");
  put_and_expect("plate", sample_jpeg("another"), 409, "mismatch");
  EXPECT_EQ(office_.store().document({camera_.device_id, sample_queue, 7}).value(), first);
  EXPECT_EQ(announced_, 1);
}

TEST_F(ServerTest, PictureBeforeItsDocumentAsksForTheDocument) {
  const SampleRecord sample = record();
  put_and_expect("plate", sample.plate, 409, "document_missing");
  put_and_expect("document", sample.document.dump(), 201, "accepted");
  put_and_expect("plate", sample.plate, 201, "accepted");
}

TEST_F(ServerTest, SpeedIsRefusedByNameAndNotStored) {
  SampleRecord sample = record();
  sample.document["speed_kmh"] = 48;
  put_and_expect("document", sample.document.dump(), 422, "refused", "may not have a key \"speed_kmh\"");
  EXPECT_FALSE(office_.store().document({camera_.device_id, sample_queue, 7}));
  EXPECT_EQ(announced_, 0);
}

TEST_F(ServerTest, ReasonsNameTheFieldAndNeverItsValue) {
  const auto refused_for = [&](const auto& change) {
    SampleRecord sample = record();
    change(sample.document);
    const auto result = put_part(*client_, path("document"), sample.document.dump());
    EXPECT_TRUE(result && result->status == 422);
    return result ? json::parse(result->body).value("reason", "") : std::string{};
  };
  const std::string lower_case = refused_for([](json& d) { d["vrm"] = "secret12"; });
  EXPECT_THAT(lower_case, HasSubstr("field vrm does not fit"));
  EXPECT_THAT(lower_case, Not(HasSubstr("secret12")));
  EXPECT_THAT(refused_for([](json& d) { d["site"]["name"] = ""; }),
              HasSubstr("field site.name does not fit"));
  EXPECT_THAT(refused_for([](json& d) { d["site"]["speed"] = 1; }),
              HasSubstr("field site may not have a key \"speed\""));
  EXPECT_THAT(refused_for([](json& d) { d.erase("time"); }), HasSubstr("the document lacks \"time\""));
  EXPECT_THAT(refused_for([](json& d) { d["alternatives"][0]["confidence"] = 2; }),
              HasSubstr("field alternatives.0.confidence does not fit"));
  EXPECT_THAT(refused_for([](json& d) { d["device_id"] = "ffffffffffffffff"; }),
              HasSubstr("field device_id differs from the device id in the path"));
  EXPECT_THAT(refused_for([](json& d) { d["time"]["captured_at"] = "2026-06-31T00:00:00.000Z"; }),
              HasSubstr("field time.captured_at"));
  EXPECT_THAT(refused_for([](json& d) { d["version"] = 2; }), HasSubstr("field version does not fit"));
  EXPECT_THAT(refused_for([](json& d) { d[std::string(3000, 'k')] = 2; }),
              testing::SizeIs(testing::Lt(200U)));
}

TEST_F(ServerTest, WhatIsNoDocumentIsRefused) {
  for (const std::string& text :
       {std::string{"x"}, std::string{"[]"}, std::string{"{}"}, std::string{"null"},
        std::string{"{\"version\":1"}, std::string(60'000, '['), std::string{"\xff\xfe"}}) {
    put_and_expect("document", text, 422, "refused");
  }
}

TEST_F(ServerTest, PicturesMustBeTheOnesTheDocumentNames) {
  const SampleRecord sample = record();
  put_and_expect("document", sample.document.dump(), 201, "accepted");
  put_and_expect("plate", "GIF89a" + std::string(100, 'x'), 422, "refused", "the plate picture is not JPEG");
  put_and_expect("plate", sample_jpeg("a plate of another size"), 422, "refused", "field images.plate.bytes");
  std::string other = sample.plate;
  other[10] = '!';
  put_and_expect("plate", other, 422, "refused", "field images.plate.sha256");
  put_and_expect("overview", sample.plate, 422, "refused", "field images.overview.bytes");
  put_and_expect("plate", sample.plate, 201, "accepted");
}

TEST_F(ServerTest, HashHeaderMustBeThePayloads) {
  const std::string document = record().document.dump();
  for (const std::string& stated : {std::string{}, std::string("00"), hash_of("other")}) {
    expect(client_->Put(path("document"), {{"Wayside-Sha256", stated}}, document, "application/json"), 400,
           "damaged", "Wayside-Sha256");
  }
  put_and_expect("document", document, 201, "accepted");
}

TEST_F(ServerTest, TooLargePartsAreRefusedAndTheConnectionGoesOn) {
  for (const std::size_t size : {part_limit_bytes + 1, std::size_t{300'000}, std::size_t{2'000'000}}) {
    SCOPED_TRACE(size);
    for (const char* part : {"document", "plate", "overview"}) {
      put_and_expect(part, std::string(size, 'x'), 413, "refused", "larger than 65536 bytes");
    }
  }
  put_and_expect("document", std::string(part_limit_bytes, 'x'), 422, "refused");
  put_and_expect("document", record().document.dump(), 201, "accepted");
}

TEST_F(ServerTest, WrongContentTypesAndEncodingsAreRefused) {
  const std::string document = record().document.dump();
  const httplib::Headers hash{{"Wayside-Sha256", hash_of(document)}};
  expect(client_->Put(path("document"), hash, document, "text/plain"), 415, "refused", "Content-Type");
  expect(client_->Put(path("document"), hash, document, "multipart/form-data; boundary=x"), 415, "refused");
  httplib::Headers packed = hash;
  packed.emplace("Content-Encoding", "deflate");
  const auto result = client_->Put(path("document"), packed, document, "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 415);
  put_and_expect("document", document, 201, "accepted");
}

TEST_F(ServerTest, AnotherDevicesPathIsForbidden) {
  const Identity other = office_.new_camera("other");
  const std::string document = sample_record(other.device_id).document.dump();
  expect(put_part(*client_, part_path(other.device_id, 1, "document"), document), 403, "refused",
         "common name");
  EXPECT_FALSE(office_.store().document({other.device_id, sample_queue, 1}));
}

TEST_F(ServerTest, OnlyTheLatestCertificateOfADeviceIsTaken) {
  const std::string document = record().document.dump();
  doubles::TemporaryFolder out;
  ASSERT_TRUE(enrol_device(office_.authority(), office_.store(),
                           camera_.certificate.parent_path() / "device.csr", out.path(), office_.now()));
  put_and_expect("document", document, 403, "refused", "not enrolled");
  camera_.certificate = out.path() / "device.crt";
  client_ = client_of(camera_, office_.server().port());
  put_and_expect("document", document, 201, "accepted");
}

TEST_F(ServerTest, StrangersGetNoAnswer) {
  const std::string document = record().document.dump();
  httplib::SSLClient anonymous("127.0.0.1", office_.server().port());
  anonymous.set_ca_cert_path(camera_.back_office_ca.c_str());
  EXPECT_FALSE(put_part(anonymous, path("document"), document)) << "without a client certificate";

  doubles::BackOfficeDouble elsewhere;
  Identity foreign = elsewhere.new_camera();
  foreign.back_office_ca = camera_.back_office_ca;
  EXPECT_FALSE(put_part(*client_of(foreign, office_.server().port()), path("document"), document))
      << "with a certificate of another authority";

  httplib::Client plain("127.0.0.1", office_.server().port());
  EXPECT_FALSE(plain.Get("/")) << "without TLS";

  const auto old = client_of(camera_, office_.server().port());
  ASSERT_EQ(SSL_CTX_set_max_proto_version(old->ssl_context(), TLS1_2_VERSION), 1);
  EXPECT_FALSE(put_part(*old, path("document"), document)) << "with TLS 1.2";
  EXPECT_EQ(old->Get("/").error(), httplib::Error::SSLConnection);

  EXPECT_FALSE(office_.store().document({camera_.device_id, sample_queue, 7}));
  put_and_expect("document", document, 201, "accepted");
}

TEST_F(ServerTest, CameraSeesThroughAServerOfAnotherAuthority) {
  doubles::BackOfficeDouble elsewhere;
  elsewhere.start();
  const auto client = client_of(camera_, elsewhere.server().port());
  const auto result = put_part(*client, path("document"), record().document.dump());
  EXPECT_EQ(result.error(), httplib::Error::SSLServerVerification);
}

TEST_F(ServerTest, GarbagePathsAndMethodsAreAnsweredAndDoNoHarm) {
  const std::string good = path("document");
  const std::string start = "/v1/records/" + camera_.device_id + "/" + sample_queue;
  for (const std::string& bad :
       {std::string("/"),
        std::string("/v1"),
        start,
        start + "/1",
        start + "/1/speed",
        start + "/0/document",
        start + "/-1/document",
        start + "/01/document",
        start + "/1e3/document",
        start + "/9223372036854775808/document",
        start + "/18446744073709551616/document",
        good + "/",
        good + "/x",
        "/v2" + good.substr(3),
        std::string("//v1") + good,
        std::string("/v1/records/../../etc/passwd"),
        std::string("/%2e%2e/%2e%2e/x"),
        std::string("/v1/heartbeats/xyz"),
        "/v1/records/" + camera_.device_id + "/" + std::string(32, 'G') + "/1/document",
        std::string("/%00"),
        "/" + std::string(8000, 'a'),
        "/v1/records/" + std::string(7000, '/')}) {
    SCOPED_TRACE(bad.substr(0, 100));
    expect(client_->Put(bad, "some body", "application/json"), 404, "refused");
  }
  expect(client_->Put("/" + std::string(9000, 'a'), "x", "application/json"), 414, "refused");
  client_ = client_of(camera_, office_.server().port());
  expect(client_->Get(good), 405, "refused", "PUT");
  expect(client_->Post(good, "x", "application/json"), 405, "refused");
  expect(client_->Patch(good, "x", "application/json"), 405, "refused");
  expect(client_->Delete(good), 405, "refused");
  expect(client_->Options(good), 405, "refused");
  put_and_expect("document", record().document.dump(), 201, "accepted");
}

TEST_F(ServerTest, HeartbeatIsKeptAndTheLatestCounts) {
  const std::string target = "/v1/heartbeats/" + camera_.device_id;
  json beat{{"time", "2026-11-22T17:00:00.000Z"},
            {"problems", json::object()},
            {"queue", {{"unacknowledged", 3}}},
            {"counters", json::object()}};
  for (const int waiting : {3, 4}) {
    beat["queue"]["unacknowledged"] = waiting;
    const auto result = client_->Put(target, beat.dump(), "application/json");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 204);
  }
  EXPECT_EQ(json::parse(office_.store().heartbeat(camera_.device_id).value()), beat);
  beat["counters"]["frames_dropped"] = "many";
  expect(client_->Put(target, beat.dump(), "application/json"), 422, "refused", "field counters");
  beat.erase("time");
  expect(client_->Put(target, beat.dump(), "application/json"), 422, "refused", "field time");
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
  put_and_expect("document", record().document.dump(), 201, "accepted");
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

TEST_F(ServerTest, ConcurrentPutsOfOnePartGiveExactlyOneAccepted) {
  const SampleRecord sample = record();
  std::atomic<int> accepted = 0;
  std::atomic<int> duplicate = 0;
  {
    std::vector<std::jthread> cameras;
    for (int i = 0; i < 6; ++i) {
      cameras.emplace_back([&] {
        const auto client = client_of(camera_, office_.server().port());
        for (int number = 1; number <= 10; ++number) {
          const auto result =
              put_part(*client, path("document", static_cast<std::uint64_t>(number)), sample.document.dump());
          if (result && result->status == 201) ++accepted;
          if (result && result->status == 200) ++duplicate;
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
  const std::string document = record().document.dump();
  put_and_expect("document", document, 201, "accepted");
  client_->stop();
  const std::size_t before = open_descriptors();
  for (int connection = 0; connection < 100; ++connection) {
    const auto client = client_of(camera_, office_.server().port());
    for (int i = 0; i < 10; ++i) {
      const auto result = put_part(*client, path("document"), document);
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
  put_and_expect("document", record().document.dump(), 201, "accepted");
}

TEST_F(ServerTest, AddressThatIsNotOursIsSaid) {
  for (const char* address : {"192.0.2.1", "no-such-host.invalid"}) {
    const auto server = Server::start(office_.authority(), office_.store(), {.listen = address});
    ASSERT_FALSE(server) << address;
    EXPECT_THAT(server.error().message, HasSubstr("cannot listen on"));
  }
}

TEST_F(ServerTest, RecordsSurviveARestart) {
  const std::string document = record().document.dump();
  put_and_expect("document", document, 201, "accepted");
  client_->stop();
  office_.stop();
  office_.start();
  client_ = client_of(camera_, office_.server().port());
  put_and_expect("document", document, 200, "duplicate");
}

}  // namespace
}  // namespace wayside::backoffice
