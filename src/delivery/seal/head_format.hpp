// The bytes of a record's head (sealed_record.md beside the public header).
//
// Threads: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wayside/base/bytes.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

namespace wayside::seal {

inline constexpr std::uint16_t format_version = 1;
inline constexpr std::uint64_t most_number = std::uint64_t{1} << 62U;
inline constexpr std::size_t opening_bytes = 48;  // magic to number: what every part is bound to
inline constexpr std::size_t fixed_bytes = 92;    // what stands before the entries
inline constexpr std::size_t part_entry_bytes = 40;
inline constexpr std::size_t box_entry_bytes = 96;
inline constexpr std::size_t signature_bytes = 64;
inline constexpr std::size_t padding_block = 128;
inline constexpr std::size_t tag_bytes = 16;

[[nodiscard]] constexpr std::size_t head_bytes(std::size_t parts, std::size_t boxes) {
  return fixed_bytes + parts * part_entry_bytes + boxes * box_entry_bytes + signature_bytes;
}
// Of a part of so many plain bytes, once padded and sealed.
[[nodiscard]] constexpr std::size_t sealed_size(std::size_t plain) {
  return (plain / padding_block + 1) * padding_block + tag_bytes;
}

[[nodiscard]] std::array<std::uint8_t, opening_bytes> opening_of(const RecordHead& head);
[[nodiscard]] Bytes encode_head(const RecordHead& head);
// What the signature is made over: a prefix that nothing else signed with this key begins with, then the head
// without its signature.
[[nodiscard]] Bytes signed_message(ByteView head);

// Whether this type of record may be of this class.
[[nodiscard]] constexpr bool fits(RecordType type, RecordClass record_class) {
  return (type == RecordType::capture) == (record_class != RecordClass::ledger);
}

}  // namespace wayside::seal
