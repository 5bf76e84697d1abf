// What cameras send is taken only where they signed it, where it can be opened, and where it is true to
// itself; and what is kept proves that at any later time.
#include "src/backoffice/receiver.hpp"

#include <functional>

#include <gmock/gmock.h>

#include "tests/backoffice/test_office.hpp"

namespace wayside::backoffice {
namespace {

using Outcome = Receipt::Outcome;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::vector<Outcome> outcomes(const std::vector<Receipt>& receipts) {
  std::vector<Outcome> out;
  for (const Receipt& receipt : receipts)
    out.push_back(receipt.outcome);
  return out;
}

class ReceiverTest : public testing::Test {
 protected:
  void expect_refused(const Sending& sending, const std::string& reason) {
    const Receipt receipt = office_.take_one(sending);
    EXPECT_EQ(receipt.outcome, Outcome::refused);
    EXPECT_THAT(receipt.reason, HasSubstr(reason));
    EXPECT_FALSE(office_.store().known({sample_device, sample_queue, sending.number}).value());
  }
  std::vector<StoredRecord> stored() {
    std::vector<StoredRecord> records;
    EXPECT_TRUE(office_.store().visit_all([&](const StoredRecord& record) -> Status {
      records.push_back(record);
      return {};
    }));
    return records;
  }
  // Why this document would be refused, properly sealed and signed.
  std::string refusal_of(const std::function<void(json&)>& change) {
    SampleRecord sample = sample_record(sample_device);
    change(sample.document);
    const Receipt receipt = office_.take_one(camera_.seal(parts_of(sample)).text());
    EXPECT_EQ(receipt.outcome, Outcome::refused);
    return receipt.reason;
  }

