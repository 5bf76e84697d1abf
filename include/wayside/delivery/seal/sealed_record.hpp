// A record as it lies on flash and goes over the network: a signed head that describes sealed parts. Byte by
// byte: sealed_record.md beside this header.
//
// Threads: pure functions. Failure: corrupt (bytes that do not check out), unsupported (a newer version wrote
// them), refused (this key opens nothing here); the message never repeats what was sealed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/strong.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/seal/record_parts.hpp"

namespace wayside {

using QueueUuid = std::array<std::uint8_t, 16>;

struct SealedPart {
  PartKind kind = PartKind::document;
  Bytes bytes;
  friend bool operator==(const SealedPart&, const SealedPart&) = default;
};

struct SealedRecord {
  Bytes head;
  std::vector<SealedPart> parts;  // ascending by kind; those that the head names, less any given up since
  [[nodiscard]] const Bytes* part(PartKind kind) const;
};

// What stands in a head.
struct RecordHead {
  struct Part {
    PartKind kind = PartKind::document;
    std::uint32_t bytes = 0;  // sealed
    Sha256 hash{};            // of the sealed bytes
  };
  struct Box {
    KeyId recipient{};
    RecordView view = RecordView::full;
    std::array<std::uint8_t, 80> sealed_key{};  // crypto_box_seal of 32 bytes
  };
  RecordType type = RecordType::capture;
  RecordClass record_class = RecordClass::ordinary;
  std::string device_id;  // 16 hex digits
  QueueUuid queue_uuid{};
  SequenceNumber number;
  Sha256 previous{};        // chain_hash() of the head before it; zeros in a queue's first
  std::vector<Part> parts;  // ascending by kind
  std::vector<Box> boxes;   // none in a gap record
  KeyId signer{};
  std::array<std::uint8_t, 64> signature{};
};

inline constexpr std::size_t largest_head_bytes = 4096;
inline constexpr std::size_t most_boxes = 8;
// Of one part, sealed: the lengths of a record's parts add up within 32 bits.
inline constexpr std::size_t largest_part_bytes = std::size_t{1} << 24U;

// Exactly one head and nothing behind it.
[[nodiscard]] Result<RecordHead> decode_head(ByteView head);
// What the next record's `previous` says.
[[nodiscard]] Sha256 chain_hash(ByteView head);
// By this key, over exactly these bytes; false too where they are no head.
[[nodiscard]] bool signature_good(ByteView head, const PublicKey& device);
// Length and hash of a part are those that the head names.
[[nodiscard]] Status check_part(const RecordHead& head, PartKind kind, ByteView sealed);

// What a recipient found in a record's box. It opens the parts of the recipient's view.
struct RecordKey {
  RecordView view = RecordView::full;
  Secret secret;
};
// refused: nothing in the record is sealed to this key. corrupt: its box is damaged.
[[nodiscard]] Result<RecordKey> open_box(const RecordHead& head, const RecipientSecret& recipient);
// The plain part. refused: not of this view. corrupt: the sealed bytes are not what the head says.
[[nodiscard]] Result<Bytes> open_part(const RecordHead& head, const RecordKey& key, PartKind kind,
                                      ByteView sealed);
// The sealed part again, byte for byte, from what open_part() gave: so that whoever keeps head, key and plain
// part can show at any time that they are what the device signed. corrupt: this is not what the head names.
[[nodiscard]] Result<Bytes> seal_again(const RecordHead& head, const RecordKey& key, PartKind kind,
                                       ByteView plain);

}  // namespace wayside
