#include "wayside/device/update/update_offer.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/strict_json.hpp"
#include "wayside/device/update/update_version.hpp"

namespace wayside {

namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_compatible = 64;
constexpr std::size_t sha256_digits = 64;

tl::unexpected<Error> wrong(std::string_view field, std::string_view form) {
  return fail(ErrorCode::invalid_input, fmt::format("field {} must be {}", field, form));
}

// Empty where there is none.
std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

bool is_compatible(std::string_view text) {
  constexpr std::string_view ours = "wayside-";
  return text.starts_with(ours) && text.size() > ours.size() && text.size() <= longest_compatible &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

bool is_bundle_sha256(std::string_view text) {
  return text.size() == sha256_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<UpdateOffer> update_offer_in(const Json& object) {
  if (!object.is_object()) return fail(ErrorCode::invalid_input, "an update must be an object");
  UpdateOffer offer;
  offer.version = text_at(object, "version");
  if (!update_version_from(offer.version)) return wrong("version", "three numbers, as in 1.2.3");
  offer.compatible = text_at(object, "compatible");
  if (!is_compatible(offer.compatible)) return wrong("compatible", "wayside- and a board's name");
  const auto bytes = object.find("bytes");
  if (bytes != object.end() && bytes->is_number_unsigned()) offer.bytes = bytes->get<std::uint64_t>();
  if (offer.bytes == 0 || offer.bytes > largest_bundle_bytes)
    return wrong("bytes", fmt::format("a whole number from 1 to {}", largest_bundle_bytes));
  offer.sha256 = text_at(object, "sha256");
  if (!is_bundle_sha256(offer.sha256)) return wrong("sha256", "64 hex digits");
  for (const auto& [key, time] :
       {std::pair{"not_before", &offer.not_before}, std::pair{"given", &offer.given}}) {
    if (!object.contains(key)) continue;
    const auto read = utc_from_iso8601(text_at(object, key));
    if (!read) return wrong(key, "a time in UTC, as in 2026-12-01T02:00:00Z");
    *time = *read;
  }
  return offer;
}

Result<UpdateOffer> update_offer_from(std::string_view text) {
  const auto object = parse_object(text, "the update");
  return object ? update_offer_in(*object) : fail(object.error());
}

Json to_json(const UpdateOffer& offer) {
  Json json{{"version", offer.version},
            {"compatible", offer.compatible},
            {"bytes", offer.bytes},
            {"sha256", offer.sha256}};
  if (offer.not_before) json["not_before"] = to_iso8601(*offer.not_before);
  if (offer.given) json["given"] = to_iso8601(*offer.given);
  return json;
}

}  // namespace wayside