  TestOffice office_;
  SealingCamera camera_ = office_.new_camera();
};

TEST_F(ReceiverTest, WholeRecordInOneBatchIsAcceptedThenADuplicate) {
  const SealedSample pass = camera_.pass();
  const auto first = office_.take(pass.all());
  EXPECT_THAT(outcomes(first), ElementsAre(Outcome::accepted, Outcome::accepted, Outcome::accepted));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(first[i].sha256, sha256(pass.all()[i].payload));
  const auto again = office_.take(pass.all());
  EXPECT_THAT(outcomes(again), ElementsAre(Outcome::duplicate, Outcome::duplicate, Outcome::duplicate));
  EXPECT_EQ(again[0].sha256, sha256(pass.text().payload));
  EXPECT_THAT(office_.new_records(), ElementsAre(sample_record(sample_device).document.dump()));
}

TEST_F(ReceiverTest, TwiceInOneBatchIsStoredOnce) {
  const SealedSample pass = camera_.pass();
  EXPECT_THAT(outcomes(office_.take({pass.text(), pass.text(), pass.plate(), pass.plate()})),
              ElementsAre(Outcome::accepted, Outcome::duplicate, Outcome::accepted, Outcome::duplicate));
  EXPECT_THAT(office_.new_records(), SizeIs(1));
}

TEST_F(ReceiverTest, WhatIsKeptProvesThatItIsWhatTheDeviceSigned) {
  const SealedSample pass = camera_.pass();
  office_.put(pass.all());
  const StoredRecord kept = stored().at(0);
  EXPECT_EQ(kept.head, pass.record.head);
  EXPECT_TRUE(signature_good(kept.head, camera_.key()));
  const auto head = decode_head(kept.head);
  ASSERT_TRUE(head);
  const RecordKey key{RecordView::full, Secret(kept.key)};
  const auto again = [&](PartKind kind, ByteView plain) {
    return seal_again(*head, key, kind, plain).value();
  };
  EXPECT_EQ(again(PartKind::document, as_bytes(kept.document)), *pass.record.part(PartKind::document));
  EXPECT_EQ(again(PartKind::plate, kept.plate->bytes), *pass.record.part(PartKind::plate));
  EXPECT_EQ(again(PartKind::overview, kept.overview->bytes), *pass.record.part(PartKind::overview));
}

TEST_F(ReceiverTest, PicturesMayComeLaterAndNeedTheirText) {
  const SealedSample pass = camera_.pass();
  EXPECT_EQ(office_.take_one(pass.plate()).outcome, Outcome::text_missing);
  office_.put({pass.text()});
  EXPECT_FALSE(stored().at(0).complete());
  office_.put({pass.overview()});
  office_.put({pass.plate()});
  EXPECT_TRUE(stored().at(0).complete());
}

TEST_F(ReceiverTest, OneBadShipmentDoesNotHoldUpTheOthers) {
  const SealedSample first = camera_.pass();
  SealedSample bad = camera_.pass();
  const SealedSample last = camera_.pass();
  bad.record.head.back() ^= 1;
  const auto receipts = office_.take({first.text(), bad.text(), bad.plate(), last.text(), last.plate()});
  EXPECT_THAT(outcomes(receipts), ElementsAre(Outcome::accepted, Outcome::refused, Outcome::refused,
                                              Outcome::accepted, Outcome::accepted));
  EXPECT_THAT(receipts[2].reason, HasSubstr("its text was not taken"));
}

TEST_F(ReceiverTest, AHashThatIsNotThePayloadsIsDamageOnTheWay) {
  const SealedSample pass = camera_.pass();
  Bytes body = batch_of({pass.text()});
  body.back() ^= 1;
  const auto batch = parse_batch(body);
  ASSERT_TRUE(batch);
  TestOffice& office = office_;
  const auto keys = OfficeKeys::load(office.recipients_folder());
  const auto taken = Receiver(office.store(), **keys).take(sample_device, *batch, TestOffice::now);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->receipts.at(0).outcome, Outcome::damaged);
  office_.put({pass.text()});
}

// A camera whose card was put back to an older state, before it hears of it: its records have no other
// number.
TEST_F(ReceiverTest, ASecondRecordOfANumberThatTheDeviceSignedIsKeptWholeBesideTheFirst) {
  const SealedSample first = camera_.pass("AB12CDE");
  office_.put(first.all());
  camera_.number = first.number;
  camera_.previous = {};
  const SealedSample second = camera_.pass("FG34HJK", 1);
  EXPECT_THAT(outcomes(office_.take(second.all())),
              ElementsAre(Outcome::accepted, Outcome::accepted, Outcome::accepted));
  for (const SealedSample& one : {first, second}) {
    EXPECT_THAT(outcomes(office_.take(one.all())),
                ElementsAre(Outcome::duplicate, Outcome::duplicate, Outcome::duplicate));
  }
  const auto records = stored();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].head, first.record.head);
  EXPECT_EQ(records[1].head, second.record.head);
  EXPECT_EQ(records[1].id.twin, 1U);
  for (const StoredRecord& record : records)
    EXPECT_TRUE(record.complete());
  EXPECT_NE(records[0].plate->bytes, records[1].plate->bytes);
  EXPECT_THAT(office_.new_records(), SizeIs(2));
}

TEST_F(ReceiverTest, PicturesFindTheirTextAmongTwinsAlsoInALaterBatch) {
  const SealedSample first = camera_.pass("AB12CDE");
  camera_.number = first.number;
  const SealedSample second = camera_.pass("FG34HJK", 1);
  office_.put({first.text(), second.text()});
  office_.put({second.plate(), first.overview(), first.plate(), second.overview()});
  for (const StoredRecord& record : stored())
    EXPECT_TRUE(record.complete());
}

TEST_F(ReceiverTest, OtherBytesUnderAKeyThatTheDeviceDidNotSignAreAMismatchAndTheFirstStays) {
  const SealedSample first = camera_.pass();
  office_.put(first.all());
  SealingCamera stranger(sample_device, Secret::random(), office_.recipients());
  const SealedSample forged = stranger.pass();
  EXPECT_THAT(outcomes(office_.take(forged.all())),
              ElementsAre(Outcome::mismatch, Outcome::mismatch, Outcome::mismatch));
  ASSERT_THAT(stored(), SizeIs(1));
  EXPECT_EQ(stored().at(0).head, first.record.head);
  EXPECT_THAT(office_.new_records(), SizeIs(1));
}

