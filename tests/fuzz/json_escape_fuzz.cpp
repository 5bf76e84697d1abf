// The escaping of text that goes into JSON or onto a terminal.
#include <nlohmann/json.hpp>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  const std::string escaped = json_escape(text);
  require(is_plain_text(escaped), "escaped text is UTF-8 without control characters");
  const auto parsed = nlohmann::json::parse('"' + escaped + '"', nullptr, false);
  require(parsed.is_string(), "escaped text is the inside of a JSON string");
  if (is_plain_text(text, "\t\n\r")) require(parsed.get<std::string>() == text, "and means what it was");
  const std::string entry = log::format_entry(log::Format::json, "event", {{text, text}});
  require(is_plain_text(entry) && nlohmann::json::accept('{' + entry + '}'),
          "a log entry is one JSON object");
  return 0;
}
