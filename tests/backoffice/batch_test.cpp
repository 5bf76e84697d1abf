// A batch is taken apart exactly as it was put together, or not at all.
#include "src/backoffice/batch.hpp"

#include <gmock/gmock.h>

#include "tests/backoffice/sealing_camera.hpp"

namespace wayside::backoffice {
namespace {

using testing::HasSubstr;

Sending sending(std::uint64_t number = 7, ShipmentPart part = ShipmentPart::text,
                const std::string& payload = "payload") {
  return {number, part, bytes_of(payload)};
}

std::string refusal(const Bytes& body, ErrorCode code = ErrorCode::invalid_input) {
  const auto batch = parse_batch(body);
  if (batch) return {};
  EXPECT_EQ(batch.error().code, code);
  return batch.error().message;
}

TEST(Batch, ShipmentsComeOutAsTheyWerePutIn) {
  const std::vector<Sending> sent = {
      sending(), sending((std::uint64_t{1} << 62U) - 1, ShipmentPart::plate, "p"),
      sending(1, ShipmentPart::overview, std::string(largest_payload_bytes, 'x'))};
  const Bytes body = batch_of(sent);
  const auto batch = parse_batch(body);
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_EQ(batch->size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ((*batch)[i].part, sent[i].part);
    EXPECT_EQ((*batch)[i].number.value(), sent[i].number);
    EXPECT_EQ((*batch)[i].queue_uuid, sample_queue_uuid());
    EXPECT_EQ((*batch)[i].stated, sha256(sent[i].payload));
    EXPECT_TRUE(std::equal((*batch)[i].payload.begin(), (*batch)[i].payload.end(), sent[i].payload.begin(),
                           sent[i].payload.end()));
  }
}

TEST(Batch, WhatIsCutShortIsNone) {
  Bytes body = batch_of({sending(1), sending(2)});
  const std::size_t first = frame_of(sending(1)).size();
  for (std::size_t size = 0; size < body.size(); ++size) {
    if (size == first) continue;
    EXPECT_NE(refusal({body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size)}), "") << size;
  }
  EXPECT_THAT(refusal({body.begin(), body.end() - 1}), HasSubstr("shipment 2: the payload is cut short"));
  EXPECT_THAT(refusal({}), HasSubstr("the batch is empty"));
}

TEST(Batch, FieldsThatCannotBeAreNamed) {
  const auto with = [](std::size_t at, std::uint8_t byte) {
    Bytes body = batch_of({sending(1), sending(2)});
    body[79 + at] = byte;  // of the second frame
    return refusal(body);
  };
  EXPECT_THAT(with(0, 'w'), HasSubstr("shipment 2: the magic is not WYSH"));
  EXPECT_THAT(with(4, 3), HasSubstr("shipment 2: field kind"));
  for (const std::size_t zero : {5U, 6U, 7U, 12U, 13U, 14U, 15U})
    EXPECT_THAT(with(zero, 1), HasSubstr("bytes that must be zero"));
  EXPECT_THAT(with(8, 0), HasSubstr("field length must be at least 1"));
  EXPECT_THAT(with(8, 8), HasSubstr("cut short"));
  EXPECT_THAT(with(32, 0), HasSubstr("field number must be from 1"));
  EXPECT_THAT(with(39, 0x40), HasSubstr("field number must be from 1 to below 2^62"));
}

TEST(Batch, MoreThanIsTakenIsToldApartFromDamage) {
  Bytes body = batch_of({sending()});
  little_endian::put<std::uint32_t>(body, 8, largest_payload_bytes + 1);
  EXPECT_THAT(refusal(body, ErrorCode::exhausted), HasSubstr("field length is above 262144"));
  std::vector<Sending> many(most_shipments, sending());
  EXPECT_EQ(refusal(batch_of(many)), "");
  many.push_back(sending());
  EXPECT_THAT(refusal(batch_of(many), ErrorCode::exhausted), HasSubstr("more than 64 shipments"));
}

}  // namespace
}  // namespace wayside::backoffice
