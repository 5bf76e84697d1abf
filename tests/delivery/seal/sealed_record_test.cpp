// What is sealed opens for whom it is meant, as far as it is meant for them, and for nobody once a bit of it
// was changed.
#include "wayside/delivery/seal/sealed_record.hpp"

#include <algorithm>

#include <gmock/gmock.h>

#include "wayside/base/signature.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"

#include "src/delivery/seal/head_format.hpp"
#include "tests/delivery/seal/bytes_of.hpp"
#include "tests/doubles/test_sealer.hpp"

namespace wayside {
namespace {

using testing::HasSubstr;

constexpr std::string_view device_id = "00112233445566ff";

RecordParts capture() {
  RecordParts parts;
  parts.record_class = RecordClass::hit;
  parts.document = bytes_of(R"({"vrm":"AB12CDE","captured_at":"2026-11-22T17:35:40.123Z"})");
  parts.plate = bytes_of("\xff\xd8\xff\xe0 plate JFIF");
  parts.overview = Bytes(25'000, 0xA5);
  parts.overview[0] = 0xFF;
  parts.overview[1] = 0xD8;
  parts.pseudonymous = bytes_of(R"({"pseudonym":"00112233445566778899aabbccddeeff"})");
  return parts;
}

RecordPlace place(std::uint64_t number = 7) {
  RecordPlace at;
  for (std::size_t i = 0; i < at.queue_uuid.size(); ++i)
    at.queue_uuid[i] = static_cast<std::uint8_t>(i);
  at.number = SequenceNumber(number);
  at.previous.fill(0x11);
  return at;
}

// Three recipients, one of each view.
class SealedRecordTest : public testing::Test {
 protected:
  static Recipient recipient(const RecipientSecret& secret, RecordView view) {
    Recipient one;
    one.name = std::string(to_string(view));
    one.key = secret.key;
    one.view = view;
    if (view == RecordView::pseudonym) one.pseudonym_key = Bytes(32, 1);
    return one;
  }
  std::unique_ptr<ReplaceableSealer> sealer() {
    Secret seed = Secret::random();
    device_ = verifying_key(seed);
    return make_record_sealer({std::string(device_id),
                               std::move(seed),
                               {recipient(office_, RecordView::full), recipient(desk_, RecordView::text),
                                recipient(traffic_, RecordView::pseudonym)},
                               {}});
  }
  static const Bytes& sealed(const SealedRecord& record, PartKind kind) { return *record.part(kind); }
  static Result<Bytes> opened(const SealedRecord& record, const RecipientSecret& secret, PartKind kind) {
    const auto head = decode_head(record.head);
    if (!head) return fail(head.error());
    const auto key = open_box(*head, secret);
    if (!key) return fail(key.error());
    return open_part(*head, *key, kind, sealed(record, kind));
  }
  static ErrorCode code_of(const Result<Bytes>& result) {
    return result ? ErrorCode::io : result.error().code;
  }

  RecipientSecret office_ = make_recipient_secret();
  RecipientSecret desk_ = make_recipient_secret();
  RecipientSecret traffic_ = make_recipient_secret();
  PublicKey device_{};
  std::unique_ptr<ReplaceableSealer> sealer_ = sealer();
  SealedRecord record_ = sealer_->seal(place(), capture()).value();
};

TEST_F(SealedRecordTest, TheHeadSaysWhatTheRecordIs) {
  const RecordHead head = decode_head(record_.head).value();
  EXPECT_EQ(head.type, RecordType::capture);
  EXPECT_EQ(head.record_class, RecordClass::hit);
  EXPECT_EQ(head.device_id, device_id);
  EXPECT_EQ(head.queue_uuid, place().queue_uuid);
  EXPECT_EQ(head.number, place().number);
  EXPECT_EQ(head.previous, place().previous);
  EXPECT_EQ(head.signer, key_id(device_));
  ASSERT_EQ(head.parts.size(), 4U);
  for (std::size_t i = 0; i < head.parts.size(); ++i) {
    EXPECT_EQ(head.parts[i].kind, record_.parts[i].kind);
    EXPECT_TRUE(check_part(head, head.parts[i].kind, record_.parts[i].bytes));
  }
  ASSERT_EQ(head.boxes.size(), 3U);
  EXPECT_EQ(head.boxes[0].recipient, key_id(office_.key));
  EXPECT_EQ(head.boxes[1].view, RecordView::text);
  EXPECT_EQ(head.boxes[2].view, RecordView::pseudonym);
  EXPECT_TRUE(signature_good(record_.head, device_));
  EXPECT_EQ(chain_hash(record_.head), sha256(record_.head));
  EXPECT_EQ(seal::encode_head(head), record_.head);
}

TEST_F(SealedRecordTest, TheFullViewOpensEverything) {
  const RecordParts in = capture();
  EXPECT_EQ(opened(record_, office_, PartKind::document).value(), in.document);
  EXPECT_EQ(opened(record_, office_, PartKind::plate).value(), in.plate);
  EXPECT_EQ(opened(record_, office_, PartKind::overview).value(), in.overview);
  EXPECT_EQ(opened(record_, office_, PartKind::pseudonymous).value(), in.pseudonymous);
}

TEST_F(SealedRecordTest, TheTextViewOpensTheDocumentAndNoPicture) {
  EXPECT_EQ(opened(record_, desk_, PartKind::document).value(), capture().document);
  for (const PartKind kind : {PartKind::plate, PartKind::overview, PartKind::pseudonymous})
    EXPECT_EQ(code_of(opened(record_, desk_, kind)), ErrorCode::refused);
}

TEST_F(SealedRecordTest, ThePseudonymViewOpensThePseudonymAndNothingElse) {
  EXPECT_EQ(opened(record_, traffic_, PartKind::pseudonymous).value(), capture().pseudonymous);
  for (const PartKind kind : {PartKind::document, PartKind::plate, PartKind::overview})
    EXPECT_EQ(code_of(opened(record_, traffic_, kind)), ErrorCode::refused);
}

// That a view ends where it does is not a matter of this program's manners: the box holds no more.
TEST_F(SealedRecordTest, ALesserViewPassedOffAsTheFullOneOpensNothing) {
  const RecordHead head = decode_head(record_.head).value();
  for (const RecipientSecret* secret : {&desk_, &traffic_}) {
    RecordKey key = open_box(head, *secret).value();
    for (const RecordView view : {RecordView::full, RecordView::text, RecordView::pseudonym}) {
      if (view == key.view) continue;
      const RecordKey passed_off{view, Secret(key.secret.view())};
      for (const SealedPart& part : record_.parts) {
        EXPECT_FALSE(open_part(head, passed_off, part.kind, part.bytes));
      }
    }
  }
}

TEST_F(SealedRecordTest, SomebodyElseOpensNothing) {
  const auto box = open_box(decode_head(record_.head).value(), make_recipient_secret());
  ASSERT_FALSE(box);
  EXPECT_EQ(box.error().code, ErrorCode::refused);
}

TEST_F(SealedRecordTest, ADamagedBoxIsToldFromOneThatIsMissing) {
  RecordHead head = decode_head(record_.head).value();
  head.boxes[0].sealed_key[40] ^= 1U;
  const auto box = open_box(head, office_);
  ASSERT_FALSE(box);
  EXPECT_EQ(box.error().code, ErrorCode::corrupt);
}

TEST_F(SealedRecordTest, AnyBitFlippedInTheHeadIsRefused) {
  for (std::size_t bit = 0; bit < record_.head.size() * 8; ++bit) {
    Bytes head = record_.head;
    head[bit / 8] = static_cast<std::uint8_t>(head[bit / 8] ^ (1U << (bit % 8)));
    ASSERT_FALSE(signature_good(head, device_)) << "bit " << bit;
  }
}

TEST_F(SealedRecordTest, AnyBitFlippedInAPartIsRefused) {
  const RecordHead head = decode_head(record_.head).value();
  const RecordKey key = open_box(head, office_).value();
  for (const PartKind kind : {PartKind::document, PartKind::plate, PartKind::pseudonymous}) {
    const Bytes& part = sealed(record_, kind);
    for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
      Bytes changed = part;
      changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
      ASSERT_EQ(code_of(open_part(head, key, kind, changed)), ErrorCode::corrupt);
      // Behind the hash stands the cipher's own check, for a head that somebody made up to fit.
      RecordHead fitting = head;
      for (RecordHead::Part& one : fitting.parts) {
        if (one.kind == kind) one.hash = sha256(changed);
      }
      ASSERT_EQ(code_of(open_part(fitting, key, kind, changed)), ErrorCode::corrupt);
    }
  }
}

TEST_F(SealedRecordTest, APartCutShortOrLongerIsRefused) {
  const RecordHead head = decode_head(record_.head).value();
  const RecordKey key = open_box(head, office_).value();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{16}, sealed(record_, PartKind::plate).size() - 128,
        sealed(record_, PartKind::plate).size() + 128}) {
    Bytes part = sealed(record_, PartKind::plate);
    part.resize(size);
    EXPECT_EQ(code_of(open_part(head, key, PartKind::plate, part)), ErrorCode::corrupt);
  }
}

