// What an office answers to a heartbeat.
#include "src/delivery/upload/answer.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto known = upload::known_numbers_from(text_of(data, size));
  if (!known) {
    require_good(known.error());
    return 0;
  }
  const std::string again = "{\"queue_uuid\":\"" + to_hex(known->queue_uuid) +
                            "\",\"highest_number\":" + std::to_string(known->highest.value()) + "}";
  const auto same = upload::known_numbers_from(again);
  require(same && same->queue_uuid == known->queue_uuid && same->highest == known->highest,
          "what was understood is understood again");
  require(known->authorities.size() < size, "no authority is made up");
  for (const ListOffer& offer : known->watch_lists.value_or(std::vector<ListOffer>{})) {
    // Both are asked for as steps of a path.
    require(!offer.list.empty() && offer.list.find_first_of("/.?#% \n") == std::string::npos &&
                offer.document.find_first_of("/?#% \n") == std::string::npos &&
                offer.document.find("..") == std::string::npos,
            "a list and its document are names and no paths");
    require(offer.revision > 0 && offer.document.empty() == (offer.bytes == 0),
            "a document that is offered has bytes, and nothing else has");
  }
  if (known->update && *known->update) {
    const UpdateOffer& offer = **known->update;
    require(offer.bytes > 0 && offer.sha256.size() == 64 &&
                offer.sha256.find_first_not_of("0123456789abcdef") == std::string::npos,
            "an update has bytes, and a hash that is a name and no path");
  }
  return 0;
}
