#include "src/device/audit/trail_line.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/shared_folder.hpp"
#include "wayside/base/signed_line.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside {

namespace audit {

namespace {

using Json = nlohmann::json;

constexpr std::string_view entry_schema = "wayside-trail-1";
constexpr std::string_view head_schema = "wayside-trail-head-1";
// What is signed begins with its schema: no entry can be taken for a head, nor for anything else.
constexpr std::string_view entry_name = "entry";
constexpr std::string_view head_name = "head";

std::string to_text(const Json& json) {
  // ASCII alone, whatever was typed: a line can be shown on any terminal.
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <std::size_t N>
bool take(const Json& json, std::array<std::uint8_t, N>& into) {
  if (!json.is_string()) return false;
  const std::string& text = json.get_ref<const std::string&>();
  const Result<Bytes> bytes = bytes_from_hex(text);
  if (!bytes || bytes->size() != N || !is_lower_hex(text)) return false;
  std::copy(bytes->begin(), bytes->end(), into.begin());
  return true;
}

bool take(const Json& json, std::string& into) {
  if (!json.is_string() || json.get_ref<const std::string&>().size() > 4 * largest_text_bytes) return false;
  into = json.get<std::string>();
  return true;
}

bool take(const Json& json, std::uint64_t& into) {
  constexpr std::uint64_t most = std::uint64_t{1} << 53U;
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() >= most) return false;
  into = json.get<std::uint64_t>();
  return true;
}

// Two long texts that differ in what is cut off differ in how they end.
std::string shortened(const std::string& text) {
  constexpr std::size_t hash_digits = 16;
  if (text.size() <= largest_text_bytes) return text;
  const std::string said = fmt::format("... ({} bytes, SHA-256 {})", text.size(),
                                       to_hex(sha256(as_bytes(text))).substr(0, hash_digits));
  std::size_t end = largest_text_bytes - said.size();
  // Not within a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return text.substr(0, end) + said;
}

Json time_json(const LineTime& time) {
  Json json = {{"utc", to_iso8601(time.now.utc)},
               {"source", to_string(time.quality.source)},
               {"max_error_ms", nullptr}};
  if (time.quality.max_error_ms) json["max_error_ms"] = *time.quality.max_error_ms;
  if (!time.boot_id.empty()) {
    json["boot_id"] = time.boot_id;
    json["monotonic_ms"] = time.now.monotonic.ns / 1'000'000;
  }
  return json;
}

}  // namespace

std::string to_line(const TrailEvent& event, const Link& after, const LineTime& time, const Secret& seed,
                    const VerifyingKey& key) {
  Json details = Json::object();
  for (const auto& [name, value] : event.details) {
    if (details.size() < most_details) details[shortened(name)] = shortened(value);
  }
  const std::string body = to_text(Json{{"schema", entry_schema},
                                        {"number", after.number + 1},
                                        {"previous", to_hex(after.hash)},
                                        {"key", to_hex(key)},
                                        {"time", time_json(time)},
                                        {"event", shortened(event.event)},
                                        {"by",
                                         {{"name", shortened(event.by.name)},
                                          {"role", shortened(event.by.role)},
                                          {"terminal", shortened(event.by.terminal)}}},
                                        {"details", std::move(details)}});
  return sign_line(entry_name, entry_schema, body, seed);
}

bool is_whole_line(std::string_view line) {
  return signed_line_from(line, entry_name).has_value();
}

std::string to_head(const Link& cut, const Secret& seed) {
  const std::string body = to_text(Json{{"schema", head_schema},
                                        {"number", cut.number},
                                        {"hash", to_hex(cut.hash)},
                                        {"key", to_hex(verifying_key(seed))}});
  return sign_line(head_name, head_schema, body, seed);
}

Result<Link> head_from(std::string_view text) {
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  const auto refused = [] {
    return fail(ErrorCode::corrupt, "the head of the trail is damaged or was altered");
  };
  const std::optional<SignedLine> parts = signed_line_from(text, head_name);
  if (!parts) return refused();
  const Result<Json> json = parse_object(parts->body, "the head");
  Link cut;
  if (!json || json->value("schema", Json()) != head_schema ||
      !take(json->value("number", Json()), cut.number) || !take(json->value("hash", Json()), cut.hash) ||
      !take(json->value("key", Json()), cut.key) || cut.number == 0 || !holds(*parts, head_schema, cut.key))
    return refused();
  return cut;
}

std::string to_text(const AuditTrail::Carried& carried) {
  return with_checksum(to_text(Json{{"number", carried.number}, {"hash", to_hex(carried.hash)}}));
}

Result<AuditTrail::Carried> carried_from(std::string_view text) {
  const auto body = without_checksum(text);
  const Result<Json> json = body ? parse_object(*body, "it") : fail(body.error());
  AuditTrail::Carried carried;
  if (!json || !take(json->value("number", Json()), carried.number) ||
      !take(json->value("hash", Json()), carried.hash))
    return fail(ErrorCode::corrupt, "it is not what the camera keeps of its trail");
  return carried;
}

TrailEvent torn_line_event(std::string_view torn) {
  return {std::string(trail_event::torn_line),
          {},
          {{"bytes", std::to_string(torn.size())}, {"sha256", to_hex(sha256(as_bytes(torn)))}}};
}

bool names_torn(const TrailEntry& entry, std::string_view torn) {
  const bool may = entry.what.event == trail_event::torn_line || entry.what.event == trail_event::key_lost;
  return may && entry.what.details == torn_line_event(torn).details;
}

}  // namespace audit

Result<TrailEntry> trail_entry_from(std::string_view line) {
  using namespace audit;
  const auto refused = [](std::string_view why) { return fail(ErrorCode::corrupt, std::string(why)); };
  if (line.size() > largest_line_bytes) return refused("it is longer than an entry can be");
  const std::optional<SignedLine> parts = signed_line_from(line, entry_name);
  if (!parts) return refused("it does not have the form of an entry");
  const Result<Json> json = parse_object(parts->body, "it");
  if (!json) return refused(json.error().message);
  const auto field = [](const Json& object, const char* key) {
    return object.is_object() ? object.value(key, Json()) : Json();
  };
  TrailEntry entry;
  if (field(*json, "schema") != entry_schema) return refused("it is of another form than wayside-trail-1");
  if (!take(field(*json, "key"), entry.key)) return refused("it names no key");
  if (!holds(*parts, entry_schema, entry.key)) return refused("its signature does not hold");
  const Json time = field(*json, "time");
  const Json by = field(*json, "by");
  const Json details = field(*json, "details");
  const bool good =
      take(field(*json, "number"), entry.number) && entry.number > 0 &&
      take(field(*json, "previous"), entry.previous) && take(field(time, "utc"), entry.utc) &&
      utc_from_iso8601(entry.utc) && take(field(time, "source"), entry.time_source) &&
      take(field(*json, "event"), entry.what.event) && take(field(by, "name"), entry.what.by.name) &&
      take(field(by, "role"), entry.what.by.role) && take(field(by, "terminal"), entry.what.by.terminal) &&
      details.is_object() && details.size() <= most_details;
  if (!good) return refused("it lacks what an entry has");
  for (const auto& [name, value] : details.items()) {
    if (!take(value, entry.what.details[name])) return refused("a detail of it is no text");
  }
  entry.hash = sha256(as_bytes(line));
  entry.line = std::string(line);
  return entry;
}

}  // namespace wayside
