// What the console takes for the daemon's answer.
#include "wayside/device/control/control_message.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto answer = parse_control_answer(text_of(data, size));
  if (!answer) {
    require_good(answer.error());
    const std::string line = encode_refusal(answer.error());
    require(line.find('\n') == std::string::npos && is_plain_text(line), "a refusal is one plain line");
    const auto again = parse_control_answer(line);
    require(!again && again.error().code == answer.error().code, "a refusal keeps its code");
    return 0;
  }
  require(answer->is_object() && answer->at("ok") == true, "an answer says that it is one");
  return 0;
}
