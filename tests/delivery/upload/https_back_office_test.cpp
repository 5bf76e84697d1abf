// The HTTPS side against a small real TLS server: what is sent, what is believed, and whom it refuses to talk
// to. With the library of the reference back office, so that nothing of ours checks itself.
#include <csignal>
#include <fstream>
#include <latch>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "wayside/delivery/upload/back_office.hpp"

#include "tests/doubles/raw_tls_server.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/test_certificates.hpp"

namespace wayside {
namespace {

using doubles::PemPair;
using doubles::TestAuthority;
using Outcome = Receipt::Outcome;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Asks for a client certificate of the authority, as the real one does.
class TlsServer {
 public:
  // port 0: the system chooses.
  TlsServer(const PemPair& identity, const std::filesystem::path& clients, int newest_version, int port)
      : server_([&](SSL_CTX& context) {
          SSL_CTX_set_max_proto_version(&context, newest_version);
          SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
          return SSL_CTX_use_certificate_chain_file(&context, identity.certificate.c_str()) == 1 &&
                 SSL_CTX_use_PrivateKey_file(&context, identity.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
                 SSL_CTX_load_verify_locations(&context, clients.c_str(), nullptr) == 1;
        }) {
    // Stopping waits for idle connections this long.
    server_.set_keep_alive_timeout(1);
    if (port == 0) {
      port_ = server_.bind_to_any_port("127.0.0.1");
    } else if (server_.bind_to_port("127.0.0.1", port)) {
      port_ = port;
    }
  }
  ~TlsServer() {
    server_.stop();
    thread_.join();
  }
  httplib::Server& routes() { return server_; }
  void start() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running())
      std::this_thread::yield();
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
};

class HttpsBackOfficeTest : public ::testing::Test {
 protected:
  HttpsBackOfficeTest() {
    // As waysided does.
    std::signal(SIGPIPE, SIG_IGN);
    options_.ca_certificate = authority_.certificate();
    const PemPair camera = authority_.issue("camera");
    options_.certificate = camera.certificate;
    options_.private_key = camera.key;
    options_.time_limit = 5s;
  }

  // A server that answers every PUT with this.
  void serve(httplib::Server::Handler handler) {
    serve(authority_.issue("server"), TLS1_3_VERSION, std::move(handler));
  }
  void serve(const PemPair& identity, int newest_version, httplib::Server::Handler handler, int port = 0) {
    server_ = std::make_unique<TlsServer>(identity, authority_.certificate(), newest_version, port);
    server_->routes().Post(".*", handler);
    server_->routes().Put(".*", std::move(handler));
    server_->start();
    options_.url = server_->url();
  }
  void serve(int status, std::string body, const char* content_type = "application/json") {
    serve([=](const httplib::Request&, httplib::Response& response) {
      response.status = status;
      response.set_content(body, content_type);
    });
  }

  std::unique_ptr<BackOffice> office() {
    Result<std::unique_ptr<BackOffice>> made = make_https_back_office(options_);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? std::move(*made) : nullptr;
  }
  // A text whose payload is "payload".
  Shipment text() const { return {key_, RecordClass::ordinary, ShipmentKind::text, &record_}; }
  Receipt deliver_to(BackOffice& office) const {
    const Shipment shipment = text();
    const std::vector<Receipt> receipts = office.deliver({&shipment, 1});
    EXPECT_EQ(receipts.size(), 1U);
    return receipts.empty() ? Receipt{} : receipts.front();
  }
  Receipt deliver() { return deliver_to(*office()); }

  static std::string receipt(const std::string& outcome, std::string_view payload = "payload") {
    return R"({"outcome":")" + outcome + R"(","sha256":")" + to_hex(sha256(as_bytes(payload))) + "\"}";
  }
  static std::string stored(const std::string& outcome) {
    return R"({"receipts":[)" + receipt(outcome) + "]}";
  }
  static httplib::Server::Handler accepting() {
    return [](const httplib::Request&, httplib::Response& response) {
      response.status = 200;
      response.set_content(stored("accepted"), "application/json");
    };
  }

