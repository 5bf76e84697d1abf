// Batches as cameras send them to the back office.
#include <algorithm>

#include "src/backoffice/batch.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto batch = backoffice::parse_batch({data, size});
  if (!batch) {
    require_good(batch.error());
    require(batch.error().code == ErrorCode::invalid_input || batch.error().code == ErrorCode::exhausted,
            "a batch is none, or too much");
    return 0;
  }
  require(!batch->empty() && batch->size() <= backoffice::most_shipments, "a batch has a size");
  std::size_t at = 0;
  for (const backoffice::ReceivedShipment& shipment : *batch) {
    constexpr std::size_t frame_bytes = 72;
    require(shipment.payload.data() == data + at + frame_bytes, "payloads follow each other");
    require(!shipment.payload.empty() && shipment.payload.size() <= backoffice::largest_payload_bytes,
            "a payload has a size");
    require(shipment.number.value() >= 1 && shipment.number.value() < std::uint64_t{1} << 62U,
            "a number is a queue's");
    at += frame_bytes + shipment.payload.size();
  }
  require(at == size, "nothing is left over");
  return 0;
}