TEST_F(SealedRecordTest, ThePartOfAnotherRecordIsRefusedWhateverTheHeadSays) {
  // The same key and bytes under another number, of another queue, device, class or circle of recipients:
  // each is bound to the part.
  const RecordHead head = decode_head(record_.head).value();
  const RecordKey key = open_box(head, office_).value();
  const Bytes& part = sealed(record_, PartKind::document);
  ASSERT_TRUE(open_part(head, key, PartKind::document, part));
  const auto refused = [&](auto change) {
    RecordHead other = head;
    change(other);
    EXPECT_EQ(code_of(open_part(other, key, PartKind::document, part)), ErrorCode::corrupt);
  };
  refused([](RecordHead& other) { other.number = SequenceNumber(8); });
  refused([](RecordHead& other) { other.queue_uuid[0] ^= 1U; });
  refused([](RecordHead& other) { other.device_id = "00112233445566fe"; });
  refused([](RecordHead& other) { other.record_class = RecordClass::ordinary; });
  refused([](RecordHead& other) { other.boxes.pop_back(); });
  refused([](RecordHead& other) { other.boxes[1].view = RecordView::full; });
  refused([](RecordHead& other) { other.boxes[0].recipient[0] ^= 1U; });
  refused([](RecordHead& other) { std::swap(other.boxes[0], other.boxes[1]); });
}

