// Receipts as they come over MQTT.
#include "src/delivery/upload/answer.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto receipts = upload::keyed_receipts_from(text_of(data, size));
  if (!receipts) {
    require_good(receipts.error());
    return 0;
  }
  for (const upload::KeyedReceipt& keyed : *receipts) {
    require(is_plain_text(keyed.receipt.reason), "a reason can be logged as it is");
    require(keyed.receipt.reason.size() <= 6 * 200, "a reason has an end");
  }
  return 0;
}
