// Heads of sealed records, as found on the card and as they come over the network.
#include "wayside/delivery/seal/sealed_record.hpp"

#include "src/delivery/seal/head_format.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace wayside;
using namespace wayside::fuzz;

void check(ByteView bytes) {
  const Result<RecordHead> head = decode_head(bytes);
  if (!head) return require_good(head.error());
  require(head->number.value() >= 1 && head->number.value() <= seal::most_number,
          "numbers leave room to count on");
  require(!head->parts.empty() && head->parts.size() <= 5 && head->boxes.size() <= most_boxes,
          "a head has some parts and few boxes");
  require(head->device_id.size() == 16, "a device id has 16 digits");
  for (const RecordHead::Part& part : head->parts)
    require(part.bytes > 0 && part.bytes <= largest_part_bytes, "a part has a length that can be");
  const Bytes again = seal::encode_head(*head);
  require(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()),
          "a head encoded again is the same");
  require(!signature_good(bytes, PublicKey{}), "nobody's signature is good");
  static const RecipientSecret somebody = make_recipient_secret();
  require(!open_box(*head, somebody), "nobody else opens a box");
  for (const PartKind kind : {PartKind::document, PartKind::gaps})
    require(!check_part(*head, kind, bytes), "a part that is not the one named is refused");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, data + size);
  check(bytes);
  // With its length made good, so that mutations that insert and remove get behind it.
  if (bytes.size() >= 16) {
    for (unsigned i = 0; i < 4; ++i)
      bytes[12 + i] = static_cast<std::uint8_t>(bytes.size() >> (8 * i));
    check(bytes);
  }
  return 0;
}
