// What is said of an update bundle: by the file beside it, and in the answer to a heartbeat.
#include <nlohmann/json.hpp>

#include "wayside/device/update/update_offer.hpp"
#include "wayside/device/update/update_version.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto offer = update_offer_from(text_of(data, size));
  if (!offer) {
    require_good(offer.error());
    return 0;
  }
  require(update_version_from(offer->version).has_value(), "an update has a version");
  require(offer->bytes > 0 && offer->bytes <= largest_bundle_bytes, "its size has bounds");
  // Names of files, and steps of paths.
  require(offer->sha256.size() == 64 && offer->sha256.find_first_of("/.") == std::string::npos,
          "its hash is a name and no path");
  require(!offer->compatible.empty() && offer->compatible.find_first_of("/.") == std::string::npos,
          "so is whose it is");
  require(update_offer_from(to_json(*offer).dump()) == *offer, "it is written as it was read");
  return 0;
}
