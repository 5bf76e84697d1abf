// What shipments are made of, and how they stand in a batch (https_api.md).
//
// Threads: pure functions.
#pragma once

#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside::upload {

inline constexpr std::size_t frame_head_bytes = 72;
inline constexpr std::size_t largest_payload = std::size_t{256} << 10U;

[[nodiscard]] constexpr bool is_picture(PartKind kind) {
  return kind == PartKind::plate || kind == PartKind::overview;
}
[[nodiscard]] constexpr ShipmentKind shipment_of(PartKind kind) {
  return kind == PartKind::plate      ? ShipmentKind::plate
         : kind == PartKind::overview ? ShipmentKind::overview
                                      : ShipmentKind::text;
}
[[nodiscard]] std::string_view to_string(ShipmentKind kind);  // "text", "plate", "overview"

// Appends one shipment of a batch; the payload is of 1 to largest_payload bytes, the hash its SHA-256.
void append_frame(Bytes& batch, const Shipment& shipment, ByteView payload, const Sha256& hash);

// A batch as bytes, with the hash of each shipment. A shipment that no batch takes (larger than
// largest_payload, or empty) is left out, and has its receipt already.
struct FramedBatch {
  Bytes bytes;
  std::vector<Sha256> hashes;          // of those in it
  std::vector<std::size_t> shipments;  // their places in the batch given
  std::vector<Receipt> receipts;       // one for each shipment given
};
[[nodiscard]] FramedBatch frame(std::span<const Shipment> batch);

}  // namespace wayside::upload
