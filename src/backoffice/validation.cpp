#include "src/backoffice/validation.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "wayside/base/strict_json.hpp"
#include "wayside/base/time.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"
#include "wayside/device/watchlist/list_head.hpp"

namespace wayside::backoffice {

namespace {

using Json = nlohmann::json;

constexpr std::string_view audit_text =
#include "audit_record_schema.inc"
    ;
constexpr std::string_view capture_text =
#include "capture_record_schema.inc"
    ;
constexpr std::string_view clock_text =
#include "clock_record_schema.inc"
    ;
constexpr std::string_view coverage_text =
#include "coverage_record_schema.inc"
    ;
constexpr std::string_view sight_text =
#include "sight_record_schema.inc"
    ;

std::unique_ptr<const valijson::Schema> parse_schema(std::string_view text) {
  auto schema = std::make_unique<valijson::Schema>();
  const Json json = Json::parse(text);
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::NlohmannJsonAdapter(json), *schema);
  return schema;
}

struct NamedSchema {
  const valijson::Schema& schema;
  std::string_view name;
};
NamedSchema audit_schema() {
  static const auto parsed = parse_schema(audit_text);
  return {*parsed, "audit record schema, version 1"};
}
NamedSchema capture_schema() {
  static const auto parsed = parse_schema(capture_text);
  return {*parsed, "capture record schema, version 1"};
}
NamedSchema clock_schema() {
  static const auto parsed = parse_schema(clock_text);
  return {*parsed, "clock record schema, version 1"};
}
NamedSchema coverage_schema() {
  static const auto parsed = parse_schema(coverage_text);
  return {*parsed, "coverage record schema, version 1"};
}
NamedSchema sight_schema() {
  static const auto parsed = parse_schema(sight_text);
  return {*parsed, "sight record schema, version 1"};
}

// Valijson writes a path as "<root>", "[site]", "[name]".
std::string field_of(const std::vector<std::string>& path) {
  std::string field;
  for (std::size_t i = 1; i < path.size(); ++i) {
    const std::string step = path[i].substr(1, path[i].size() - 2);
    field += (field.empty() ? "" : ".") + step;
  }
  return field.empty() ? "the document" : "field " + field;
}

// Keys come from outside too: one that does not look like a field of ours could hold anything, and is not
// repeated.
std::string named_key(std::string_view key) {
  const bool like_ours = !key.empty() && key.size() <= 40 && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
  return like_ours ? "\"" + std::string(key) + "\"" : "that is not in the schema";
}

// A key that is too many or missing is named by looking it up, since Valijson's sentence is for its own
// debugging.
std::string surplus_or_missing(const std::string& description) {
  const auto last_quoted = [&]() -> std::string {
    const auto end = description.rfind('\'');
    if (end == std::string::npos || end == 0) return {};
    const auto start = description.rfind('\'', end - 1);
    return start == std::string::npos ? std::string{} : description.substr(start + 1, end - start - 1);
  };
  if (description.rfind("Missing required property", 0) == 0) return "lacks " + named_key(last_quoted());
  if (description.rfind("Object contains a property", 0) == 0)
    return "may not have a key " + named_key(last_quoted());
  return "does not fit";
}

Status check_against(const NamedSchema& named, const Json& json) {
  // A Validator keeps the regular expressions it has met, without a lock.
  thread_local valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(named.schema, valijson::adapters::NlohmannJsonAdapter(json), &results)) return {};
  valijson::ValidationResults::Error first;
  results.popError(first);
  return refuse(
      fmt::format("{} {} ({})", field_of(first.context), surplus_or_missing(first.description), named.name));
}

// What follows looks at documents that fit the schema, for what it cannot say: that a document does not
// contradict itself.

// The schema knows the form of a time, not that there is no 31 June.
Result<UtcTime> time_in(const Json& object, const char* key, std::string_view field) {
  const auto time = utc_from_iso8601(object.at(key).get<std::string>());
  if (!time) return refuse(fmt::format("field {} is no time in UTC with milliseconds", field));
  return *time;
}