TEST_F(ReceiverTest, ANumberHasSoManyRecordsAndNoMore) {
  for (std::uint32_t i = 0; i < most_twins; ++i) {
    camera_.number = 1;
    office_.put({camera_.pass().text()});
  }
  camera_.number = 1;
  EXPECT_EQ(office_.take_one(camera_.pass().text()).outcome, Outcome::mismatch);
  EXPECT_THAT(stored(), SizeIs(most_twins));
}

TEST_F(ReceiverTest, AHeadMustBeItsShipmentsAndItsSendersOwn) {
  const SealedSample pass = camera_.pass();
  Sending other = pass.text();
  other.number = 2;
  expect_refused(other, "the head's number is not the shipment's");
  other = pass.text();
  other.queue_uuid[0] = 0xff;
  expect_refused(other, "the head's queue uuid is not the shipment's");
  SealingCamera neighbour = office_.new_camera("fedcba9876543210");
  expect_refused(neighbour.pass().text(), "the head's device id is not the sender's");
}

TEST_F(ReceiverTest, OnlyWhatAnEnrolledKeyOfTheDeviceSignedIsTaken) {
  SealingCamera stranger(sample_device, Secret::random(), office_.recipients());
  expect_refused(stranger.pass().text(), "signed with a key that the device was not enrolled with");
  SealedSample forged = camera_.pass();
  forged.record.head.back() ^= 1;
  expect_refused(forged.text(), "the head's signature is wrong");
}

TEST_F(ReceiverTest, RecordsSignedBeforeANewKeyWasEnrolledStillVerify) {
  const SealedSample before = camera_.pass();
  SealingCamera renewed = office_.new_camera();
  renewed.number = 2;
  office_.put({before.text(), renewed.pass().text()});
  EXPECT_THAT(office_.store().device_keys(sample_device).value(), SizeIs(2));
}

TEST_F(ReceiverTest, ARecordSealedToAKeyThatIsNotThereIsAskedForAgainLater) {
  const Recipient other{"other", make_recipient_secret().key, RecordView::full, {}, {}, {}, {}};
  camera_.sealer().replace_recipients({other});
  const SealedSample pass = camera_.pass();
  const auto receipts = office_.take(pass.all());
  // Its pictures too: a camera sends what was refused no more.
  EXPECT_THAT(outcomes(receipts), ElementsAre(Outcome::later, Outcome::later, Outcome::later));
  EXPECT_THAT(receipts[0].reason, HasSubstr("sealed to none of the office's keys"));
  EXPECT_TRUE(stored().empty());
}

TEST_F(ReceiverTest, RetiredKeysOpenAndKeysMadeMeanwhileAreFound) {
  const SealedSample earlier = camera_.pass();
  ASSERT_TRUE(make_recipient_key(office_.recipients_folder(), TestOffice::now,
                                 TestOffice::now + std::chrono::hours(1)));
  std::vector<Recipient> newest = office_.recipients();
  std::erase_if(newest, [](const Recipient& one) { return one.successor.has_value(); });
  ASSERT_THAT(newest, SizeIs(1));
  camera_.sealer().replace_recipients(newest);
  office_.put({earlier.text(), camera_.pass().text()});
}

TEST_F(ReceiverTest, KeysThatCannotBeReadAreNoReasonToRefuse) {
  const Recipient other{"other", make_recipient_secret().key, RecordView::full, {}, {}, {}, {}};
  camera_.sealer().replace_recipients({other});
  std::filesystem::rename(office_.recipients_folder(), office_.folder() / "away");
  EXPECT_EQ(office_.take_one(camera_.pass().text()).outcome, Outcome::later);
}

