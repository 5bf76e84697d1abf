// The tables of https_api.md: what an answer means for the shipments of a batch, and what one to a heartbeat
// says.
//
// Threads: pure functions. Failure: whatever is not exactly as agreed means "later" for the whole batch, with
// a reason for a person that names no VRM.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside::upload {

inline constexpr std::size_t largest_answer = std::size_t{64} << 10U;

struct HttpAnswer {
  long status = 0;
  std::string content_type;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
};

// A reason as it may be logged: at most 200 characters before escaping, words that could be a VRM left out.
[[nodiscard]] std::string safe_reason(std::string_view text);

// One receipt for each hash sent, in their order.
[[nodiscard]] std::vector<Receipt> receipts_from(const HttpAnswer& answer, std::span<const Sha256> sent);

// A receipt over MQTT names what it is for (mqtt_api.md).
struct KeyedReceipt {
  QueueUuid queue_uuid{};
  SequenceNumber number;
  ShipmentKind kind = ShipmentKind::text;
  Sha256 hash{};  // of the payload
  Receipt receipt;
};
// invalid_input: no message of receipts, all of it.
[[nodiscard]] Result<std::vector<KeyedReceipt>> keyed_receipts_from(std::string_view message);

// The answer to a heartbeat. invalid_input: it is none, all of it.
[[nodiscard]] Result<KnownNumbers> known_numbers_from(std::string_view answer);

}  // namespace wayside::upload
