// What the unlock service's answer is taken to say. First line of an input: status, a space, the content
// type; the rest is the body.
#include <charconv>

#include "src/delivery/upload/unlock_answer.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const RecipientSecret transfer = make_recipient_secret();
  const std::string_view text = text_of(data, size);
  const std::string_view head = text.substr(0, text.find('\n'));
  upload::HttpAnswer answer;
  std::from_chars(head.data(), head.data() + head.size(), answer.status);
  if (const auto space = head.find(' '); space != std::string_view::npos)
    answer.content_type = head.substr(space + 1);
  answer.body = text.substr(std::min(head.size() + 1, text.size()));
  const auto keys = upload::unlock_keys_from(answer, transfer);
  require(!keys, "what was not sealed to this transfer is no key");
  require_good(keys.error());
  require((keys.error().code == ErrorCode::refused) == (answer.status == 403 || answer.status == 404),
          "keys are dropped for a refusal and for nothing else");
  return 0;
}
