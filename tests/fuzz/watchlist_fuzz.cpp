// VOI lists: the head with its signature, and full lists' lines.
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/watch_list_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static WatchListInput input;
  const std::string_view text = text_of(data, size);
  const std::vector keys = {verifying_key(input.office.seed)};
  if (const auto head = list_head_from(text, keys); !head) {
    require_good(head.error());
  } else {
    const auto again = list_head_from(sign_list_head(*head, input.office.seed).value(), keys);
    require(again && *again == *head, "a head that is signed again says the same");
  }
  input.empty();
  input.take(text);
  // The same lines under a head that is signed.
  input.take(input.office.document(input.office.facts(1), std::string(text)));
  return 0;
}
