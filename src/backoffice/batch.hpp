// The body of a batch as delivery/upload/https_api.md frames it: shipments one behind the other.
//
// Threads: pure functions. Ownership: the shipments point into the body. Failure: invalid_input for what is
// no batch, exhausted for one that holds more than is taken here; the reason names the shipment and the
// field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/strong.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

namespace wayside::backoffice {

inline constexpr std::size_t most_shipments = 64;
inline constexpr std::size_t largest_payload_bytes = 262'144;

enum class ShipmentPart : std::uint8_t { text = 0, plate = 1, overview = 2 };
[[nodiscard]] std::string_view to_string(ShipmentPart part);

struct ReceivedShipment {
  ShipmentPart part = ShipmentPart::text;
  QueueUuid queue_uuid{};
  SequenceNumber number;  // from 1 to below 2^62
  Sha256 stated{};        // what the sender says is the payload's hash
  ByteView payload;       // never empty
};

[[nodiscard]] Result<std::vector<ReceivedShipment>> parse_batch(ByteView body);

}  // namespace wayside::backoffice