Status check_characters(const Json& json) {
  const std::string vrm = json.at("vrm");
  const Json& characters = json.at("characters");
  if (characters.size() != vrm.size()) return refuse("field characters has not one entry a character of vrm");
  for (std::size_t i = 0; i < vrm.size(); ++i) {
    if (characters.at(i).at("character") != vrm.substr(i, 1))
      return refuse(fmt::format("field characters.{}.character differs from that of vrm", i));
  }
  return {};
}

Status check_direction(const Json& json) {
  const Json& direction = json.at("direction");
  const Json& towards = json.at("motion_towards_camera");
  const bool agree = direction == "unknown" ? towards.is_null() : towards == (direction == "towards");
  if (!agree) return refuse("field motion_towards_camera does not agree with direction");
  return {};
}

// By number alone: a camera's clock can be set back between two frames of a pass, and its record is one all
// the same.
Status check_frames(const Json& frames) {
  std::string before;
  Json number_before = std::uint64_t{0};
  for (const char* name : {"first", "best", "last"}) {
    const Json& frame = frames.at(name);
    const std::string field = std::string("frames.") + name;
    const auto time = time_in(frame, "time", field + ".time");
    if (!time) return fail(time.error());
    if (frame.at("number") < number_before)
      return refuse(fmt::format("field {}.number is below that of {}", field, before));
    before = field;
    number_before = frame.at("number");
  }
  return {};
}

// What matched was read, and a place that differs is one of it.
Status check_hits(const Json& json) {
  const auto hits = json.find("hits");
  if (hits == json.end()) return {};
  for (const Json& hit : *hits) {
    const Json& vrm = hit.at("vrm");
    const auto& others = json.at("alternatives");
    if (vrm != json.at("vrm") &&
        std::none_of(others.begin(), others.end(), [&](const Json& other) { return other.at("vrm") == vrm; }))
      return refuse("field hits.vrm is neither vrm nor one of the alternatives");
    const Json& differing = hit.at("differing");
    const bool has_one = hit.at("match") == "one_character";
    if (differing.is_null() == has_one ||
        (has_one && differing.get<std::size_t>() >= vrm.get_ref<const std::string&>().size()))
      return refuse("field hits.differing must be a place of vrm with one_character, and null without");
  }
  return {};
}

// The time of capture.
Result<UtcTime> check_consistency(const Json& json) {
  if (auto fits = check_hits(json); !fits) return fail(fits.error());
  if (auto fits = check_characters(json); !fits) return fail(fits.error());
  if (auto fits = check_direction(json); !fits) return fail(fits.error());
  if (auto fits = check_frames(json.at("frames")); !fits) return fail(fits.error());
  const auto captured = time_in(json.at("time"), "captured_at", "time.captured_at");
  if (!captured) return fail(captured.error());
  // One moment said twice: where the two differ, nobody can tell which is true.
  if (*captured != utc_from_iso8601(json.at("frames").at("best").at("time").get<std::string>()))
    return refuse("field time.captured_at differs from frames.best.time, whose moment it is");
  return *captured;
}

// Of an object of counts; 2^62 each at most, so that a handful cannot overflow.
std::uint64_t sum_of(const Json& counts) {
  std::uint64_t sum = 0;
  for (const Json& count : counts)
    sum = std::min(sum + count.get<std::uint64_t>(), std::uint64_t{1} << 62U);
  return sum;
}

