#include "src/device/authority/document_body.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/json_text.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside::authority {

namespace {

using Json = nlohmann::json;
using Kind = AuthorityDocument::Kind;

constexpr std::uint64_t numbers_end = std::uint64_t{1} << 53U;
constexpr std::size_t longest_text = 200;
constexpr std::chrono::milliseconds longest_validity = std::chrono::days(5 * 366);

const std::set<std::string, std::less<>> authority_keys = {
    "kind",    "number",   "issued",    "devices",    "organisation", "purpose", "site",
    "contact", "latitude", "longitude", "valid_from", "valid_until",  "review"};
constexpr const char* occupants_key = "overview_occupants";  // the one that may be absent, of an authority
const std::set<std::string, std::less<>> revocation_keys = {"kind", "number", "issued", "devices", "reason"};

tl::unexpected<Error> refuse(std::string_view key, std::string_view form) {
  return fail(ErrorCode::invalid_input,
              fmt::format("field {} of the deployment authority must be {}", key, form));
}

bool is_device_id(std::string_view text) {
  return text.size() == 16 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Shown as it is in logs, on terminals and in health.
bool is_text(const std::string& text) {
  return !text.empty() && text.size() <= longest_text && json_escape(text) == text &&
         text.find_first_not_of(' ') != std::string::npos;
}

Status take(const Json& json, const char* key, std::string& into) {
  const Json& value = json.at(key);
  if (value.is_string()) into = value.get<std::string>();
  if (value.is_string() && is_text(into)) return {};
  return refuse(key, "a text of 1 to 200 bytes without quotes, backslashes and control characters");
}

Status take(const Json& json, const char* key, UtcTime& into) {
  const Json& value = json.at(key);
  const auto time =
      value.is_string() ? utc_from_iso8601(value.get<std::string>()) : Result<UtcTime>(refuse(key, ""));
  if (!time) return refuse(key, "a time in UTC, as in 2026-11-22T17:35:40.123Z");
  into = *time;
  return {};
}

Status take(const Json& json, const char* key, double most, double& into) {
  const Json& value = json.at(key);
  if (value.is_number()) into = value.get<double>();
  if (value.is_number() && into >= -most && into <= most) return {};
  return refuse(key, fmt::format("a number from {} to {}", -most, most));
}

Status take_devices(const Json& json, std::vector<std::string>& into) {
  constexpr std::string_view form = "1 to 64 device ids of 16 hex digits, ascending and none twice";
  const Json& list = json.at("devices");
  if (!list.is_array() || list.empty() || list.size() > most_authorised_devices)
    return refuse("devices", form);
  for (const Json& one : list) {
    if (!one.is_string() || !is_device_id(one.get_ref<const std::string&>())) return refuse("devices", form);
    if (!into.empty() && one.get_ref<const std::string&>() <= into.back()) return refuse("devices", form);
    into.push_back(one.get<std::string>());
  }
  return {};
}

Status check_keys(const Json& json, Kind kind) {
  const auto& keys = kind == Kind::authority ? authority_keys : revocation_keys;
  const std::size_t optional = kind == Kind::authority && json.contains(occupants_key) ? 1 : 0;
  for (const std::string& key : keys) {
    if (!json.contains(key))
      return fail(ErrorCode::invalid_input, fmt::format("the deployment authority lacks field {}", key));
  }
  if (json.size() == keys.size() + optional) return {};
  return fail(ErrorCode::invalid_input,
              "the deployment authority has a field that this version does not know: update the firmware");
}

Status take_authority(const Json& json, AuthorityDocument& document) {
  for (const auto& [key, text] :
       {std::pair("organisation", &document.organisation), std::pair("purpose", &document.purpose),
        std::pair("site", &document.site), std::pair("contact", &document.contact)}) {
    if (auto taken = take(json, key, *text); !taken) return taken;
  }
  if (auto taken = take(json, "latitude", 90, document.latitude); !taken) return taken;
  if (auto taken = take(json, "longitude", 180, document.longitude); !taken) return taken;
  for (const auto& [key, time] :
       {std::pair("valid_from", &document.valid_from), std::pair("valid_until", &document.valid_until),
        std::pair("review", &document.review)}) {
    if (auto taken = take(json, key, *time); !taken) return taken;
  }
  if (document.valid_until <= document.valid_from) return refuse("valid_until", "later than valid_from");
  if (document.valid_until - document.valid_from > longest_validity)
    return refuse("valid_until", "5 years after valid_from at most");
  if (document.review <= document.valid_from || document.review > document.valid_until)
    return refuse("review", "after valid_from and not after valid_until");
  document.clear_occupants = json.contains(occupants_key);
  if (document.clear_occupants && json.at(occupants_key) != "clear")
    return refuse(occupants_key, "clear, or absent");
  return {};
}

}  // namespace

Result<AuthorityDocument> document_from_body(std::string_view body) {
  const auto json = parse_object(body, "the deployment authority");
  if (!json) return fail(json.error());
  const Json kind = json->value("kind", Json());
  if (kind != "authority" && kind != "revocation") return refuse("kind", "authority or revocation");
  AuthorityDocument document;
  document.kind = kind == "authority" ? Kind::authority : Kind::revocation;
  if (auto known = check_keys(*json, document.kind); !known) return fail(known.error());
  const Json& number = json->at("number");
  if (number.is_number_unsigned()) document.number = number.get<std::uint64_t>();
  if (document.number == 0 || document.number >= numbers_end)
    return refuse("number", "a whole number from 1 to below 2^53");
  if (auto taken = take(*json, "issued", document.issued); !taken) return fail(taken.error());
  if (auto taken = take_devices(*json, document.devices); !taken) return fail(taken.error());
  const Status rest = document.kind == Kind::authority ? take_authority(*json, document)
                                                       : take(*json, "reason", document.reason);
  if (!rest) return fail(rest.error());
  return document;
}

std::string to_body(const AuthorityDocument& document) {
  nlohmann::ordered_json json;
  json["kind"] = document.kind == Kind::authority ? "authority" : "revocation";
  json["number"] = document.number;
  json["issued"] = to_iso8601(document.issued);
  json["devices"] = document.devices;
  if (document.kind == Kind::revocation) {
    json["reason"] = document.reason;
  } else {
    json["organisation"] = document.organisation;
    json["purpose"] = document.purpose;
    json["site"] = document.site;
    json["contact"] = document.contact;
    json["latitude"] = document.latitude;
    json["longitude"] = document.longitude;
    json["valid_from"] = to_iso8601(document.valid_from);
    json["valid_until"] = to_iso8601(document.valid_until);
    json["review"] = to_iso8601(document.review);
    if (document.clear_occupants) json[occupants_key] = "clear";
  }
  // What is no UTF-8 is refused by whoever reads it.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace wayside::authority
