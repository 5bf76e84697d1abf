// The paths of the back office's interface.
#include "src/backoffice/api.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string path(text_of(data, size));
  const auto target = backoffice::target_from(path);
  if (!target) return 0;
  // One thing has one path: written again from what was understood, it is the very same.
  std::string written = "/v1/heartbeats/" + target->id.device_id;
  if (target->part) {
    written = "/v1/records/" + target->id.device_id + "/" + target->id.queue_uuid + "/" +
              std::to_string(target->id.number) + "/" + std::string(backoffice::to_string(*target->part));
  }
  require(written == path, "a path is understood in one way only");
  require(target->id.number <= INT64_MAX, "a number fits the store");
  return 0;
}
