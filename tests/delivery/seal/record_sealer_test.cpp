// To whom the sealer seals at which time, what it refuses, and what it says about its recipients.
#include "wayside/delivery/seal/record_sealer.hpp"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>

#include "tests/delivery/seal/bytes_of.hpp"
#include "tests/doubles/test_sealer.hpp"

namespace wayside {
namespace {

using std::chrono::days;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr UtcTime today{1'795'000'000'000};  // 2026-11-18T11:06:40Z

RecordParts small_capture() {
  RecordParts parts;
  parts.document = bytes_of(R"({"vrm":"AB12CDE"})");
  parts.plate = Bytes(2'000, 1);
  parts.overview = Bytes(20'000, 2);
  return parts;
}

RecordParts ledger(RecordType type) {
  RecordParts parts;
  parts.type = type;
  parts.record_class = RecordClass::ledger;
  parts.document = bytes_of(R"({"day":"2026-11-18"})");
  return parts;
}

Recipient recipient(const std::string& name, RecordView view = RecordView::full) {
  Recipient one;
  one.name = name;
  one.key = make_recipient_secret().key;
  one.view = view;
  if (view == RecordView::pseudonym) one.pseudonym_key = Bytes(32, 1);
  return one;
}

class RecordSealerTest : public testing::Test {
 protected:
  void use(std::vector<Recipient> recipients) { sealer_->replace_recipients(std::move(recipients)); }
  Result<SealedRecord> seal(const RecordParts& parts = small_capture()) {
    return sealer_->seal({{}, SequenceNumber(1), {}}, parts);
  }
  std::vector<KeyId> boxes(const RecordParts& parts = small_capture()) {
    std::vector<KeyId> ids;
    const auto record = seal(parts);
    if (!record) return ids;
    const auto head = decode_head(record->head);
    EXPECT_TRUE(head) << head.error().message;
    for (const RecordHead::Box& box : head->boxes)
      ids.push_back(box.recipient);
    return ids;
  }

  std::optional<UtcTime> now_ = today;
  std::unique_ptr<ReplaceableSealer> sealer_ =
      make_record_sealer({"0123456789abcdef", Secret::random(), {}, [this] { return now_; }});
};

TEST_F(RecordSealerTest, WithoutARecipientNothingIsSealed) {
  const auto record = seal();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::unavailable);
  EXPECT_THAT(record.error().message, HasSubstr("there is no recipient with the view \"full\""));
  EXPECT_EQ(sealer_->problem(), record.error().message);
}

TEST_F(RecordSealerTest, RecipientsOfALesserViewAloneDoNotDo) {
  use({recipient("desk", RecordView::text), recipient("traffic", RecordView::pseudonym)});
  const auto record = seal();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::unavailable);
}

TEST_F(RecordSealerTest, SealsToThoseWhoseKeyIsValidNow) {
  Recipient old = recipient("old"), current = recipient("current"), next = recipient("next");
  old.valid_until = today;  // the first moment at which it is not
  current.valid_from = today;
  current.valid_until = today + days(30);
  next.valid_from = today + days(20);
  use({old, current, next});
  EXPECT_THAT(boxes(), ElementsAre(key_id(current.key)));
  now_ = today + days(25);  // both, while one takes over
  EXPECT_THAT(boxes(), ElementsAre(key_id(current.key), key_id(next.key)));
  now_ = today + days(30);
  EXPECT_THAT(boxes(), ElementsAre(key_id(next.key)));
  now_ = today + std::chrono::milliseconds(-1);
  EXPECT_THAT(boxes(), ElementsAre(key_id(old.key)));
}

TEST_F(RecordSealerTest, WhenTheLastKeyHasEndedItSaysWhoseAndUntilWhen) {
  Recipient old = recipient("Control room"), next = recipient("Next");
  old.valid_until = today + days(-1);
  next.valid_from = today + days(1);
  use({old, next});
  const auto record = seal();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::unavailable);
  EXPECT_THAT(record.error().message,
              AllOf(HasSubstr("no recipient's key is valid"), HasSubstr("\"Control room\""),
                    HasSubstr("was valid until 2026-11-17T"), HasSubstr("is valid from 2026-11-19T"),
                    HasSubstr("clock")));
}

TEST_F(RecordSealerTest, WithoutATimeEveryKeyCountsAsValid) {
  Recipient old = recipient("old"), next = recipient("next");
  old.valid_until = today + days(-1);
  next.valid_from = today + days(1);
  use({old, next});
  now_ = std::nullopt;
  EXPECT_EQ(boxes().size(), 2U);
  EXPECT_THAT(sealer_->problem(), IsEmpty());
}

TEST_F(RecordSealerTest, ReplacedRecipientsCountFromTheNextRecordOn) {
  const Recipient first = recipient("first"), second = recipient("second");
  use({first});
  EXPECT_THAT(boxes(), ElementsAre(key_id(first.key)));
  use({second});
  EXPECT_THAT(boxes(), ElementsAre(key_id(second.key)));
}

TEST_F(RecordSealerTest, RecipientsMayBeReplacedWhileRecordsAreSealed) {
  const Recipient first = recipient("first"), second = recipient("second");
  use({first});
  const std::jthread replacing([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      use({second});
      EXPECT_THAT(sealer_->problem(), IsEmpty());
      use({first});
    }
  });
  for (int i = 0; i < 100; ++i) {
    const auto sealed_to = boxes();
    ASSERT_EQ(sealed_to.size(), 1U);
    EXPECT_TRUE(sealed_to[0] == key_id(first.key) || sealed_to[0] == key_id(second.key));
  }
}

