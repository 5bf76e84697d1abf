// Lines of whoever has connected to the control socket.
#include "wayside/device/control/control_message.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto request = parse_control_request(text_of(data, size));
  if (!request) {
    require_good(request.error());
    return 0;
  }
  require(request->every >= std::chrono::milliseconds(100) && request->every <= std::chrono::seconds(10),
          "reports come neither in a flood nor never");
  require(request->actor.size() <= 64, "who asks has a short name");
  const std::string line = encode(*request);
  require(line.find('\n') == std::string::npos && is_plain_text(line), "a request is one plain line");
  const auto again = parse_control_request(line);
  require(again && again->task == request->task && again->every == request->every &&
              again->commissioning == request->commissioning && again->actor == request->actor,
          "what was understood is said the same way");
  return 0;
}
