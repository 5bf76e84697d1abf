#include "src/device/wipe/receipt.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/shared_folder.hpp"
#include "wayside/base/signed_line.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside {

namespace wipe_parts {

namespace {

using Json = nlohmann::json;

constexpr std::string_view receipt_schema = "wayside-wipe-receipt-1";
constexpr std::string_view completion_schema = "wayside-wipe-completion-1";
constexpr std::string_view receipt_name = "receipt";
constexpr std::string_view completion_name = "completion";
constexpr std::size_t longest_text = 1024;

// ASCII alone: a receipt can be shown on any terminal.
std::string dumped(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Json time_json(const Moment& at) {
  Json json = {
      {"utc", to_iso8601(at.now.utc)}, {"source", to_string(at.quality.source)}, {"max_error_ms", nullptr}};
  if (at.quality.max_error_ms) json["max_error_ms"] = *at.quality.max_error_ms;
  if (!at.boot_id.empty()) {
    json["boot_id"] = at.boot_id;
    json["monotonic_ms"] = at.now.monotonic.ns / 1'000'000;
  }
  return json;
}

Json request_json(const WipeRequest& request) {
  return {{"name", request.name.substr(0, longest_text)},
          {"role", request.role.substr(0, longest_text)},
          {"terminal", request.terminal.substr(0, longest_text)},
          {"reason", request.reason.substr(0, longest_text)}};
}

Json field(const Json& object, const char* key) {
  return object.is_object() ? object.value(key, Json()) : Json();
}

bool take(const Json& json, std::string& into) {
  if (!json.is_string()) return false;
  into = json.get<std::string>();
  return true;
}

bool take(const Json& list, std::vector<std::string>& into) {
  if (!list.is_array()) return false;
  return std::all_of(list.begin(), list.end(),
                     [&](const Json& one) { return take(one, into.emplace_back()); });
}

bool take(const Json& json, WipeRequest& into) {
  return take(field(json, "name"), into.name) && take(field(json, "role"), into.role) &&
         take(field(json, "terminal"), into.terminal) && take(field(json, "reason"), into.reason);
}

bool take(const Json& json, VerifyingKey& into) {
  std::string text;
  const auto key = take(json, text) ? verifying_key_from(text) : fail(ErrorCode::corrupt, "no text");
  if (key) into = *key;
  return key.has_value();
}

tl::unexpected<Error> not_ours(std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("it is not {}, or was altered", what));
}

Json outcomes_json(const std::vector<Outcome>& outcomes) {
  Json list = Json::array();
  for (const Outcome& one : outcomes)
    list.push_back({{"name", one.name}, {"result", one.result}, {"problem", one.problem}});
  return list;
}

bool take(const Json& list, std::vector<Outcome>& into) {
  if (!list.is_array()) return false;
  for (const Json& one : list) {
    Outcome outcome;
    if (!take(field(one, "name"), outcome.name) || !take(field(one, "result"), outcome.result) ||
        !take(field(one, "problem"), outcome.problem))
      return false;
    into.push_back(std::move(outcome));
  }
  return true;
}

std::string shown(const Json& json) {
  std::string text;
  return take(json, text) ? json_escape(text) : std::string("?");
}

}  // namespace

std::string receipt_line(std::string_view device_id, const Moment& at, const WipeRequest& request,
                         const std::vector<WipeThing>& things, const std::vector<Found>& found,
                         const Secret* device, const Secret& own) {
  Json list = Json::array();
  for (std::size_t i = 0; i < things.size(); ++i) {
    list.push_back({{"name", things[i].name},
                    {"keys", things[i].keys},
                    {"files", i < found.size() ? found[i].files : 0},
                    {"bytes", i < found.size() ? found[i].bytes : 0}});
  }
  const std::string body = dumped({{"schema", receipt_schema},
                                   {"device_id", device_id},
                                   {"time", time_json(at)},
                                   {"by", request_json(request)},
                                   {"things", std::move(list)},
                                   {"signed_by", device != nullptr ? "device" : "nobody"},
                                   {"completion_key", to_hex(verifying_key(own))}});
  return sign_line(receipt_name, receipt_schema, body, device != nullptr ? *device : own);
}

std::string completion_line(std::string_view receipt, const Moment& at, const std::vector<Outcome>& outcomes,
                            const Secret& own) {
  const std::string body = dumped({{"schema", completion_schema},
                                   {"receipt", to_hex(sha256(as_bytes(receipt)))},
                                   {"time", time_json(at)},
                                   {"things", outcomes_json(outcomes)}});
  return sign_line(completion_name, completion_schema, body, own);
}

bool all_overwritten(const std::vector<Outcome>& outcomes) {
  return !outcomes.empty() && outcomes.back().name == free_space && outcomes.back().result == "destroyed" &&
         std::all_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& one) { return one.result == "destroyed" || one.result == "absent"; });
}

