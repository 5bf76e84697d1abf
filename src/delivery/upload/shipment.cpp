#include "src/delivery/upload/shipment.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wayside/base/little_endian.hpp"

namespace wayside {

Bytes payload_of(const SealedRecord& record, ShipmentKind kind) {
  Bytes payload;
  if (kind == ShipmentKind::text) payload = record.head;
  for (const SealedPart& part : record.parts) {
    if (upload::shipment_of(part.kind) == kind)
      payload.insert(payload.end(), part.bytes.begin(), part.bytes.end());
  }
  return payload;
}

}  // namespace wayside

namespace wayside::upload {

std::string_view to_string(ShipmentKind kind) {
  switch (kind) {
    case ShipmentKind::text:
      return "text";
    case ShipmentKind::plate:
      return "plate";
    case ShipmentKind::overview:
      return "overview";
  }
  return "text";
}

void append_frame(Bytes& batch, const Shipment& shipment, ByteView payload, const Sha256& hash) {
  constexpr std::string_view magic = "WYSH";
  std::array<std::uint8_t, frame_head_bytes> head{};
  std::copy(magic.begin(), magic.end(), head.begin());
  head[4] = static_cast<std::uint8_t>(shipment.kind);
  little_endian::put(head, 8, static_cast<std::uint32_t>(payload.size()));
  std::copy(shipment.key.queue_uuid.begin(), shipment.key.queue_uuid.end(), head.begin() + 16);
  little_endian::put(head, 32, std::uint64_t{shipment.key.number.value()});
  std::copy(hash.begin(), hash.end(), head.begin() + 40);
  batch.insert(batch.end(), head.begin(), head.end());
  batch.insert(batch.end(), payload.begin(), payload.end());
}

FramedBatch frame(std::span<const Shipment> batch) {
  FramedBatch framed;
  framed.receipts.resize(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Bytes payload = payload_of(*batch[i].record, batch[i].kind);
    if (payload.empty() || payload.size() > largest_payload) {
      framed.receipts[i] = {Receipt::Outcome::refused, std::nullopt,
                            fmt::format("{} bytes; a shipment has 1 to {}", payload.size(), largest_payload)};
      continue;
    }
    framed.hashes.push_back(sha256(payload));
    framed.shipments.push_back(i);
    append_frame(framed.bytes, batch[i], payload, framed.hashes.back());
  }
  return framed;
}

}  // namespace wayside::upload
