// One part under its own key: crypto_aead_xchacha20poly1305_ietf over the padded part.
//
// Threads: pure functions. Failure: nothing where the bytes do not check out.
#pragma once

#include <optional>
#include <span>

#include "wayside/base/bytes.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

#include "src/delivery/seal/wiped.hpp"

namespace wayside::seal {

// The key of one part, from the record's master key.
void derive_part_key(Wiped<32>& key, ByteView master, PartKind kind);

// The head needs its boxes, and as many parts as it will have: the part is bound to them (sealed_record.md).
[[nodiscard]] Bytes seal_part(const RecordHead& head, PartKind kind, std::span<const std::uint8_t, 32> key,
                              ByteView plain);
[[nodiscard]] std::optional<Bytes> open_part(const RecordHead& head, PartKind kind,
                                             std::span<const std::uint8_t, 32> key, ByteView sealed);

}  // namespace wayside::seal