std::string to_text(const UnderWay& under_way) {
  Json things = Json::array();
  for (std::size_t i = 0; i < under_way.things.size(); ++i) {
    const WipeThing& thing = under_way.things[i];
    things.push_back({{"name", thing.name},
                      {"path", to_hex(as_bytes(thing.path.string()))},  // it may be any bytes
                      {"lies_on", under_way.known.at(i).lies_on},
                      {"unwritten", under_way.known.at(i).unwritten},
                      {"keys", thing.keys},
                      {"but_for", thing.but_for},
                      {"but_for_roots", thing.but_for_roots}});
  }
  return with_checksum(dumped({{"schema", "wayside-wipe-under-way-1"},
                               {"receipt", under_way.receipt},
                               {"file", under_way.file},
                               {"own", to_hex(under_way.own.view())},
                               {"things", std::move(things)},
                               {"outcomes", outcomes_json(under_way.outcomes)}}));
}

Result<UnderWay> under_way_from(std::string_view text) {
  const auto body = without_checksum(text);
  const auto json = body ? parse_object(*body, "it") : fail(body.error());
  if (!json || field(*json, "schema") != "wayside-wipe-under-way-1") return not_ours("what a wipe keeps");
  UnderWay under_way;
  std::string own;
  if (!take(field(*json, "receipt"), under_way.receipt) || !take(field(*json, "file"), under_way.file) ||
      !take(field(*json, "own"), own) || !take(field(*json, "outcomes"), under_way.outcomes) ||
      under_way.file.find('/') != std::string::npos || under_way.file.empty())
    return not_ours("what a wipe keeps");
  const auto seed = bytes_from_hex(own);
  if (!seed || seed->size() != Secret::bytes) return not_ours("what a wipe keeps");
  under_way.own = Secret(*seed);
  const Json things = field(*json, "things");
  if (!things.is_array() || things.size() < under_way.outcomes.size()) return not_ours("what a wipe keeps");
  for (const Json& one : things) {
    WipeThing thing;
    std::string path;
    const Json keys = field(one, "keys");
    if (!take(field(one, "name"), thing.name) || !take(field(one, "path"), path) || !keys.is_boolean() ||
        !take(field(one, "but_for"), thing.but_for))
      return not_ours("what a wipe keeps");
    const Json roots = field(one, "but_for_roots"), unwritten = field(one, "unwritten");
    Known known;
    const auto bytes = bytes_from_hex(path);
    if (!bytes || bytes->empty() || !roots.is_boolean() || !unwritten.is_boolean() ||
        !take(field(one, "lies_on"), known.lies_on))
      return not_ours("what a wipe keeps");
    known.unwritten = unwritten.get<bool>();
    under_way.known.push_back(std::move(known));
    thing.but_for_roots = roots.get<bool>();
    thing.path = std::string(bytes->begin(), bytes->end());
    thing.keys = keys.get<bool>();
    under_way.things.push_back(std::move(thing));
  }
  return under_way;
}