TEST_F(SealedRecordTest, PartsSwappedBetweenTwoRecordsAreRefused) {
  const SealedRecord other = sealer_->seal(place(8), capture()).value();
  RecordHead head = decode_head(record_.head).value();
  const RecordHead other_head = decode_head(other.head).value();
  const RecordKey key = open_box(head, office_).value();
  const Bytes& foreign = sealed(other, PartKind::plate);
  EXPECT_EQ(code_of(open_part(head, key, PartKind::plate, foreign)), ErrorCode::corrupt);
  head.parts[1] = other_head.parts[1];
  EXPECT_EQ(code_of(open_part(head, key, PartKind::plate, foreign)), ErrorCode::corrupt);
  // Nor does the key of one record open another's.
  EXPECT_EQ(code_of(open_part(other_head, key, PartKind::plate, foreign)), ErrorCode::corrupt);
}

TEST_F(SealedRecordTest, TheSignatureOfAnotherDeviceIsRefused) {
  const auto old_device = device_;
  const auto other = sealer();
  const SealedRecord foreign = other->seal(place(), capture()).value();
  EXPECT_TRUE(signature_good(foreign.head, device_));
  EXPECT_FALSE(signature_good(foreign.head, old_device));
  EXPECT_FALSE(signature_good(record_.head, device_));
  EXPECT_FALSE(signature_good(record_.head, PublicKey{}));
  EXPECT_FALSE(signature_good({}, old_device));
}

TEST_F(SealedRecordTest, SealedAgainItIsTheSameBytes) {
  const RecordHead head = decode_head(record_.head).value();
  const struct {
    const RecipientSecret* who;
    std::vector<PartKind> kinds;
  } views[] = {
      {&office_, {PartKind::document, PartKind::plate, PartKind::overview, PartKind::pseudonymous}},
      {&desk_, {PartKind::document}},
      {&traffic_, {PartKind::pseudonymous}},
  };
  for (const auto& [who, kinds] : views) {
    const RecordKey key = open_box(head, *who).value();
    for (const PartKind kind : kinds) {
      const Bytes plain = open_part(head, key, kind, sealed(record_, kind)).value();
      EXPECT_EQ(seal_again(head, key, kind, plain).value(), sealed(record_, kind));
    }
  }
}