// Of a book that fits its schema.
Status check_book(const Json& book, const RecordId& id) {
  if (book.at("device_id") != id.device_id) return refuse("field device_id differs from the sender's");
  if (!utc_from_iso8601(book.at("day").get<std::string>() + "T00:00:00Z"))
    return refuse("field day is no day of the calendar");
  const Json& first = book.at("first");
  const Json& last = book.at("last");
  if (first.is_null() != last.is_null()) return refuse("field last must be null with first");
  const std::uint64_t records = sum_of(book.at("by_class"));
  if (records != sum_of(book.at("by_type")))
    return refuse("field by_type does not add up to what by_class does");
  std::uint64_t numbers = 0;
  if (!first.is_null()) {
    if (last < first) return refuse("field last is below first");
    if (last >= id.number) return refuse("field last must be below the record's own number");
    numbers = last.get<std::uint64_t>() - first.get<std::uint64_t>() + 1;
  }
  if (records > numbers) return refuse("field by_class counts more records than first to last are");
  if (book.at("chain_head").at("number") >= id.number)
    return refuse("field chain_head.number must be below the record's own number");
  return {};
}

std::string_view schema_name(RecordType type) {
  switch (type) {
    case RecordType::coverage:
      return "wayside-coverage-1";
    case RecordType::clock:
      return "wayside-clock-1";
    case RecordType::audit:
      return "wayside-audit-1";
    case RecordType::sight:
      return "wayside-sight-1";
    case RecordType::capture:
    case RecordType::gap:
      break;
  }
  return {};
}

}  // namespace

tl::unexpected<Error> refuse(std::string reason) {
  return fail(ErrorCode::invalid_input, std::move(reason));
}

Result<UtcTime> check_document(std::string_view document, const std::string& device_id) {
  try {
    const auto json = parse_object(document, "the document");
    if (!json) return fail(json.error());
    if (auto fits = check_against(capture_schema(), *json); !fits) return fail(fits.error());
    if (json->at("device_id").get<std::string>() != device_id)
      return refuse("field device_id differs from the sender's");
    return check_consistency(*json);
  } catch (const std::exception&) {
    return refuse("the document does not fit the capture record schema, version 1");
  }
}

Status check_ledger_document(RecordType type, std::string_view document, const RecordId& id) {
  try {
    const auto json = parse_object(document, "the document");
    if (!json) return fail(json.error());
    const std::string_view schema = schema_name(type);
    if (const auto said = json->find("schema"); said == json->end() || *said != schema)
      return refuse(fmt::format("field schema must be {}", schema));
    if (type == RecordType::clock) {
      if (auto fits = check_against(clock_schema(), *json); !fits) return fits;
      if (json->at("device_id") != id.device_id) return refuse("field device_id differs from the sender's");
      return {};
    }
    if (type == RecordType::sight) {
      if (auto fits = check_against(sight_schema(), *json); !fits) return fits;
      if (json->at("device_id") != id.device_id) return refuse("field device_id differs from the sender's");
      if (!utc_from_iso8601(json->at("from").get<std::string>()))
        return refuse("field from is no time in UTC with milliseconds");
      return {};
    }
    if (type == RecordType::audit) {
      if (auto fits = check_against(audit_schema(), *json); !fits) return fits;
      if (json->at("device_id") != id.device_id) return refuse("field device_id differs from the sender's");
      if (!utc_from_iso8601(json->at("time").at("utc").get<std::string>()))
        return refuse("field time.utc is no time in UTC with milliseconds");
      for (const std::string_view object : {"authority", "trail", "watch_list"}) {
        if (json->contains(object) != (json->at("event") == object))
          return refuse("the one object beside event must be what event says");
      }
      return {};
    }
    if (type != RecordType::coverage) return {};
    if (auto fits = check_against(coverage_schema(), *json); !fits) return fits;
    return check_book(*json, id);
  } catch (const std::exception&) {
    return refuse("the document does not fit its schema");
  }
}

Result<ChainMark> chain_mark_of(std::string_view coverage_document) {
  try {
    const Json mark = Json::parse(coverage_document).at("chain_head");
    const auto bytes = bytes_from_hex(mark.at("sha256").get<std::string>());
    ChainMark out{mark.at("number").get<std::uint64_t>(), {}};
    if (bytes && bytes->size() == out.hash.size()) {
      std::copy(bytes->begin(), bytes->end(), out.hash.begin());
      return out;
    }
  } catch (const std::exception&) {
  }
  return fail(ErrorCode::corrupt, "a stored document is no coverage record of version 1");
}

