#include "wayside/device/watchlist/list_head.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/strict_json.hpp"

namespace wayside {

namespace {

using Json = nlohmann::json;

constexpr std::string_view form = "wayside-watchlist-1";
constexpr std::size_t id_digits = 16;
constexpr std::size_t signature_digits = 2 * std::tuple_size_v<Signature>;
static_assert(first_head_line_bytes == form.size() + 1 + id_digits + 1 + signature_digits + 1);

constexpr std::uint64_t numbers_end = std::uint64_t{1} << 53U;

const std::set<std::string, std::less<>> full_keys = {
    "kind", "list", "revision", "issued", "valid_from", "valid_until", "entries", "bytes", "digest"};
const std::set<std::string, std::less<>> delta_keys = {
    "kind",  "list",   "revision", "issued",      "valid_from", "valid_until",  "entries",
    "bytes", "digest", "base",     "base_digest", "changes",    "change_bytes", "change_digest"};

// Names a key for people; nothing depends on its not being forged.
std::string id_of(const VerifyingKey& key) {
  return to_hex(sha256(key)).substr(0, id_digits);
}

tl::unexpected<Error> refuse(std::string_view key, std::string_view expected) {
  return fail(ErrorCode::invalid_input,
              fmt::format("field {} of the VOI list's head must be {}", key, expected));
}

tl::unexpected<Error> no_list(std::string_view why) {
  return fail(ErrorCode::corrupt,
              fmt::format("it is no VOI list ({}): get it from the back office anew", why));
}

// The form is signed too: the key's signature under something else is none of this.
std::string signed_text(std::string_view second_line) {
  return fmt::format("{}\n{}", form, second_line);
}

Status take(const Json& json, const char* key, std::uint64_t least, std::uint64_t& into) {
  const Json& value = json.at(key);
  if (value.is_number_unsigned()) into = value.get<std::uint64_t>();
  if (value.is_number_unsigned() && into >= least && into < numbers_end) return {};
  return refuse(key, fmt::format("a whole number from {} to below 2^53", least));
}

Status take(const Json& json, const char* key, UtcTime& into) {
  const Json& value = json.at(key);
  const auto time =
      value.is_string() ? utc_from_iso8601(value.get<std::string>()) : Result<UtcTime>(refuse(key, ""));
  if (!time) return refuse(key, "a time in UTC, as in 2026-11-22T17:35:40.123Z");
  into = *time;
  return {};
}

Status take(const Json& json, const char* key, ListDigest& into) {
  const Json& value = json.at(key);
  const auto bytes = value.is_string() ? bytes_from_hex(value.get<std::string>()) : Result<Bytes>(Bytes{});
  if (!bytes || bytes->size() != into.size()) return refuse(key, "64 hex digits");
  std::copy(bytes->begin(), bytes->end(), into.begin());
  return {};
}

template <class... Taken>
Status first_error(const Taken&... taken) {
  Status all;
  // The first that failed is told.
  (void)((taken ? true : (all = taken, false)) && ...);
  return all;
}

Status take_delta(const Json& json, ListHead& head) {
  ListChanges delta;
  const Status taken =
      first_error(take(json, "base", 1, delta.base), take(json, "base_digest", delta.base_digest),
                  take(json, "changes", 0, delta.changes), take(json, "change_bytes", 0, delta.bytes),
                  take(json, "change_digest", delta.digest));
  if (!taken) return taken;
  if (delta.base >= head.facts.revision) return refuse("base", "lower than revision");
  head.delta = delta;
  return {};
}

Result<ListHead> head_from(const Json& json) {
  const Json kind = json.value("kind", Json());
  if (kind != "full" && kind != "delta") return refuse("kind", "full or delta");
  const auto& keys = kind == "delta" ? delta_keys : full_keys;
  for (const std::string& key : keys) {
    if (!json.contains(key)) return refuse(key, "there");
  }
  if (json.size() != keys.size()) {
    return fail(ErrorCode::unsupported,
                "the VOI list's head has a field that this version does not know: update the firmware");
  }
  ListHead head;
  ListFacts& facts = head.facts;
  const Json& list = json.at("list");
  if (list.is_string()) facts.list = list.get<std::string>();
  if (!is_list_id(facts.list)) return refuse("list", "1 to 64 of a-z, 0-9 and -");
  const Status taken =
      first_error(take(json, "revision", 1, facts.revision), take(json, "issued", facts.issued),
                  take(json, "valid_from", facts.valid_from), take(json, "valid_until", facts.valid_until),
                  take(json, "entries", 0, facts.entries), take(json, "bytes", 0, facts.bytes),
                  take(json, "digest", facts.digest));
  if (!taken) return fail(taken.error());
  if (facts.valid_until <= facts.valid_from) return refuse("valid_until", "later than valid_from");
  if (kind == "full") return head;
  if (const auto delta = take_delta(json, head); !delta) return fail(delta.error());
  return head;
}

std::string to_json_line(const ListHead& head) {
  nlohmann::ordered_json json;
  const ListFacts& facts = head.facts;
  json["kind"] = head.delta ? "delta" : "full";
  json["list"] = facts.list;
  json["revision"] = facts.revision;
  json["issued"] = to_iso8601(facts.issued);
  json["valid_from"] = to_iso8601(facts.valid_from);
  json["valid_until"] = to_iso8601(facts.valid_until);
  json["entries"] = facts.entries;
  json["bytes"] = facts.bytes;
  json["digest"] = to_hex(facts.digest);
  if (head.delta) {
    json["base"] = head.delta->base;
    json["base_digest"] = to_hex(head.delta->base_digest);
    json["changes"] = head.delta->changes;
    json["change_bytes"] = head.delta->bytes;
    json["change_digest"] = to_hex(head.delta->digest);
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

bool is_list_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<std::string> sign_list_head(const ListHead& head, const Secret& seed) {
  const std::string line = to_json_line(head);
  // What no camera would take must not be signed.
  const auto json = parse_object(line, "the VOI list's head");
  if (!json) return fail(json.error());
  if (const auto good = head_from(*json); !good) return fail(good.error());
  return fmt::format("{} {} {}\n{}", form, id_of(verifying_key(seed)),
                     to_hex(sign(as_bytes(signed_text(line)), seed)), line);
}

Result<ListHead> list_head_from(std::string_view text, std::span<const VerifyingKey> keys) {
  constexpr std::size_t id_at = form.size() + 1;
  constexpr std::size_t signature_at = id_at + id_digits + 1;
  if (text.size() > largest_list_head_bytes) return no_list("its head is larger than 2,048 bytes");
  if (text.size() <= first_head_line_bytes || !text.starts_with(form) || text[id_at - 1] != ' ' ||
      text[signature_at - 1] != ' ' || text[first_head_line_bytes - 1] != '\n')
    return no_list("its first line is not \"wayside-watchlist-1\" with a key's id and a signature");
  const auto digits = bytes_from_hex(text.substr(signature_at, signature_digits));
  const auto id = bytes_from_hex(text.substr(id_at, id_digits));
  if (!digits || !id) return no_list("its signature is not of hex digits");
  Signature signature{};
  std::copy(digits->begin(), digits->end(), signature.begin());
  const std::string_view line = text.substr(first_head_line_bytes);
  if (line.find('\n') != line.size() - 1) return no_list("its head is not of two lines");
  const std::string whole = signed_text(line);
  const bool good = std::any_of(keys.begin(), keys.end(), [&](const VerifyingKey& key) {
    return is_signed(as_bytes(whole), signature, key);
  });
  if (!good) {
    return fail(
        ErrorCode::refused,
        fmt::format("the VOI list was changed, or signed by a key that is not this camera's office's (it "
                    "names key {}): get it from that office anew, or give the camera the office's key",
                    to_hex(*id)));
  }
  const auto json = parse_object(line, "the VOI list's head");
  if (!json) return fail(json.error());
  return head_from(*json);
}

}  // namespace wayside