TEST_F(RecordSealerTest, PseudonymRecipientsGetABoxWhereThereIsAPseudonym) {
  const Recipient office = recipient("office"), traffic = recipient("traffic", RecordView::pseudonym);
  use({traffic, office});
  EXPECT_THAT(boxes(), ElementsAre(key_id(office.key)));
  RecordParts parts = small_capture();
  parts.pseudonymous = bytes_of(R"({"pseudonym":"00"})");
  EXPECT_THAT(boxes(parts), ElementsAre(key_id(office.key), key_id(traffic.key)));
}

TEST_F(RecordSealerTest, APseudonymThatNobodyWouldGetIsLeftOut) {
  use({recipient("office"), recipient("desk", RecordView::text)});
  RecordParts parts = small_capture();
  parts.pseudonymous = bytes_of(R"({"pseudonym":"00"})");
  EXPECT_EQ(seal(parts).value().part(PartKind::pseudonymous), nullptr);
}

TEST_F(RecordSealerTest, EmptyPartsAreLeftOut) {
  use({recipient("office")});
  RecordParts parts = small_capture();
  parts.plate.clear();
  const SealedRecord record = seal(parts).value();
  ASSERT_EQ(record.parts.size(), 2U);
  EXPECT_EQ(record.parts[1].kind, PartKind::overview);
}

TEST_F(RecordSealerTest, LedgerRecordsGoToFullAndTextRecipients) {
  const Recipient office = recipient("office"), desk = recipient("desk", RecordView::text);
  use({desk, office, recipient("traffic", RecordView::pseudonym)});
  for (const RecordType type : {RecordType::coverage, RecordType::clock, RecordType::audit})
    EXPECT_THAT(boxes(ledger(type)), ElementsAre(key_id(office.key), key_id(desk.key)));
}

TEST_F(RecordSealerTest, WhatIsNoRecordIsRefusedWithTheReason) {
  use({recipient("office")});
  const auto refused = [&](RecordParts parts, const std::string& words) {
    const auto record = seal(parts);
    ASSERT_FALSE(record) << words;
    EXPECT_EQ(record.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(record.error().message, HasSubstr(words));
  };
  RecordParts parts = small_capture();
  parts.document.clear();
  refused(parts, "needs a document");
  parts = small_capture();
  parts.record_class = RecordClass::ledger;
  refused(parts, "of the class ordinary or hit");
  parts = ledger(RecordType::audit);
  parts.record_class = RecordClass::hit;
  refused(parts, "of the class ledger");
  parts = ledger(RecordType::audit);
  parts.plate = Bytes(10, 1);
  refused(parts, "only a capture record has pictures");
  refused(ledger(RecordType::gap), "signed, not sealed");
  parts = small_capture();
  parts.overview = Bytes(largest_part_bytes);
  refused(parts, "at most 16777072 bytes");
}

TEST_F(RecordSealerTest, TheLargestPartOfAllHasAHeadThatIsTaken) {
  use({recipient("office")});
  RecordParts parts = small_capture();
  parts.overview = Bytes(16'777'072);
  EXPECT_TRUE(decode_head(seal(parts).value().head));
}

TEST_F(RecordSealerTest, AKeyThatNothingCanBeSealedToIsRefused) {
  Recipient zero = recipient("zero");
  zero.key = {};
  use({zero});
  const auto record = seal();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::invalid_input);
}

