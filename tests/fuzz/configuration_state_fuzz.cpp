// The file that says which version of the configuration runs.
#include "wayside/base/bytes.hpp"

#include "src/device/config/store/store_state.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  // Behind a checksum that is wrong nobody looks; so the first line is given a right one too.
  const std::string_view given = text_of(data, size);
  const std::string line(given.substr(0, given.find('\n')));
  for (const std::string& text : {std::string(given), line + "\n" + to_hex(sha256(as_bytes(line))) + "\n"}) {
    const Result<config::StoreState> state = config::state_from(text);
    if (!state) {
      require_good(state.error());
      continue;
    }
    require(state->running <= state->last, "what runs was made");
    const Result<config::StoreState> again = config::state_from(config::text_of(*state));
    require(again && again->running == state->running && again->last == state->last &&
                again->earlier == state->earlier && again->waiting.has_value() == state->waiting.has_value(),
            "what was taken is written and taken again as the same");
  }
  return 0;
}
