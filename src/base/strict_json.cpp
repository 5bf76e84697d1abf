#include "wayside/base/strict_json.hpp"

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace wayside {

using Json = nlohmann::json;

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// This parser skips a byte order mark in front and stops at the first NUL; to SQLite, and to others, neither
// is JSON, or not the same.
bool is_read_differently(std::string_view text) {
  return text.starts_with(byte_order_mark) || text.find('\0') != std::string_view::npos;
}

}  // namespace

Result<Json> parse_object(std::string_view text, std::string_view what) {
  if (is_read_differently(text)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is not plain JSON: send it without byte order mark and NUL", what));
  }
  // Of a key given twice this parser keeps the last, SQLite and others the first: what one has checked would
  // not be what the other goes by.
  bool key_twice = false;
  std::vector<std::set<std::string>> open_objects;
  const auto see = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key)
      key_twice = !open_objects.back().insert(parsed.get<std::string>()).second || key_twice;
    return true;
  };
  Json json = Json::parse(text, see, false);
  if (json.is_discarded() || !json.is_object()) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is not a JSON object", what));
  }
  if (key_twice) return fail(ErrorCode::invalid_input, fmt::format("{} has a key twice", what));
  return json;
}

}  // namespace wayside