TEST_F(ReceiverTest, TextsThatAreNotAsLongAsTheirHeadsSayAreRefused) {
  const SealedSample pass = camera_.pass();
  Sending longer = pass.text();
  longer.payload.push_back(0);
  expect_refused(longer, "longer than its head says");
  Sending shorter = pass.text();
  shorter.payload.pop_back();
  expect_refused(shorter, "shorter than its head says");
  for (const std::size_t size : {1U, 12U, 15U, 16U, 100U}) {
    Sending cut = pass.text();
    cut.payload.resize(size);
    expect_refused(cut, "");
  }
  Sending bent = pass.text();
  bent.payload.back() ^= 1;
  expect_refused(bent, "");
}

TEST_F(ReceiverTest, ReasonsNameTheFieldAndNeverItsValue) {
  const std::string lower_case = refusal_of([](json& d) { d["vrm"] = "secret12"; });
  EXPECT_THAT(lower_case, HasSubstr("field vrm does not fit"));
  EXPECT_THAT(lower_case, Not(HasSubstr("secret12")));
  EXPECT_THAT(refusal_of([](json& d) { d["speed_kmh"] = 48; }),
              HasSubstr("may not have a key \"speed_kmh\""));
  EXPECT_THAT(refusal_of([](json& d) { d["site"]["name"] = ""; }), HasSubstr("field site.name does not fit"));
  EXPECT_THAT(refusal_of([](json& d) { d["site"]["speed"] = 1; }),
              HasSubstr("field site may not have a key \"speed\""));
  EXPECT_THAT(refusal_of([](json& d) { d.erase("time"); }), HasSubstr("the document lacks \"time\""));
  EXPECT_THAT(refusal_of([](json& d) { d["alternatives"][0]["confidence"] = 2; }),
              HasSubstr("field alternatives.0.confidence does not fit"));
  EXPECT_THAT(refusal_of([](json& d) { d["device_id"] = "ffffffffffffffff"; }),
              HasSubstr("field device_id differs from the sender's"));
  EXPECT_THAT(refusal_of([](json& d) { d["version"] = 2; }), HasSubstr("field version does not fit"));
  EXPECT_THAT(refusal_of([](json& d) { d[std::string(3000, 'k')] = 2; }), SizeIs(testing::Lt(200U)));
  EXPECT_THAT(stored(), SizeIs(0));
  EXPECT_THAT(office_.new_records(), SizeIs(0));
}