TEST_F(SealedRecordTest, OtherBytesAreNotSealedAgain) {
  const RecordHead head = decode_head(record_.head).value();
  const RecordKey key = open_box(head, office_).value();
  Bytes plain = capture().document;
  plain.back() ^= 1U;
  EXPECT_EQ(code_of(seal_again(head, key, PartKind::document, plain)), ErrorCode::corrupt);
  EXPECT_EQ(code_of(seal_again(head, open_box(head, desk_).value(), PartKind::plate, capture().plate)),
            ErrorCode::refused);
}

TEST_F(SealedRecordTest, LengthsTellWhole128sOnly) {
  for (const std::size_t size : {1U, 127U, 128U, 129U, 255U, 256U, 1000U}) {
    RecordParts parts;
    parts.document = Bytes(size, 'x');
    const SealedRecord one = sealer_->seal(place(), parts).value();
    EXPECT_EQ(sealed(one, PartKind::document).size(), (size / 128 + 1) * 128 + 16);
    EXPECT_EQ(opened(one, office_, PartKind::document).value(), parts.document);
  }
  // What ends like padding comes back whole.
  RecordParts parts;
  parts.document = Bytes(300, 0);
  parts.document[200] = 0x80;
  EXPECT_EQ(opened(sealer_->seal(place(), parts).value(), office_, PartKind::document).value(),
            parts.document);
}

TEST_F(SealedRecordTest, TwoSealingsOfTheSamePartsHaveNothingInCommon) {
  const SealedRecord again = sealer_->seal(place(), capture()).value();
  for (std::size_t i = 0; i < record_.parts.size(); ++i) {
    EXPECT_NE(record_.parts[i].bytes, again.parts[i].bytes);
    EXPECT_EQ(record_.parts[i].bytes.size(), again.parts[i].bytes.size());
  }
}

TEST_F(SealedRecordTest, NothingOfThePlainPartsIsFoundInTheSealedOnes) {
  Bytes all = record_.head;
  for (const SealedPart& part : record_.parts)
    all.insert(all.end(), part.bytes.begin(), part.bytes.end());
  const std::string_view text(reinterpret_cast<const char*>(all.data()), all.size());
  // None shorter than four bytes: random bytes hold those by chance.
  for (const std::string_view telling : {"AB12CDE", "{\"vrm\":", "captured_at", "2026-11", "JFIF",
                                         "\"pseudonym\"", "\xff\xd8\xff\xe0", "\xA5\xA5\xA5\xA5\xA5"})
    EXPECT_EQ(text.find(telling), std::string_view::npos) << telling;
}

TEST_F(SealedRecordTest, AGapRecordIsSignedAndInClear) {
  const Bytes list(48, 3);
  const SealedRecord gaps = sealer_->sign_gaps(place(9), list);
  const RecordHead head = decode_head(gaps.head).value();
  EXPECT_EQ(head.type, RecordType::gap);
  EXPECT_EQ(head.record_class, RecordClass::ledger);
  EXPECT_TRUE(head.boxes.empty());
  EXPECT_EQ(sealed(gaps, PartKind::gaps), list);
  EXPECT_TRUE(check_part(head, PartKind::gaps, list));
  EXPECT_TRUE(signature_good(gaps.head, device_));
  EXPECT_FALSE(check_part(head, PartKind::gaps, Bytes(48, 4)));
  EXPECT_FALSE(check_part(head, PartKind::document, list));
}

// A head with one thing wrong with it.
class HeadRefused : public SealedRecordTest {
 protected:
  void expect_refused(RecordHead head, const std::string& words) {
    const auto decoded = decode_head(seal::encode_head(head));
    ASSERT_FALSE(decoded) << words;
    EXPECT_EQ(decoded.error().code, ErrorCode::corrupt);
    EXPECT_THAT(decoded.error().message, HasSubstr(words));
  }
  void expect_refused(Bytes head, const std::string& words) {
    const auto decoded = decode_head(head);
    ASSERT_FALSE(decoded) << words;
    EXPECT_THAT(decoded.error().message, HasSubstr(words));
  }
  RecordHead good() { return decode_head(record_.head).value(); }
  template <class Change>
  RecordHead with(Change change) {
    RecordHead head = good();
    change(head);
    return head;
  }
};

