#include "src/backoffice/opening.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/little_endian.hpp"

#include "src/backoffice/dating.hpp"
#include "src/backoffice/gap_record.hpp"
#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

namespace {

bool is_picture(PartKind kind) {
  return kind == PartKind::plate || kind == PartKind::overview;
}

// The head says at this offset how long it is (sealed_record.md); decode_head() holds it to that.
constexpr std::size_t at_head_length = 12;

// The text's head; what follows it are its parts.
Result<ByteView> head_in(ByteView text) {
  if (text.size() < at_head_length + sizeof(std::uint32_t)) return refuse("the head is cut short");
  const auto length = little_endian::get<std::uint32_t>(text, at_head_length);
  if (length > text.size()) return refuse("the head is cut short");
  return text.first(length);
}

Status check_place(const RecordHead& head, const RecordId& id) {
  if (head.device_id != id.device_id) return refuse("the head's device id is not the sender's");
  if (to_hex(head.queue_uuid) != id.queue_uuid) return refuse("the head's queue uuid is not the shipment's");
  if (head.number.value() != id.number) return refuse("the head's number is not the shipment's");
  return {};
}

struct TextParts {
  ByteView document;
  ByteView pseudonymous;
  ByteView gaps;
};

Result<TextParts> parts_in(const RecordHead& head, ByteView rest) {
  TextParts parts;
  for (const RecordHead::Part& part : head.parts) {
    if (is_picture(part.kind)) continue;
    if (part.bytes > rest.size()) return refuse("the text is shorter than its head says");
    const ByteView sealed = rest.first(part.bytes);
    if (auto good = check_part(head, part.kind, sealed); !good) return fail(good.error());
    (part.kind == PartKind::document       ? parts.document
     : part.kind == PartKind::pseudonymous ? parts.pseudonymous
                                           : parts.gaps) = sealed;
    rest = rest.subspan(part.bytes);
  }
  if (!rest.empty()) return refuse("the text is longer than its head says");
  return parts;
}

Bytes copy_of(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

Status open_document(OpenedText& opened, const TextParts& parts, OfficeKeys& keys) {
  auto& [text, record] = opened;
  auto key = keys.open(record.head);
  if (!key) return fail(key.error());
  const auto plain = open_part(record.head, *key, PartKind::document, parts.document);
  if (!plain) return fail(plain.error());
  text.document.assign(plain->begin(), plain->end());
  if (text.type == RecordType::capture) {
    const auto captured_at = check_document(text.document, text.id.device_id);
    if (!captured_at) return fail(captured_at.error());
    text.captured_at = *captured_at;
    text.unsure = unsure_time_of(text.document);
  } else if (auto fits = check_ledger_document(text.type, text.document, text.id); !fits) {
    return fits;
  } else if (text.type == RecordType::clock) {
    text.synchronised = synchronisation_of(text.document);
  }
  text.key = copy_of(key->secret.view());
  text.pseudonymous = copy_of(parts.pseudonymous);
  record.document = text.document;
  record.key = std::move(*key);
  return {};
}

Status take_gaps(NewText& text, ByteView list) {
  if (const auto gaps = gaps_from(list, text.id.number); !gaps) return fail(gaps.error());
  text.gaps = copy_of(list);
  return {};
}

std::string_view to_string(PartKind picture) {
  return picture == PartKind::plate ? "plate" : "overview";
}

}  // namespace

Status check_signature(const RecordHead& decoded, ByteView head,
                       const std::vector<Store::DeviceKey>& device_keys) {
  const auto signer = std::find_if(device_keys.begin(), device_keys.end(), [&](const Store::DeviceKey& one) {
    return key_id(one.key) == decoded.signer;
  });
  if (signer == device_keys.end())
    return refuse("it is signed with a key that the device was not enrolled with");
  if (!signature_good(head, signer->key)) return refuse("the head's signature is wrong");
  return {};
}

Result<OpenedText> open_text(const RecordId& id, const ReceivedShipment& shipment,
                             const std::vector<Store::DeviceKey>& device_keys, OfficeKeys& keys) {
  const auto head = head_in(shipment.payload);
  if (!head) return fail(head.error());
  auto decoded = decode_head(*head);
  if (!decoded) return fail(decoded.error());
  if (const auto right = check_place(*decoded, id); !right) return fail(right.error());
  if (const auto good = check_signature(*decoded, *head, device_keys); !good) return fail(good.error());
  const auto parts = parts_in(*decoded, shipment.payload.subspan(head->size()));
  if (!parts) return fail(parts.error());
  OpenedText opened;
  NewText& text = opened.text;
  text.id = id;
  text.type = decoded->type;
  text.record_class = decoded->record_class;
  text.head = copy_of(*head);
  text.chain = chain_hash(*head);
  text.previous = decoded->previous;
  text.sha256 = shipment.stated;
  opened.record.chain = text.chain;
  opened.record.head = std::move(*decoded);
  const Status done =
      text.type == RecordType::gap ? take_gaps(text, parts->gaps) : open_document(opened, *parts, keys);
  if (!done) return fail(done.error());
  return opened;
}

Result<OpenRecord> reopen(const Bytes& head, const Bytes& key, std::string document) {
  auto decoded = decode_head(head);
  if (!decoded) return fail(decoded.error());
  OpenRecord record{std::move(*decoded), chain_hash(head), {}, std::move(document)};
  if (record.head.type == RecordType::gap) return record;
  if (key.size() != Secret::bytes) return fail(ErrorCode::corrupt, "the stored key has a wrong size");
  record.key = RecordKey{RecordView::full, Secret(key)};
  return record;
}

Result<NewPicture> open_picture(const RecordId& id, const ReceivedShipment& shipment,
                                const OpenRecord& record) {
  const PartKind kind = shipment.part == ShipmentPart::plate ? PartKind::plate : PartKind::overview;
  const bool named = std::any_of(record.head.parts.begin(), record.head.parts.end(),
                                 [&](const RecordHead::Part& part) { return part.kind == kind; });
  if (!named || !record.key) return refuse(fmt::format("the record has no {} picture", to_string(kind)));
  auto plain = open_part(record.head, *record.key, kind, shipment.payload);
  if (!plain) return fail(plain.error());
  if (const auto fits = check_picture(kind, *plain, record.document); !fits) return fail(fits.error());
  return NewPicture{id, kind, record.chain, shipment.stated, std::move(*plain)};
}

}  // namespace wayside::backoffice