TEST_F(RecordSealerTest, TheSizeToldBeforehandIsNeverExceeded) {
  std::vector<Recipient> crowd;
  for (std::size_t i = 0; i < most_boxes; ++i)
    crowd.push_back(recipient("office"));
  use(crowd);
  for (const std::size_t size : {1U, 127U, 128U, 129U, 5'000U}) {
    RecordParts parts = small_capture();
    parts.document = Bytes(size, 'x');
    const SealedRecord record = seal(parts).value();
    std::size_t bytes = record.head.size();
    for (const SealedPart& part : record.parts)
      bytes += part.bytes.size();
    EXPECT_EQ(bytes, sealer_->sealed_bytes(parts));
    use({crowd.front()});
    EXPECT_LE(seal(parts).value().head.size() + bytes - record.head.size(), sealer_->sealed_bytes(parts));
    use(crowd);
  }
}

TEST_F(RecordSealerTest, MoreRecipientsThanBoxesAreTold) {
  std::vector<Recipient> crowd = {recipient("desk", RecordView::text)};
  for (std::size_t i = 0; i < most_boxes; ++i)
    crowd.push_back(recipient("office"));
  use(crowd);
  const auto sealed_to = boxes();
  EXPECT_EQ(sealed_to.size(), most_boxes);
  EXPECT_EQ(std::count(sealed_to.begin(), sealed_to.end(), key_id(crowd.front().key)), 0);
  EXPECT_THAT(sealer_->problem(), HasSubstr("9 recipients are valid and a record is sealed to 8 at most"));
}

TEST_F(RecordSealerTest, ItWarnsFourteenDaysBeforeTheLastKeyEnds) {
  Recipient office = recipient("Control room");
  office.valid_until = today + days(14) + std::chrono::milliseconds(1);
  use({office, recipient("desk", RecordView::text)});
  EXPECT_THAT(sealer_->problem(), IsEmpty());
  now_ = today + days(1);
  EXPECT_THAT(sealer_->problem(), AllOf(HasSubstr("\"Control room\""), HasSubstr("ends at 2026-12-02T"),
                                        HasSubstr("no other is valid then")));
  EXPECT_TRUE(seal());
}

TEST_F(RecordSealerTest, ASuccessorThatIsThereEndsTheWarning) {
  Recipient office = recipient("office"), next = recipient("next");
  office.valid_until = today + days(5);
  office.successor = key_id(next.key);
  use({office});
  EXPECT_THAT(sealer_->problem(), HasSubstr("its successor " + to_hex(*office.successor)));
  next.valid_from = today + days(5);
  use({office, next});
  EXPECT_THAT(sealer_->problem(), IsEmpty());
  next.valid_from = today + days(6);  // a day without any key
  use({office, next});
  EXPECT_THAT(sealer_->problem(), HasSubstr("is not valid by then"));
  next.valid_from = today + days(4);
  next.valid_until = today + days(9);  // a successor that ends too soon is none for long
  use({office, next});
  EXPECT_THAT(sealer_->problem(), HasSubstr("\"next\""));
}

TEST(TestSealer, OpensWhatItSealed) {
  doubles::TestSealer sealer;
  const auto record = sealer.seal({{}, SequenceNumber(1), {}}, small_capture());
  ASSERT_TRUE(record);
  const auto opened = sealer.open(*record);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->document, small_capture().document);
  EXPECT_EQ(opened->overview, small_capture().overview);
  EXPECT_FALSE(doubles::TestSealer().open(*record));
  sealer.lose_recipient();
  EXPECT_FALSE(sealer.seal({{}, SequenceNumber(2), {}}, small_capture()));
}

}  // namespace
}  // namespace wayside
