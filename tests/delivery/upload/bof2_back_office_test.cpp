// The profile "bof2" end to end: sealed records in the real flash queue, the uploader, TLS, and a double of
// the police service at the other end.
#include "wayside/delivery/upload/bof2_back_office.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <turbojpeg.h>

#include "wayside/base/files.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"

#include "src/delivery/upload/upload_engine.hpp"
#include "tests/backoffice/sample_record.hpp"
#include "tests/doubles/police_service_double.hpp"
#include "tests/doubles/raw_tls_server.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using doubles::PemPair;
using doubles::PoliceServiceDouble;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Call = PoliceServiceDouble::Call;
using Outcome = Receipt::Outcome;
using namespace std::chrono_literals;

const std::string device = "0123456789abcdef";

// Noise, which JPEG cannot make small.
Bytes jpeg(int width, int height, unsigned seed = 1) {
  Bytes pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (std::uint8_t& pixel : pixels)
    pixel = static_cast<std::uint8_t>((seed = seed * 1'664'525U + 1'013'904'223U) >> 24U);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  tjhandle compressor = tjInitCompress();
  tjCompress2(compressor, pixels.data(), width, 0, height, TJPF_GRAY, &data, &size, TJSAMP_GRAY, 80, 0);
  Bytes bytes(data, data + size);
  tjFree(data);
  tjDestroy(compressor);
  return bytes;
}

std::string base64(const Bytes& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

Recipient recipient_of(const RecipientSecret& secret) {
  Recipient one;
  one.name = "somebody";
  one.key = secret.key;
  return one;
}

class Bof2Test : public testing::Test {
 protected:
  Bof2Test() {
    std::signal(SIGPIPE, SIG_IGN);
    const PemPair camera = authority_.issue("camera");
    fs::permissions(camera.key, fs::perms(0600));
    options_.service.url = police_.url();
    options_.service.ca_certificate = authority_.certificate();
    options_.service.certificate = camera.certificate;
    options_.service.private_key = camera.key;
    options_.service.time_limit = 5s;
    options_.service.where_to_look = "upload.url and upload.ca_certificate";
    options_.office = options_.service;
    options_.path = "/bof/services/InputCaptureWebService";
    options_.username = "wayside";
    options_.signature_file = folder_.path() / "signature";
    static_cast<void>(replace_file(options_.signature_file, as_bytes("s&s\n"), 0600));
    sealer_ =
        make_record_sealer({device, Secret::random(), {recipient_of(office_), recipient_of(unlock_)}, {}});
    QueueOptions queue;
    queue.directory = folder_.path() / "queue";
    queue.segments = 6;
    queue.segment_bytes = 256 * 1024;
    queue.protected_segments = 2;
    queue.sealer = sealer_.get();
    queue_ = open_record_queue(queue).value();
    unlock();
  }

  void unlock() {
    UnlockKeys::Set keys;
    keys.push_back(make_recipient_secret());  // of an earlier time
    keys.push_back(recipient_secret_from(Secret(unlock_.secret.view())));
    keys_.replace(std::move(keys));
  }

  // A whole pass; the minute makes it another.
  RecordParts pass(int minute = 0, Bytes plate = jpeg(120, 60), Bytes overview = jpeg(160, 90)) const {
    RecordParts parts;
    const std::string document = backoffice::sample_record(device, "AB12CDE", minute).document.dump();
    parts.document.assign(document.begin(), document.end());
    parts.plate = std::move(plate);
    parts.overview = std::move(overview);
    return parts;
  }
  void append(const RecordParts& parts) { ASSERT_TRUE(queue_->append({&parts, 1})); }
  static std::string key(int minute) {
    return std::string("AB12CDE|1|2|3|2026-11-22T17:") + (minute < 10 ? "0" : "") + std::to_string(minute) +
           ":40.123Z";
  }

  std::unique_ptr<BackOffice> office() {
    auto made = make_bof2_back_office(options_, keys_);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? std::move(*made) : nullptr;
  }
  // Through time as fast as it goes; at most so many steps. Whether nothing was left to send.
  bool drain(int most_steps = 1000) {
    const auto back_office = office();
    UploaderOptions uploader;
    uploader.device_id = device;
    upload::Time now(1h);
    upload::UploadEngine engine(uploader, *queue_, *back_office, counters_, [&] { return now; });
    bool done = false;
    for (int i = 0; i < most_steps && !done; ++i) {
      const auto wait = engine.step();
      if (!wait) continue;
      done = wait->drained_to.has_value();
      now = wait->until.value_or(now);
    }
    state_ = engine.state();
    return done;
  }
  std::uint64_t count(std::string_view name) { return counters_.counter(name).value(); }
  std::size_t waiting() const {
    return queue_->waiting(RecordQueue::Order::oldest_first, {}, 1000, {}).size();
  }

  doubles::TemporaryFolder folder_;
  doubles::TestAuthority authority_{folder_.path(), "authority"};
  PoliceServiceDouble police_{authority_.issue("server"), authority_.certificate()};
  Bof2Options options_;
  RecipientSecret office_ = make_recipient_secret();
  RecipientSecret unlock_ = make_recipient_secret();
  UnlockKeys keys_;
  std::unique_ptr<ReplaceableSealer> sealer_;
  std::unique_ptr<RecordQueue> queue_;
  CounterSet counters_;
  UploaderState state_;
};

TEST_F(Bof2Test, EveryRecordArrivesOnceWithItsPicturesAndIsAcknowledged) {
  for (int i = 0; i < 30; ++i)
    append(pass(i, jpeg(120, 60, 10 + i), jpeg(160, 90, 100 + i)));
  ASSERT_TRUE(drain());
  const auto stored = police_.stored();
  ASSERT_THAT(stored, SizeIs(30));
  for (int i = 0; i < 30; ++i) {
    const auto& capture = stored.at(key(i));
    EXPECT_EQ(capture.times, 1);
    ASSERT_THAT(capture.pictures, SizeIs(2));
    for (const auto& [type, picture] :
         {std::pair{"P", jpeg(120, 60, 10 + i)}, std::pair{"C", jpeg(160, 90, 100 + i)}}) {
      EXPECT_THAT(capture.pictures.at(type), ElementsAre(base64(picture)));
    }
  }
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(count("records_delivered"), 30U);
  for (const Call& call : police_.calls()) {
    EXPECT_EQ(call.headers.find("Content-Type")->second, "text/xml; charset=utf-8");
    EXPECT_EQ(call.headers.find("SOAPAction")->second, "\"" + call.operation + "\"");
    EXPECT_EQ(call.headers.find(":path")->second, "/bof/services/InputCaptureWebService");
  }
}

TEST_F(Bof2Test, TextsGoFirstManyInOneCallAndASingleOneWithEveryField) {
  append(pass(7));
  ASSERT_TRUE(drain());
  const auto calls = police_.calls();
  ASSERT_THAT(calls, SizeIs(3));
  EXPECT_EQ(calls[0].operation, "sendCapture");
  EXPECT_FALSE(calls[0].has("plateImage"));
  EXPECT_FALSE(calls[0].has("overviewImage"));
  EXPECT_EQ(calls[0].one("signature"), "s&s");
  EXPECT_EQ(calls[0].one("username"), "wayside");
  EXPECT_EQ(calls[0].one("confidencePercentage"), "97");
  EXPECT_EQ(calls[0].one("motionTowardCamera"), "true");
  EXPECT_EQ(calls[1].operation, "addBinaryCaptureData");
  EXPECT_EQ(calls[1].one("binaryDataType"), "P");
  EXPECT_EQ(calls[1].one("signature"), "s&s");
  EXPECT_EQ(calls[2].one("binaryDataType"), "C");
  for (int i = 10; i < 14; ++i)
    append(pass(i, {}, {}));
  ASSERT_TRUE(drain());
  ASSERT_THAT(police_.calls(), SizeIs(4));
  EXPECT_EQ(police_.calls()[3].operation, "sendCompoundCapture");
  EXPECT_THAT(police_.calls()[3].all("captures"), SizeIs(4));
}

TEST_F(Bof2Test, ACompoundThatIsRefusedIsAskedForOneByOne) {
  for (int i = 0; i < 3; ++i)
    append(pass(i, {}, {}));
  const auto second_is_wrong = [this](const Call& call, httplib::Response& response) {
    const bool wrong = call.body.find("T17:01:") != std::string::npos;
    PoliceServiceDouble::says(wrong ? "unknown AB12CDE" : "")(call, response);
  };
  police_.always(second_is_wrong);
  ASSERT_TRUE(drain());
  EXPECT_EQ(count("records_delivered"), 2U);
  EXPECT_EQ(count("records_dead_lettered"), 1U);
  EXPECT_EQ(waiting(), 1U) << "what is refused is not lost";
  police_.always({});
  ASSERT_TRUE(drain()) << "after a restart";
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Bof2Test, WhateverTheServiceAnswersNothingIsLostOrTakenForAccepted) {
  const std::vector<PoliceServiceDouble::Answer> bad = {
      PoliceServiceDouble::faults("Server"),
      PoliceServiceDouble::faults("MustUnderstand"),
      PoliceServiceDouble::status(200, std::string(5'000'000, 'x'), "text/xml"),
      PoliceServiceDouble::status(200, PoliceServiceDouble::reply("sendCapture", ""), "text/html"),
      PoliceServiceDouble::status(200, "{\"ok\":true}", "application/json"),
      PoliceServiceDouble::status(200, PoliceServiceDouble::reply("sendCapture", "\xff\xfe"), "text/xml"),
      PoliceServiceDouble::status(200, "", "text/xml"),
      PoliceServiceDouble::status(404),
      PoliceServiceDouble::status(401),
      PoliceServiceDouble::status(503),
      PoliceServiceDouble::cut(),
      [this](const Call&, httplib::Response& response) {
        response.set_redirect(police_.url() + "/elsewhere", 307);
      }};
  for (const auto& answer : bad) {
    append(pass(5, {}, {}));
    police_.always(answer);
    EXPECT_FALSE(drain(20));
    EXPECT_EQ(waiting(), 1U);
    EXPECT_EQ(count("records_delivered") + count("records_dead_lettered"), 0U);
    EXPECT_THAT(police_.stored(), IsEmpty());
    for (const Call& call : police_.calls())
      EXPECT_NE(call.headers.find(":path")->second, "/elsewhere");
    police_.always({});
    // The one record goes on to the next way of answering badly.
    RecordQueue::Order oldest = RecordQueue::Order::oldest_first;
    for (const WaitingRecord& record : queue_->waiting(oldest, {}, 10, {}))
      ASSERT_TRUE(queue_->acknowledge(record.number));
  }
  EXPECT_GT(count("uploads_retried"), bad.size());
  append(pass(6));
  ASSERT_TRUE(drain());
  EXPECT_EQ(police_.stored().at(key(6)).times, 1);
}

TEST_F(Bof2Test, AStringOrAFaultOfTheSenderDeadLettersAndTheRestGoesOn) {
  police_.answer_next({PoliceServiceDouble::says("no such camera")});
  append(pass(0));
  ASSERT_TRUE(drain());
  EXPECT_EQ(count("records_dead_lettered"), 1U);
  EXPECT_THAT(police_.calls(), SizeIs(1)) << "no picture without its text";
  append(pass(1));
  police_.answer_next(
      {PoliceServiceDouble::faults("Client"), PoliceServiceDouble::faults("Client.Sender"), {}});
  ASSERT_TRUE(drain());
  EXPECT_EQ(state_.dead_lettered, 1U);
  EXPECT_EQ(waiting(), 1U);
}

TEST_F(Bof2Test, WithoutAnAnswerNothingMoreOfTheBatchIsSent) {
  append(pass(0));
  const SealedRecord record = queue_->read(SequenceNumber(1)).value();
  const StoreKey place{device, queue_->uuid(), SequenceNumber(1)};
  const std::vector<Shipment> pictures = {{place, RecordClass::ordinary, ShipmentKind::plate, &record},
                                          {place, RecordClass::ordinary, ShipmentKind::overview, &record}};
  for (const auto& answer : {PoliceServiceDouble::cut(), PoliceServiceDouble::status(503)}) {
    const std::size_t before = police_.calls().size();
    police_.always(answer);
    const std::vector<Receipt> receipts = office()->deliver(pictures);
    ASSERT_THAT(receipts, SizeIs(2));
    EXPECT_EQ(receipts[0].outcome, Outcome::later);
    EXPECT_EQ(receipts[1].outcome, Outcome::later);
    EXPECT_EQ(police_.calls().size(), before + 1);
  }
}

TEST_F(Bof2Test, ALostAnswerIsARepeatThatTheServiceCanTell) {
  append(pass(3));
  police_.answer_next({police_.takes_and_cuts()});
  ASSERT_TRUE(drain());
  const auto stored = police_.stored();
  ASSERT_THAT(stored, SizeIs(1)) << "the same join, character for character";
  EXPECT_EQ(stored.at(key(3)).times, 2);
}

TEST_F(Bof2Test, APictureOverTheLimitsIsNeverSent) {
  append(pass(0, jpeg(121, 60)));
  append(pass(1, jpeg(120, 61)));
  append(pass(2, jpeg(120, 60), jpeg(300, 200)));
  append(pass(3, {'n', 'o'}));
  ASSERT_GT(jpeg(300, 200).size(), 25'000U);
  ASSERT_TRUE(drain());
  EXPECT_EQ(count("records_dead_lettered"), 4U);
  EXPECT_EQ(waiting(), 4U);
  for (const Call& call : police_.calls()) {
    const std::string picture = call.operation == "addBinaryCaptureData" ? call.one("binaryImage") : "";
    EXPECT_LE(picture.size(), (25'000U + 2) / 3 * 4);
    EXPECT_FALSE(call.operation == "addBinaryCaptureData" && call.one("binaryDataType") == "P" &&
                 call.one("captureTime").find("T17:02") == std::string::npos);
  }
}

TEST_F(Bof2Test, WithoutAKeyEverythingWaitsAndGoesOnceItIsThere) {
  keys_.drop();
  append(pass(0));
  EXPECT_FALSE(drain(20));
  EXPECT_THAT(police_.calls(), IsEmpty());
  EXPECT_EQ(waiting(), 1U);
  EXPECT_EQ(count("records_dead_lettered"), 0U);
  unlock();
  EXPECT_TRUE(drain());
  EXPECT_EQ(police_.stored().at(key(0)).times, 1);
}

TEST_F(Bof2Test, WhatWasSealedToNoUnlockKeyIsDeadLetteredAndHoldsUpNothing) {
  sealer_->replace_recipients({recipient_of(office_)});
  append(pass(0));
  sealer_->replace_recipients({recipient_of(office_), recipient_of(unlock_)});
  append(pass(1));
  ASSERT_TRUE(drain());
  EXPECT_EQ(count("records_dead_lettered"), 1U);
  EXPECT_EQ(count("records_delivered"), 1U);
  EXPECT_EQ(waiting(), 1U);
  EXPECT_EQ(police_.stored().count(key(1)), 1U);
}

TEST_F(Bof2Test, LedgerRecordsAreKeptAndHoldUpNothing) {
  RecordParts book;
  book.type = RecordType::coverage;
  book.record_class = RecordClass::ledger;
  book.document = {'{', '}'};
  append(book);
  append(pass(1));
  ASSERT_TRUE(drain());
  EXPECT_EQ(count("records_without_form"), 1U);
  EXPECT_EQ(count("records_dead_lettered"), 0U);
  EXPECT_EQ(state_.without_form, 1U);
  EXPECT_EQ(waiting(), 1U) << "for another profile";
  EXPECT_EQ(police_.stored().count(key(1)), 1U);
}

TEST_F(Bof2Test, NothingPlainAndNoKeyIsWrittenToTheDisk) {
  const Bytes plate = jpeg(120, 60, 4711);
  append(pass(0, plate));
  ASSERT_TRUE(drain());
  append(pass(1, plate));
  ASSERT_TRUE(queue_->flush());
  const std::string secret(unlock_.secret.view().begin(), unlock_.secret.view().end());
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
    if (!entry.is_regular_file()) continue;
    const auto text = read_text_file(entry.path());
    ASSERT_TRUE(text);
    ++files;
    EXPECT_EQ(text->find(secret), std::string::npos) << entry.path();
    EXPECT_EQ(text->find(to_hex(unlock_.secret.view())), std::string::npos) << entry.path();
    EXPECT_EQ(text->find("AB12CDE"), std::string::npos) << entry.path();
    EXPECT_EQ(text->find(std::string(plate.begin() + 100, plate.begin() + 160)), std::string::npos);
  }
  EXPECT_GT(files, 5U);
}

TEST_F(Bof2Test, APrivateKeyThatOthersCanReadIsRefused) {
  fs::permissions(options_.service.private_key, fs::perms(0640));
  const auto made = make_bof2_back_office(options_, keys_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, AllOf(HasSubstr("upload.private_key: "), HasSubstr("has mode 0640")));
}

TEST_F(Bof2Test, OnlyTls13AndOnlyTheConfiguredAuthorityCount) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n" +
                             PoliceServiceDouble::reply("sendCapture", "");
  doubles::RawTlsServer old(authority_.issue("old"), authority_.certificate(), answer, TLS1_2_VERSION);
  append(pass(0, {}, {}));
  options_.service.url = old.url();
  EXPECT_FALSE(drain(3));
  EXPECT_EQ(old.conversations(), 0);
  const doubles::TestAuthority stranger(folder_.path(), "stranger");
  options_.service.url = police_.url();
  options_.service.ca_certificate = stranger.certificate();
  EXPECT_FALSE(drain(3));
  EXPECT_THAT(police_.calls(), IsEmpty());
  options_.service.ca_certificate = folder_.path() / "none.crt";
  EXPECT_FALSE(make_bof2_back_office(options_, keys_));
}

}  // namespace
}  // namespace wayside
