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
  const std::string written = (target->what == backoffice::Target::What::batch    ? "/v2/batches/"
                               : target->what == backoffice::Target::What::unlock ? "/v2/unlock/"
                                                                                  : "/v1/heartbeats/") +
                              target->device_id;
  require(written == path, "a path is understood in one way only");
  return 0;
}