Status check_picture(PartKind kind, ByteView picture, const std::string& document) {
  const std::string name = kind == PartKind::plate ? "plate" : "overview";
  if (picture.size() < 4 || picture[0] != 0xff || picture[1] != 0xd8 || picture[2] != 0xff) {
    return refuse(fmt::format("the {} picture is not JPEG", name));
  }
  try {
    const Json named = Json::parse(document).at("images").at(name);
    if (named.at("bytes").get<std::size_t>() != picture.size()) {
      return refuse(fmt::format("the {} picture's size is not what field images.{}.bytes says", name, name));
    }
    if (named.at("sha256").get<std::string>() != to_hex(sha256(picture))) {
      return refuse(fmt::format("the {} picture's hash is not what field images.{}.sha256 says", name, name));
    }
    return {};
  } catch (const std::exception&) {
    return refuse(fmt::format("the stored document says nothing usable in field images.{}", name));
  }
}

namespace {

bool is_queue_uuid(std::string_view text) {
  return text.size() == 2 * QueueUuid{}.size() && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Status check_heartbeat(std::string_view heartbeat) {
  const auto json = parse_object(heartbeat, "the heartbeat");
  if (!json) return fail(json.error());
  const auto time = json->find("time");
  if (time == json->end() || !time->is_string() || !utc_from_iso8601(time->get<std::string>())) {
    return refuse("field time must be a time in UTC, as in 2026-11-22T17:35:40.123Z");
  }
  const auto sentences = [](const Json& object) {
    return object.is_object() &&
           std::all_of(object.begin(), object.end(), [](const Json& value) { return value.is_string(); });
  };
  if (const auto problems = json->find("problems"); problems == json->end() || !sentences(*problems))
    return refuse("field problems must be an object of sentences, empty where all is well");
  if (const auto states = json->find("states"); states != json->end() && !sentences(*states))
    return refuse("field states must be an object of words");
  const Json uuid = json->value("queue_uuid", Json());
  if (!uuid.is_null() && !(uuid.is_string() && is_queue_uuid(uuid.get_ref<const std::string&>())))
    return refuse("field queue_uuid must be 32 hex digits");
  const auto is_count = [](const Json& value) { return value.is_number_unsigned(); };
  for (const char* key : {"queue", "counters"}) {
    const auto found = json->find(key);
    if (found == json->end() || !found->is_object() || !std::all_of(found->begin(), found->end(), is_count))
      return refuse(fmt::format("field {} must be an object of whole numbers from 0 on", key));
  }
  for (const char* key : {"unacknowledged", "evicted", "expired", "damaged", "segments", "segments_free"}) {
    if (!json->at("queue").contains(key)) return refuse(fmt::format("field queue lacks \"{}\"", key));
  }
  if (const auto clock = json->find("clock"); clock != json->end()) {
    if (!clock->is_object()) return refuse("field clock must be an object");
    if (!clock->value("source", Json()).is_string()) return refuse("field clock.source must be a text");
    for (const char* key : {"max_error_ms", "synchronised_ago_s"}) {
      const Json value = clock->value(key, Json());
      if (!value.is_null() && !is_count(value))
        return refuse(fmt::format("field clock.{} must be a whole number from 0 on, or null", key));
    }
  }
  if (const auto authority = json->find("authority"); authority != json->end()) {
    if (!authority->is_object() || !is_count(authority->value("number", Json())))
      return refuse("field authority.number must be a whole number from 0 on");
  }
  if (const auto lists = json->find("watch_lists"); lists != json->end()) {
    const bool sound = lists->is_object() && std::all_of(lists->begin(), lists->end(), is_count) &&
                       std::all_of(lists->items().begin(), lists->items().end(),
                                   [](const auto& item) { return is_list_id(item.key()); });
    if (!sound) return refuse("field watch_lists must be an object of revisions by list");
  }
  if (const auto system = json->find("system"); system != json->end()) {
    const bool sound = system->is_object() && system->value("version", Json()).is_string() &&
                       system->value("compatible", Json()).is_string() &&
                       sentences(system->value("update", Json()));
    if (!sound) return refuse("field system must have the texts version and compatible, and update of texts");
  }
  const Json upload = json->value("upload", Json());
  if (!upload.is_object()) return refuse("field upload must be an object");
  const Json circuit = upload.value("circuit", Json());
  if (circuit != "closed" && circuit != "open") return refuse("field upload.circuit must be closed or open");
  for (const char* key : {"dead_lettered", "quarantined"}) {
    if (!is_count(upload.value(key, Json())))
      return refuse(fmt::format("field upload.{} must be a whole number from 0 on", key));
  }
  return {};
}

std::string queue_in_heartbeat(std::string_view heartbeat) {
  const Json json = Json::parse(heartbeat, nullptr, false);
  const auto uuid = json.is_object() ? json.find("queue_uuid") : json.end();
  const bool named = json.is_object() && uuid != json.end() && uuid->is_string() &&
                     is_queue_uuid(uuid->get_ref<const std::string&>());
  return named ? uuid->get<std::string>() : std::string();
}

std::optional<std::uint64_t> authority_in_heartbeat(std::string_view heartbeat) {
  const Json json = Json::parse(heartbeat, nullptr, false);
  if (!json.is_object() || !json.contains("authority") || !json.at("authority").is_object())
    return std::nullopt;
  const Json number = json.at("authority").value("number", Json());
  return number.is_number_unsigned() ? std::optional(number.get<std::uint64_t>()) : std::nullopt;
}

std::optional<std::map<std::string, std::uint64_t>> watch_lists_in_heartbeat(std::string_view heartbeat) {
  const Json json = Json::parse(heartbeat, nullptr, false);
  if (!json.is_object() || !json.contains("watch_lists") || !json.at("watch_lists").is_object())
    return std::nullopt;
  std::map<std::string, std::uint64_t> held;
  for (const auto& [list, revision] : json.at("watch_lists").items()) {
    if (revision.is_number_unsigned()) held.emplace(list, revision.get<std::uint64_t>());
  }
  return held;
}

std::optional<SystemSaid> system_in_heartbeat(std::string_view heartbeat) {
  const Json json = Json::parse(heartbeat, nullptr, false);
  const Json system = json.is_object() ? json.value("system", Json()) : Json();
  if (!system.is_object()) return std::nullopt;
  const auto text = [](const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const Json update = system.value("update", Json());
  return SystemSaid{text(system, "version"), text(system, "compatible"), text(update, "state"),
                    text(update, "version"), text(update, "reason")};
}

std::optional<HealthSaid> health_in_heartbeat(std::string_view heartbeat) {
  if (!check_heartbeat(heartbeat)) return std::nullopt;
  const Json json = Json::parse(heartbeat);
  return HealthSaid{json.at("problems").get<std::map<std::string, std::string>>(),
                    json.at("queue").at("unacknowledged").get<std::uint64_t>()};
}

std::uint64_t delivered_in_heartbeat(std::string_view heartbeat) {
  constexpr std::uint64_t beyond_numbers = std::uint64_t{1} << 62U;
  const Json json = Json::parse(heartbeat, nullptr, false);
  if (!json.is_object() || !json.contains("queue") || !json.at("queue").is_object()) return 0;
  const Json delivered = json.at("queue").value("delivered_to", Json());
  if (!delivered.is_number_unsigned() || delivered.get<std::uint64_t>() >= beyond_numbers) return 0;
  return delivered.get<std::uint64_t>();
}

}  // namespace wayside::backoffice
