#include "src/delivery/seal/head_format.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "wayside/base/little_endian.hpp"

namespace wayside {

namespace {

using little_endian::get;
using little_endian::put;

constexpr std::string_view magic = "WYSEAL\r\n";
// With its terminating zero, as sealed_record.md says.
constexpr std::string_view signature_prefix("Wayside record head 1\0", 22);

// Offsets of the fixed fields.
constexpr std::size_t at_version = 8, at_type = 10, at_class = 11, at_length = 12, at_device = 16,
                      at_queue = 24, at_number = 40, at_previous = 48, at_signer = 80, at_parts = 88,
                      at_boxes = 89, at_zero = 90;

template <std::size_t size>
std::array<std::uint8_t, size> array_at(ByteView bytes, std::size_t at) {
  std::array<std::uint8_t, size> out{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
  return out;
}

template <class Range>
void put_bytes(std::span<std::uint8_t> out, std::size_t at, const Range& bytes) {
  std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool possible_length(PartKind kind, std::uint32_t bytes) {
  if (bytes == 0 || bytes > largest_part_bytes) return false;
  return kind == PartKind::gaps ||
         (bytes > seal::padding_block && bytes % seal::padding_block == seal::tag_bytes);
}

const char* wrong_with_parts(const RecordHead& head) {
  if (head.parts.empty()) return "it names no part";
  for (std::size_t i = 0; i < head.parts.size(); ++i) {
    const RecordHead::Part& part = head.parts[i];
    if (part.kind > PartKind::gaps) return "it names a part of an unknown kind";
    if (i > 0 && part.kind <= head.parts[i - 1].kind) return "its parts are not in order";
    if (!possible_length(part.kind, part.bytes)) return "a part has a length that no part can have";
  }
  const PartKind first = head.parts.front().kind;
  const PartKind last = head.parts.back().kind;
  if (head.type == RecordType::gap) {
    return first == PartKind::gaps ? nullptr : "it is of a gap record and names another part than its list";
  }
  if (last == PartKind::gaps) return "it names a list of gaps and is of no gap record";
  if (first != PartKind::document) return "it names no document";
  if (head.type != RecordType::capture && last != PartKind::document)
    return "it names a picture or a pseudonym and is of no capture record";
  return nullptr;
}

const char* wrong_with_boxes(const RecordHead& head) {
  if (head.type == RecordType::gap)
    return head.boxes.empty() ? nullptr : "it is of a gap record and has a box";
  if (head.boxes.empty()) return "it has no box";
  const bool pseudonym = std::any_of(head.parts.begin(), head.parts.end(), [](const RecordHead::Part& part) {
    return part.kind == PartKind::pseudonymous;
  });
  for (std::size_t i = 0; i < head.boxes.size(); ++i) {
    const RecordHead::Box& box = head.boxes[i];
    if (box.view < RecordView::full || box.view > RecordView::pseudonym) return "a box is of an unknown view";
    if (box.view == RecordView::pseudonym && !pseudonym) return "a box is of a view that it has no part for";
    for (std::size_t k = 0; k < i; ++k) {
      if (head.boxes[k].recipient == box.recipient) return "two boxes are for one key";
    }
  }
  return nullptr;
}

const char* wrong_with(const RecordHead& head) {
  if (head.type < RecordType::capture || head.type > RecordType::sight) return "its type is unknown";
  if (head.record_class > RecordClass::ledger) return "its class is unknown";
  if (!seal::fits(head.type, head.record_class)) return "its class is not one that its type can have";
  if (head.number.value() == 0 || head.number.value() > seal::most_number)
    return "its number is none that a queue gives";
  if (const char* wrong = wrong_with_parts(head)) return wrong;
  return wrong_with_boxes(head);
}

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::corrupt, "the record's head does not check out: " + std::string(what));
}

// Fields and entries; false where a byte that has to be zero is not.
bool take_fields(ByteView bytes, RecordHead& head) {
  bool zero = all_zero(bytes.subspan(at_zero, seal::fixed_bytes - at_zero));
  head.type = RecordType{bytes[at_type]};
  head.record_class = RecordClass{bytes[at_class]};
  head.device_id = to_hex(bytes.subspan(at_device, 8));
  head.queue_uuid = array_at<16>(bytes, at_queue);
  head.number = SequenceNumber(get<std::uint64_t>(bytes, at_number));
  head.previous = array_at<32>(bytes, at_previous);
  head.signer = array_at<8>(bytes, at_signer);
  std::size_t at = seal::fixed_bytes;
  for (unsigned i = 0; i < bytes[at_parts]; ++i, at += seal::part_entry_bytes) {
    head.parts.push_back(
        {PartKind{bytes[at]}, get<std::uint32_t>(bytes, at + 4), array_at<32>(bytes, at + 8)});
    zero = zero && all_zero(bytes.subspan(at + 1, 3));
  }
  for (unsigned i = 0; i < bytes[at_boxes]; ++i, at += seal::box_entry_bytes) {
    head.boxes.push_back({array_at<8>(bytes, at), RecordView{bytes[at + 8]}, array_at<80>(bytes, at + 16)});
    zero = zero && all_zero(bytes.subspan(at + 9, 7));
  }
  head.signature = array_at<seal::signature_bytes>(bytes, at);
  return zero;
}

}  // namespace

namespace seal {

std::array<std::uint8_t, opening_bytes> opening_of(const RecordHead& head) {
  std::array<std::uint8_t, opening_bytes> out{};
  put_bytes(out, 0, magic);
  put(out, at_version, format_version);
  put(out, at_type, static_cast<std::uint8_t>(head.type));
  put(out, at_class, static_cast<std::uint8_t>(head.record_class));
  put(out, at_length, static_cast<std::uint32_t>(head_bytes(head.parts.size(), head.boxes.size())));
  const Bytes device = bytes_from_hex(head.device_id).value();
  assert(device.size() == 8);
  put_bytes(out, at_device, device);
  put_bytes(out, at_queue, head.queue_uuid);
  put(out, at_number, head.number.value());
  return out;
}

Bytes encode_head(const RecordHead& head) {
  assert(head.boxes.size() <= most_boxes);
  Bytes out(head_bytes(head.parts.size(), head.boxes.size()));
  put_bytes(out, 0, opening_of(head));
  put_bytes(out, at_previous, head.previous);
  put_bytes(out, at_signer, head.signer);
  put(out, at_parts, static_cast<std::uint8_t>(head.parts.size()));
  put(out, at_boxes, static_cast<std::uint8_t>(head.boxes.size()));
  std::size_t at = fixed_bytes;
  for (const RecordHead::Part& part : head.parts) {
    put(out, at, static_cast<std::uint8_t>(part.kind));
    put(out, at + 4, part.bytes);
    put_bytes(out, at + 8, part.hash);
    at += part_entry_bytes;
  }
  for (const RecordHead::Box& box : head.boxes) {
    put_bytes(out, at, box.recipient);
    put(out, at + 8, static_cast<std::uint8_t>(box.view));
    put_bytes(out, at + 16, box.sealed_key);
    at += box_entry_bytes;
  }
  put_bytes(out, at, head.signature);
  return out;
}

Bytes signed_message(ByteView head) {
  assert(head.size() >= signature_bytes);
  const ByteView before = head.first(head.size() - signature_bytes);
  Bytes out(signature_prefix.size() + before.size());
  put_bytes(out, 0, signature_prefix);
  put_bytes(out, signature_prefix.size(), before);
  return out;
}

}  // namespace seal

Result<RecordHead> decode_head(ByteView bytes) {
  if (bytes.size() < seal::head_bytes(0, 0) || bytes.size() > largest_head_bytes)
    return corrupt("it is too short or too long");
  if (!std::equal(magic.begin(), magic.end(), bytes.begin())) return corrupt("it does not begin as one");
  const auto version = get<std::uint16_t>(bytes, at_version);
  if (version != seal::format_version) {
    return fail(ErrorCode::unsupported, "the record was sealed in format version " + std::to_string(version) +
                                            ", which this program does not know: update it");
  }
  if (bytes[at_boxes] > most_boxes) return corrupt("it has more boxes than there can be");
  const std::size_t length = seal::head_bytes(bytes[at_parts], bytes[at_boxes]);
  if (bytes.size() != length || get<std::uint32_t>(bytes, at_length) != length)
    return corrupt("its length is not that of its parts and boxes");
  RecordHead head;
  if (!take_fields(bytes, head)) return corrupt("a byte that must be zero is not");
  if (const char* wrong = wrong_with(head)) return corrupt(wrong);
  return head;
}

}  // namespace wayside