TEST_F(ReceiverTest, WhatIsNoDocumentIsRefused) {
  for (const std::string& text :
       {std::string{"x"}, std::string{"[]"}, std::string{"{}"}, std::string{"null"},
        std::string{"{\"version\":1"}, std::string(60'000, '['), std::string{"\xff\xfe"}}) {
    RecordParts parts;
    parts.document = bytes_of(text);
    expect_refused(camera_.seal(parts).text(), "");
  }
}

TEST_F(ReceiverTest, PicturesMustBeTheOnesTheDocumentNames) {
  const auto refusal = [&](const std::function<void(SampleRecord&)>& change, bool plate) {
    SampleRecord sample = sample_record(sample_device);
    change(sample);
    const SealedSample sealed = camera_.seal(parts_of(sample));
    office_.put({sealed.text()});
    const Receipt receipt = office_.take_one(plate ? sealed.plate() : sealed.overview());
    EXPECT_EQ(receipt.outcome, Outcome::refused);
    return receipt.reason;
  };
  EXPECT_THAT(refusal([](SampleRecord& r) { r.plate = "GIF89a" + std::string(100, 'x'); }, true),
              HasSubstr("the plate picture is not JPEG"));
  EXPECT_THAT(refusal([](SampleRecord& r) { r.plate += "x"; }, true), HasSubstr("field images.plate.bytes"));
  EXPECT_THAT(refusal([](SampleRecord& r) { r.plate[10] = '!'; }, true),
              HasSubstr("field images.plate.sha256"));
  EXPECT_THAT(refusal([](SampleRecord& r) { r.overview = r.plate; }, false),
              HasSubstr("field images.overview.bytes"));
}

TEST_F(ReceiverTest, PicturesThatTheHeadDoesNotNameAreRefused) {
  const SealedSample without = camera_.seal(parts_of(sample_record(sample_device), false));
  const SealedSample with = camera_.pass();
  office_.put({without.text(), with.text()});
  Sending plate = with.plate();
  plate.number = without.number;
  const Receipt receipt = office_.take_one(plate);
  EXPECT_EQ(receipt.outcome, Outcome::refused);
  EXPECT_THAT(receipt.reason, HasSubstr("the record has no plate picture"));
  Sending overview_as_plate = with.overview();
  overview_as_plate.part = ShipmentPart::plate;
  EXPECT_EQ(office_.take_one(overview_as_plate).outcome, Outcome::refused);
}

TEST_F(ReceiverTest, LedgerRecordsAreKeptAsDocumentsOfTheirKind) {
  office_.put({camera_.seal(ledger_parts(RecordType::clock, clock_document(sample_device))).text(),
               camera_.seal(ledger_parts(RecordType::audit, audit_document(sample_device))).text()});
  expect_refused(
      camera_.seal(ledger_parts(RecordType::clock, R"({"schema":"wayside-clock-1","step_ms":7})")).text(),
      "the document lacks");
  expect_refused(camera_.seal(ledger_parts(RecordType::clock, clock_document("ffffffffffffffff"))).text(),
                 "device_id differs");
  expect_refused(camera_.seal(ledger_parts(RecordType::audit, R"({"schema":"wayside-audit-1"})")).text(),
                 "the document lacks");
  expect_refused(camera_.seal(ledger_parts(RecordType::audit, audit_document("ffffffffffffffff"))).text(),
                 "device_id differs");
  expect_refused(camera_.seal(ledger_parts(RecordType::audit, R"({"schema":"wayside-clock-1"})")).text(),
                 "field schema must be wayside-audit-1");
  expect_refused(
      camera_.seal(ledger_parts(RecordType::coverage, R"({"schema":"wayside-coverage-1"})")).text(),
      "the document lacks");
  EXPECT_EQ(stored().at(1).type, RecordType::audit);
  EXPECT_EQ(stored().at(0).record_class, RecordClass::ledger);
  EXPECT_THAT(office_.new_records(), SizeIs(0));
}

TEST_F(ReceiverTest, APseudonymousPartIsKeptAsItWasSent) {
  std::vector<Recipient> recipients = office_.recipients();
  recipients.push_back(
      {"journey times", make_recipient_secret().key, RecordView::pseudonym, {}, {}, {}, Bytes(32, 7)});
  camera_.sealer().replace_recipients(recipients);
  RecordParts parts = parts_of(sample_record(sample_device));
  parts.pseudonymous = bytes_of("{}");
  const SealedSample sealed = camera_.seal(parts);
  ASSERT_NE(sealed.record.part(PartKind::pseudonymous), nullptr);
  office_.put(sealed.all());
  EXPECT_EQ(stored().at(0).pseudonymous, *sealed.record.part(PartKind::pseudonymous));
}

TEST_F(ReceiverTest, WhereTheStoreFailsNothingOfTheBatchIsStored) {
  const SealedSample pass = camera_.pass();
  office_.run_sql("CREATE TRIGGER full BEFORE INSERT ON parts BEGIN SELECT RAISE(ABORT, 'no room'); END");
  EXPECT_THROW(office_.take(pass.all()), std::runtime_error);
  EXPECT_THAT(stored(), SizeIs(0));
  EXPECT_THAT(office_.new_records(), SizeIs(0));
  office_.run_sql("DROP TRIGGER full");
  office_.put(pass.all());
}

}  // namespace
}  // namespace wayside::backoffice