std::string to_text(const WipeRequest& request) {
  return with_checksum(dumped({{"schema", "wayside-wipe-request-1"}, {"by", request_json(request)}}));
}

Result<WipeRequest> wipe_request_from(std::string_view text) {
  const auto body = without_checksum(text);
  const auto json = body ? parse_object(*body, "it") : fail(body.error());
  WipeRequest request;
  if (!json || field(*json, "schema") != "wayside-wipe-request-1" || !take(field(*json, "by"), request))
    return not_ours("a request for a wipe");
  return request;
}

}  // namespace wipe_parts

Result<std::string> check_wipe_receipt(std::string_view text, const VerifyingKey& device) {
  using namespace wipe_parts;
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view first = text.substr(0, end);
  std::string_view second = text.substr(std::min(end + 1, text.size()));
  if (second.ends_with('\n')) second.remove_suffix(1);
  const auto line = signed_line_from(first, receipt_name);
  const auto json = line ? parse_object(line->body, "it") : fail(ErrorCode::corrupt, "no form");
  VerifyingKey own{};
  WipeRequest by;
  std::string device_id;
  const Json none;
  if (!json || field(*json, "schema") != receipt_schema || !take(field(*json, "by"), by) ||
      !take(field(*json, "device_id"), device_id) || !take(field(*json, "completion_key"), own) ||
      !field(*json, "things").is_array())
    return not_ours("a receipt of a wipe");
  if (!holds(*line, receipt_schema, device)) {
    if (field(*json, "signed_by") == "nobody" && holds(*line, receipt_schema, own)) {
      return fail(ErrorCode::refused,
                  "it proves nothing: the device's key could not be read when the wipe began, so that nobody "
                  "signed it");
    }
    return fail(ErrorCode::refused, "it is not signed by this device's key, or was altered");
  }
  std::string said = fmt::format(
      "device {}: a wipe was begun at {} (clock: {})\nasked for by {} at {}{}\n", json_escape(device_id),
      shown(field(field(*json, "time"), "utc")), shown(field(field(*json, "time"), "source")),
      by.name.empty() ? std::string("somebody with the box in their hands")
                      : fmt::format("{} ({})", json_escape(by.name), json_escape(by.role)),
      by.terminal.empty() ? std::string("no terminal") : json_escape(by.terminal),
      by.reason.empty() ? std::string() : ": " + json_escape(by.reason));
  for (const Json& thing : field(*json, "things")) {
    said += fmt::format("  {}: {} files, {} bytes\n", shown(field(thing, "name")),
                        dumped(field(thing, "files")), dumped(field(thing, "bytes")));
  }
  if (second.empty())
    return said + "nothing shows that it was carried out: expected a second line, the completion\n";
  const auto completed = signed_line_from(second, completion_name);
  const auto done = completed ? parse_object(completed->body, "it") : fail(ErrorCode::corrupt, "no form");
  std::vector<Outcome> outcomes;
  if (!done || !holds(*completed, completion_schema, own) || field(*done, "schema") != completion_schema ||
      field(*done, "receipt") != to_hex(sha256(as_bytes(first))) || !take(field(*done, "things"), outcomes))
    return not_ours("the completion of this wipe");
  said += fmt::format("what became of it, by {}:\n", shown(field(field(*done, "time"), "utc")));
  std::size_t things = 0;
  bool left = false;
  for (const Outcome& one : outcomes) {
    if (one.name != free_space) ++things;
    left = left || one.result == "left";
    said += fmt::format("  {}: {}{}\n", json_escape(one.name), json_escape(one.result),
                        one.problem.empty() ? std::string() : "; " + json_escape(one.problem));
  }
  if (left || things < field(*json, "things").size())
    return said + "NOT COMPLETE: something is left on the camera\n";
  return said + (all_overwritten(outcomes) ? "complete: nothing is left\n"
                                           : "complete: no file is left; what they held may be\n");
}

}  // namespace wayside
