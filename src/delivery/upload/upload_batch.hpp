// What a batch is to the engine: what it carries, and what of each record.
//
// Threads: of the engine's step() alone.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "src/delivery/upload/upload_engine.hpp"

namespace wayside::upload {

constexpr std::uint8_t bit(ShipmentKind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}
constexpr std::uint8_t just_text = bit(ShipmentKind::text);
constexpr std::uint8_t pictures = bit(ShipmentKind::plate) | bit(ShipmentKind::overview);

struct UploadEngine::Batch {
  struct Carried {
    SequenceNumber number;
    RecordClass record_class = RecordClass::ordinary;
    SealedRecord record;       // without pictures that do not go in this batch
    std::uint8_t present = 0;  // what of it the queue has
    std::uint8_t aboard = 0;   // what of it goes in this batch
  };
  std::size_t most_shipments = 1;
  std::size_t most_bytes = 1;
  std::size_t memory = 0;  // of what is carried
  std::size_t payload = 0;
  std::deque<Carried> records;  // shipments point at them
  std::unordered_map<std::uint64_t, Carried*> by_number;
  std::vector<Shipment> shipments;
  std::vector<std::size_t> payload_bytes;  // one a shipment

  [[nodiscard]] bool full() const { return shipments.size() >= most_shipments; }
};

}  // namespace wayside::upload
