// What the back office takes of an opened record: documents that fit their schema and do not contradict
// themselves, and the pictures that they name.
//
// Threads: any; no shared state. Failure: a reason for the camera's log, naming the field and never its
// value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/delivery/seal/record_parts.hpp"

namespace wayside::backoffice {

// What is not taken: invalid_input, for this reason.
[[nodiscard]] tl::unexpected<Error> refuse(std::string reason);

// A capture record's document: its time of capture.
[[nodiscard]] Result<UtcTime> check_document(std::string_view document, const std::string& device_id);

// What a coverage, clock, audit or sight record says.
[[nodiscard]] Status check_ledger_document(RecordType type, std::string_view document, const RecordId& id);

// Where the chain stood when the book was written; of a document that check_ledger_document() has taken, else
// corrupt.
struct ChainMark {
  std::uint64_t number = 0;
  Sha256 hash{};
};
[[nodiscard]] Result<ChainMark> chain_mark_of(std::string_view coverage_document);

// Against what its document says of it; `kind` is plate or overview.
[[nodiscard]] Status check_picture(PartKind kind, ByteView picture, const std::string& document);

[[nodiscard]] Status check_heartbeat(std::string_view heartbeat);
// 32 hex digits, of any bytes; empty: it names no queue.
[[nodiscard]] std::string queue_in_heartbeat(std::string_view heartbeat);
// The highest number of the deployment authorities that the camera holds, of any bytes; nothing where it
// keeps none.
[[nodiscard]] std::optional<std::uint64_t> authority_in_heartbeat(std::string_view heartbeat);
// The revisions of the VOI lists that the camera holds, of any bytes; nothing where it keeps none.
[[nodiscard]] std::optional<std::map<std::string, std::uint64_t>> watch_lists_in_heartbeat(
    std::string_view heartbeat);
// What a camera that runs from an image says of it and of its updates, of any bytes; nothing where it says
// nothing.
struct SystemSaid {
  std::string version;
  std::string compatible;
  std::string state;     // of its update, as the next two
  std::string updating;  // the version that it is about
  std::string reason;
};
[[nodiscard]] std::optional<SystemSaid> system_in_heartbeat(std::string_view heartbeat);
// How the camera is, of any bytes; nothing where they are no heartbeat that check_heartbeat() takes.
struct HealthSaid {
  std::map<std::string, std::string> ill;  // by part, why
  std::uint64_t waiting = 0;               // records that the camera has no receipt for
};
[[nodiscard]] std::optional<HealthSaid> health_in_heartbeat(std::string_view heartbeat);
// The highest number of that queue for which the camera has a receipt, of any bytes; 0: it says nothing of
// it.
[[nodiscard]] std::uint64_t delivered_in_heartbeat(std::string_view heartbeat);

}  // namespace wayside::backoffice
