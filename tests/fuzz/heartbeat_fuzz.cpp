// Heartbeats as cameras send them to the back office.
#include "src/backoffice/validation.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  // These also read what lies in the store's file, whoever wrote it.
  const std::string queue = backoffice::queue_in_heartbeat(text_of(data, size));
  require(queue.empty() || queue.size() == 32, "a queue is named by 32 digits");
  require(backoffice::delivered_in_heartbeat(text_of(data, size)) < std::uint64_t{1} << 62U,
          "no number is higher");
  const auto system = backoffice::system_in_heartbeat(text_of(data, size));
  require(!system || system->version.size() + system->compatible.size() < size, "no system is made up");
  const auto health = backoffice::health_in_heartbeat(text_of(data, size));
  const Status taken = backoffice::check_heartbeat(text_of(data, size));
  require(health.has_value() == taken.has_value(), "a heartbeat that is taken says how the camera is");
  if (!taken) {
    require_good(taken.error());
    require(taken.error().message.size() < 300, "a refusal is a sentence");
  }
  return 0;
}