  doubles::TemporaryFolder folder_;
  TestAuthority authority_{folder_.path(), "authority"};
  HttpsOptions options_;
  StoreKey key_{"0123456789abcdef", {0x00, 0x11, 0x22}, SequenceNumber(42)};
  SealedRecord record_{{'p', 'a', 'y'},
                       {{PartKind::document, {'l', 'o'}},
                        {PartKind::plate, Bytes(3, 'P')},
                        {PartKind::overview, Bytes(5, 'O')},
                        {PartKind::pseudonymous, {'a', 'd'}}}};
  std::unique_ptr<TlsServer> server_;
};

TEST_F(HttpsBackOfficeTest, SendsABatchAsAgreedAndBelievesItsReceipts) {
  httplib::Request seen;
  serve([&](const httplib::Request& request, httplib::Response& response) {
    seen = request;
    response.status = 200;
    response.set_content(R"({"receipts":[)" + receipt("accepted") + "," + receipt("duplicate", "PPP") + "," +
                             R"({"outcome":"refused","reason":"no"}]})",
                         "application/json");
  });
  const std::vector<Shipment> batch = {text(),
                                       {key_, RecordClass::ordinary, ShipmentKind::plate, &record_},
                                       {key_, RecordClass::ordinary, ShipmentKind::overview, &record_}};
  const std::vector<Receipt> receipts = office()->deliver(batch);
  ASSERT_EQ(receipts.size(), 3U);
  EXPECT_EQ(receipts[0].outcome, Outcome::accepted) << receipts[0].reason;
  EXPECT_EQ(receipts[1].outcome, Outcome::duplicate);
  EXPECT_EQ(receipts[2].outcome, Outcome::refused);
  EXPECT_EQ(receipts[2].reason, "no");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/v2/batches/0123456789abcdef");
  EXPECT_EQ(seen.get_header_value("Content-Type"), "application/vnd.wayside.batch");
  EXPECT_EQ(seen.get_header_value("Content-Length"), std::to_string(seen.body.size()));
  EXPECT_FALSE(seen.has_header("Expect"));
  EXPECT_FALSE(seen.has_header("Accept-Encoding"));
  // The frames of https_api.md, spelt out.
  const auto frame = [](char kind, std::string_view payload) {
    std::string bytes = "WYSH";
    bytes += kind;
    bytes += std::string(3, '\0');
    bytes += static_cast<char>(payload.size());
    bytes += std::string(3 + 4, '\0');
    bytes += std::string("\0\x11\x22", 3) + std::string(13, '\0');
    bytes += '*' + std::string(7, '\0');  // 42
    const Sha256 hash = sha256(as_bytes(payload));
    bytes.append(hash.begin(), hash.end());
    return bytes.append(payload);
  };
  EXPECT_EQ(seen.body, frame(0, "payload") + frame(1, "PPP") + frame(2, "OOOOO"));
}

TEST_F(HttpsBackOfficeTest, SendsNoShipmentThatNoBatchTakes) {
  serve(200, stored("accepted"));
  SealedRecord large;
  large.head = Bytes(200'000, 'h');
  large.parts = {{PartKind::document, Bytes(62'145, 'd')}};
  const std::vector<Shipment> batch = {{key_, RecordClass::ordinary, ShipmentKind::text, &large}, text()};
  const std::vector<Receipt> receipts = office()->deliver(batch);
  ASSERT_EQ(receipts.size(), 2U);
  EXPECT_EQ(receipts[0].outcome, Outcome::refused);
  EXPECT_THAT(receipts[0].reason, HasSubstr("262145"));
  EXPECT_EQ(receipts[1].outcome, Outcome::accepted);
}

TEST_F(HttpsBackOfficeTest, TakesALargestBatchThatTheInterfaceAllows) {
  const BackOffice::BatchLimits limits = (serve(accepting()), office()->limits());
  EXPECT_EQ(limits.shipments, 64U);
  EXPECT_LE(limits.bytes + 64 * 72, std::size_t{4} << 20U);
}

TEST_F(HttpsBackOfficeTest, KeepsOneConnectionForManyBatches) {
  std::set<int> ports;
  serve([&](const httplib::Request& request, httplib::Response& response) {
    ports.insert(request.remote_port);
    accepting()(request, response);
  });
  server_->routes().set_keep_alive_max_count(100);
  const auto one = office();
  for (int i = 0; i < 4; ++i)
    ASSERT_EQ(deliver_to(*one).outcome, Outcome::accepted);
  EXPECT_EQ(ports.size(), 1U);
}

TEST_F(HttpsBackOfficeTest, UnderstandsADuplicate) {
  serve(200, stored("duplicate"));
  EXPECT_EQ(deliver().outcome, Outcome::duplicate);
}

TEST_F(HttpsBackOfficeTest, UnderstandsAMismatchWithItsReason) {
  serve(200, R"({"receipts":[{"outcome":"mismatch","reason":"stored before"}]})");
  const Receipt receipt = deliver();
  EXPECT_EQ(receipt.outcome, Outcome::mismatch);
  EXPECT_EQ(receipt.reason, "stored before");
}

TEST_F(HttpsBackOfficeTest, HonoursRetryAfter) {
  serve([](const httplib::Request&, httplib::Response& response) {
    response.status = 503;
    response.set_header("Retry-After", "17");
    response.set_content(R"({"outcome":"later"})", "application/json");
  });
  const Receipt receipt = deliver();
  EXPECT_EQ(receipt.outcome, Outcome::later);
  EXPECT_EQ(receipt.retry_after, 17s);
}

TEST_F(HttpsBackOfficeTest, TriesLaterAfterAServerError) {
  serve(500, "oops", "text/plain");
  EXPECT_EQ(deliver().outcome, Outcome::later);
}

TEST_F(HttpsBackOfficeTest, TriesLaterAfterAnAnswerThatIsNotJson) {
  serve(200, "accepted!", "application/json");
  EXPECT_EQ(deliver().outcome, Outcome::later);
}

TEST_F(HttpsBackOfficeTest, TriesLaterAfterAnotherContentType) {
  serve(200, stored("accepted"), "text/html");
  EXPECT_EQ(deliver().outcome, Outcome::later);
}

TEST_F(HttpsBackOfficeTest, ReadsNoHugeAnswer) {
  serve(200, stored("accepted") + std::string(200'000, ' '));
  const Receipt receipt = deliver();
  EXPECT_EQ(receipt.outcome, Outcome::later);
  EXPECT_THAT(receipt.reason, HasSubstr("larger than 65536 bytes"));
}

TEST_F(HttpsBackOfficeTest, ReadsNoHugeHead) {
  serve([&](const httplib::Request& request, httplib::Response& response) {
    accepting()(request, response);
    for (int i = 0; i < 100; ++i)
      response.set_header("X-" + std::to_string(i), std::string(1000, 'x').c_str());
  });
  const Receipt receipt = deliver();
  EXPECT_EQ(receipt.outcome, Outcome::later);
  EXPECT_THAT(receipt.reason, HasSubstr("head is larger than 16384 bytes"));
}

TEST_F(HttpsBackOfficeTest, UnpacksNothing) {
  for (const char* header : {"Content-Encoding", "Transfer-Encoding"}) {
    serve([&](const httplib::Request& request, httplib::Response& response) {
      accepting()(request, response);
      response.set_header(header, "gzip");
    });
    const Receipt receipt = deliver();
    EXPECT_EQ(receipt.outcome, Outcome::later);
    EXPECT_THAT(receipt.reason, HasSubstr("compressed"));
  }
}

// What an HTTP library would not say.
TEST_F(HttpsBackOfficeTest, BelievesOnlyAWholeAnswerInHttp11) {
  const std::string body = stored("accepted");
  const std::string head = "Content-Type: application/json\r\n";
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  const auto outcome_of = [&](const std::string& answer) {
    const doubles::RawTlsServer raw(authority_.issue("raw"), authority_.certificate(), answer);
    options_.url = raw.url();
    return deliver().outcome;
  };
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\n" + head + length + "\r\n" + body), Outcome::accepted);
  EXPECT_EQ(outcome_of("HTTP/1.0 200 OK\r\n" + head + length + "\r\n" + body), Outcome::later);
  EXPECT_EQ(outcome_of("HTTP/1.0 200 OK\r\n" + head + "\r\n" + body), Outcome::later);
  EXPECT_EQ(outcome_of(body), Outcome::later) << "HTTP/0.9";
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\n" + head + "Content-Length: 9999\r\n\r\n" + body), Outcome::later);
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nFF\r\n" + body),
            Outcome::later);
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\n" + head), Outcome::later);
  EXPECT_EQ(outcome_of(""), Outcome::later);
}

TEST_F(HttpsBackOfficeTest, TakesHalfTheBatchFor413) {
  serve(413, "<html>", "text/html");
  EXPECT_EQ(deliver().outcome, Outcome::too_large);
}

TEST_F(HttpsBackOfficeTest, FollowsNoRedirect) {
  std::vector<std::string> paths;
  serve([&](const httplib::Request& request, httplib::Response& response) {
    paths.push_back(request.path);
    if (paths.size() > 1) return accepting()(request, response);
    response.set_redirect("/elsewhere", 307);
  });
  EXPECT_EQ(deliver().outcome, Outcome::later);
  EXPECT_EQ(paths.size(), 1U);
}

TEST_F(HttpsBackOfficeTest, WaitsNoLongerThanTheTimeLimitForAStalledAnswer) {
  std::latch released(1);
  serve([&](const httplib::Request& request, httplib::Response& response) {
    released.wait();
    accepting()(request, response);
  });
  options_.time_limit = 300ms;
  const auto before = std::chrono::steady_clock::now();
  const Receipt receipt = deliver();
  EXPECT_EQ(receipt.outcome, Outcome::later);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  released.count_down();
  server_.reset();  // it has to be done with what is here
}

TEST_F(HttpsBackOfficeTest, ToldToHurryItGivesUpAStalledAnswerLongBeforeTheTimeLimit) {
  std::latch arrived(1);
  std::latch released(1);
  serve([&](const httplib::Request& request, httplib::Response& response) {
    arrived.count_down();
    released.wait();
    accepting()(request, response);
  });
  options_.time_limit = 1h;
  const auto office = make_https_back_office(options_);
  ASSERT_TRUE(office) << office.error().message;
  const std::jthread hurrying([&] {
    arrived.wait();
    (*office)->hurry(std::chrono::steady_clock::now());
  });
  EXPECT_EQ(deliver_to(**office).outcome, Outcome::later);
  released.count_down();
  server_.reset();  // it has to be done with what is here
}

TEST_F(HttpsBackOfficeTest, TriesLaterWhenNobodyListens) {
  serve(accepting());
  server_.reset();
  const Receipt receipt = deliver();
  EXPECT_EQ(receipt.outcome, Outcome::later);
  EXPECT_FALSE(receipt.reason.empty());
}

TEST_F(HttpsBackOfficeTest, GoesOnAfterTheServerWasRestarted) {
  serve(accepting());
  const auto one = office();
  ASSERT_EQ(deliver_to(*one).outcome, Outcome::accepted);
  const int port = server_->port();
  server_.reset();
  EXPECT_EQ(deliver_to(*one).outcome, Outcome::later);
  serve(authority_.issue("again"), TLS1_3_VERSION, accepting(), port);
  EXPECT_EQ(deliver_to(*one).outcome, Outcome::accepted);
}

TEST_F(HttpsBackOfficeTest, RefusesAServerOfAnotherAuthority) {
  const TestAuthority other(folder_.path(), "other");
  serve(other.issue("impostor"), TLS1_3_VERSION, accepting());
  const Receipt receipt = deliver();
  EXPECT_EQ(receipt.outcome, Outcome::later);
  EXPECT_THAT(receipt.reason, HasSubstr("back-office-ca.crt came from the office that enrolled the camera"));
}

// As every right one is to a camera whose clock is wrong.
TEST_F(HttpsBackOfficeTest, RefusesAServerOfAnotherTimeAndNamesTheClock) {
  serve(authority_.issue("expired", -7200, -3600), TLS1_3_VERSION, accepting());
  const Receipt expired = deliver();
  EXPECT_EQ(expired.outcome, Outcome::later);
  EXPECT_THAT(expired.reason, AllOf(HasSubstr("expired"), HasSubstr("check the camera's clock, and ")));
  serve(authority_.issue("early", 3600, 7200), TLS1_3_VERSION, accepting());
  const Receipt early = deliver();
  EXPECT_EQ(early.outcome, Outcome::later);
  EXPECT_THAT(early.reason, AllOf(HasSubstr("not yet valid"), HasSubstr("check the camera's clock, and ")));
}

TEST_F(HttpsBackOfficeTest, RefusesAServerThatSpeaksOnlyTls12) {
  serve(authority_.issue("old"), TLS1_2_VERSION, accepting());
  EXPECT_EQ(deliver().outcome, Outcome::later);
}

TEST_F(HttpsBackOfficeTest, RefusesAServerUnderAnotherName) {
  serve(accepting());
  options_.url = "https://localhost" + server_->url().substr(server_->url().rfind(':'));
  EXPECT_EQ(deliver().outcome, Outcome::later) << "the certificate is for 127.0.0.1";
}

TEST_F(HttpsBackOfficeTest, SendsAHeartbeat) {
  std::string path;
  std::string body;
  serve([&](const httplib::Request& request, httplib::Response& response) {
    path = request.path;
    body = request.body;
    response.status = 204;
  });
  const auto sent = office()->heartbeat("0123456789abcdef", R"({"time":"now"})");
  EXPECT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(path, "/v1/heartbeats/0123456789abcdef");
  EXPECT_EQ(body, R"({"time":"now"})");
  EXPECT_FALSE(*sent) << "an office that says nothing of its numbers";
}

TEST_F(HttpsBackOfficeTest, HearsHowFarTheOfficesNumbersGo) {
  serve(200, R"({"queue_uuid":"01020000000000000000000000000000","highest_number":17})");
  const auto sent = office()->heartbeat("0123456789abcdef", "{}");
  ASSERT_TRUE(sent && *sent);
  EXPECT_EQ((*sent)->queue_uuid, (QueueUuid{1, 2}));
  EXPECT_EQ((*sent)->highest, SequenceNumber(17));
  for (const char* other :
       {"", "{}", "[]", R"({"queue_uuid":"0102","highest_number":17})",
        R"({"queue_uuid":"01020000000000000000000000000000","highest_number":-1})",
        R"({"queue_uuid":"01020000000000000000000000000000","highest_number":1.5})",
        R"({"queue_uuid":"01020000000000000000000000000000","highest_number":17,"authorities":"eight"})",
        R"({"queue_uuid":"01020000000000000000000000000000","highest_number":17,"authorities":[8]})",
        R"({"queue_uuid":7,"highest_number":17})", R"({"queue_uuid":"01020000000000000000000000000000"})"}) {
    serve(200, other);
    EXPECT_EQ(office()->heartbeat("0123456789abcdef", "{}").error().code, ErrorCode::unavailable) << other;
  }
}

TEST_F(HttpsBackOfficeTest, HearsOfNewerAuthoritiesForTheCamera) {
  serve(200,
        R"({"queue_uuid":"01020000000000000000000000000000","highest_number":17,"authorities":["8","9"]})");
  const auto sent = office()->heartbeat("0123456789abcdef", "{}");
  ASSERT_TRUE(sent && *sent);
  EXPECT_THAT((*sent)->authorities, testing::ElementsAre("8", "9"));
}

TEST_F(HttpsBackOfficeTest, SaysWhenAHeartbeatWasNotTaken) {
  serve(422, "{}");
  EXPECT_EQ(office()->heartbeat("0123456789abcdef", "{}").error().code, ErrorCode::refused);
  server_.reset();
  EXPECT_EQ(office()->heartbeat("0123456789abcdef", "{}").error().code, ErrorCode::unavailable);
}

TEST_F(HttpsBackOfficeTest, RefusesAddressesThatAreNotPlainHttps) {
  for (const char* url : {"", "http://host", "https://", "https://host/path", "https://user@host",
                          "host:8443", "https://host?x", "https://ho st"}) {
    options_.url = url;
    const auto made = make_https_back_office(options_);
    ASSERT_FALSE(made) << url;
    EXPECT_THAT(made.error().message, HasSubstr("must have the form https://host"));
  }
}

TEST_F(HttpsBackOfficeTest, RefusesMissingAndWrongFilesByName) {
  options_.url = "https://127.0.0.1:1";
  HttpsOptions missing = options_;
  missing.ca_certificate = folder_.path() / "absent.crt";
  EXPECT_THAT(make_https_back_office(missing).error().message, HasSubstr("absent.crt"));
  HttpsOptions swapped = options_;
  swapped.private_key = options_.certificate;
  EXPECT_THAT(make_https_back_office(swapped).error().message, HasSubstr("PRIVATE KEY"));
  HttpsOptions nonsense = options_;
  nonsense.certificate = folder_.path() / "nonsense";
  std::ofstream(nonsense.certificate) << "no PEM";
  EXPECT_EQ(make_https_back_office(nonsense).error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace wayside
