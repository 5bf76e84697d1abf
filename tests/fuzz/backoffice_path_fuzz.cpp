// The paths of the back office's interface.
#include "src/backoffice/api.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string path(text_of(data, size));
  const auto target = backoffice::target_from(path);
  if (!target) return 0;
  // One thing has one path, and leads nowhere else on the disk: written again from what was understood, it is
  // the very same.
  using What = backoffice::Target::What;
  std::string written = std::string(target->what == What::batch          ? "/v2/batches/"
                                    : target->what == What::unlock       ? "/v2/unlock/"
                                    : target->what == What::heartbeat    ? "/v1/heartbeats/"
                                    : target->what == What::update_piece ? "/v1/updates/"
                                                                         : "/v1/watchlists/") +
                        target->device_id;
  if (target->what == What::list_key) written += "/key";
  if (target->what == What::list_piece)
    written += "/" + target->list + "/" + target->document + "/" + std::to_string(target->from);
  if (target->what == What::update_piece)
    written += "/" + target->document + "/" + std::to_string(target->from);
  require(written == path, "a path is understood in one way only");
  require(target->list.find_first_of("./") == std::string::npos &&
              target->document.find('/') == std::string::npos && !target->document.starts_with('.'),
          "a document or bundle lies in its folder");
  return 0;
}