TEST_F(HeadRefused, WhateverNoSealerWrites) {
  expect_refused(with([](RecordHead& h) { h.type = RecordType{0}; }), "its type is unknown");
  expect_refused(with([](RecordHead& h) { h.type = RecordType{7}; }), "its type is unknown");
  expect_refused(with([](RecordHead& h) { h.record_class = RecordClass{3}; }), "its class is unknown");
  expect_refused(with([](RecordHead& h) { h.record_class = RecordClass::ledger; }), "its class is not one");
  expect_refused(with([](RecordHead& h) { h.number = SequenceNumber(0); }), "its number");
  expect_refused(with([](RecordHead& h) { h.number = SequenceNumber((1ULL << 62U) + 1); }), "its number");
  EXPECT_TRUE(
      decode_head(seal::encode_head(with([](RecordHead& h) { h.number = SequenceNumber(1ULL << 62U); }))));
  expect_refused(with([](RecordHead& h) { h.parts.clear(); }), "it names no part");
  expect_refused(with([](RecordHead& h) { h.parts.erase(h.parts.begin()); }), "it names no document");
  expect_refused(with([](RecordHead& h) { std::swap(h.parts[1], h.parts[2]); }), "not in order");
  expect_refused(with([](RecordHead& h) { h.parts[2] = h.parts[1]; }), "not in order");
  expect_refused(with([](RecordHead& h) { h.parts[3].kind = PartKind{5}; }), "unknown kind");
  expect_refused(with([](RecordHead& h) { h.parts[3].kind = PartKind::gaps; }), "list of gaps");
  for (const std::uint32_t bytes : {0U, 16U, 128U, 143U, 145U, 16'777'232U})
    expect_refused(with([&](RecordHead& h) { h.parts[0].bytes = bytes; }), "a length that no part can have");
  expect_refused(with([](RecordHead& h) { h.boxes.clear(); }), "it has no box");
  expect_refused(with([](RecordHead& h) { h.boxes[0].view = RecordView{0}; }), "unknown view");
  expect_refused(with([](RecordHead& h) { h.boxes[0].view = RecordView{4}; }), "unknown view");
  expect_refused(with([](RecordHead& h) { h.boxes[0].recipient = h.boxes[2].recipient; }), "for one key");
  expect_refused(with([](RecordHead& h) { h.parts.pop_back(); }), "a view that it has no part for");
}

TEST_F(HeadRefused, LedgerAndGapRecordsWithWhatTheyCannotHave) {
  const auto as_ledger = [](RecordHead& h) {
    h.type = RecordType::audit;
    h.record_class = RecordClass::ledger;
    h.boxes.pop_back();
  };
  expect_refused(with([&](RecordHead& h) { as_ledger(h), h.parts.resize(2); }), "of no capture record");
  RecordHead gap = decode_head(sealer_->sign_gaps(place(), Bytes(24, 1)).head).value();
  gap.boxes.push_back(good().boxes[0]);
  expect_refused(gap, "gap record and has a box");
  gap.boxes.clear();
  gap.parts[0] = good().parts[0];
  expect_refused(gap, "another part than its list");
}

TEST_F(HeadRefused, BytesThatAreNoHead) {
  expect_refused(Bytes{}, "too short or too long");
  expect_refused(Bytes(largest_head_bytes + 1), "too short or too long");
  expect_refused(Bytes(500), "does not begin as one");
  for (const std::size_t less : {std::size_t{1}, std::size_t{64}, record_.head.size() - 160}) {
    expect_refused(Bytes(record_.head.begin(), record_.head.end() - static_cast<std::ptrdiff_t>(less)),
                   "its length is not");
  }
  Bytes longer = record_.head;
  longer.push_back(0);
  expect_refused(longer, "its length is not");
  for (const std::size_t zero : {90U, 91U, 93U, 95U, 92U + 160 + 9, 92U + 160 + 15}) {
    Bytes head = record_.head;
    head[zero] = 1;
    expect_refused(head, "must be zero");
  }
  Bytes head = record_.head;
  head[89] = 9;
  expect_refused(head, "more boxes");
}

TEST_F(HeadRefused, ANewerVersionIsToldAsThat) {
  Bytes head = record_.head;
  head[8] = 2;
  const auto decoded = decode_head(head);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::unsupported);
  EXPECT_THAT(decoded.error().message, HasSubstr("format version 2"));
}

}  // namespace
}  // namespace wayside
