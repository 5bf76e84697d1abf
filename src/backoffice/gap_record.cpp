#include "src/backoffice/gap_record.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

#include "src/backoffice/strict_json.hpp"

namespace wayside::backoffice {

namespace {

using Json = nlohmann::json;

constexpr std::string_view schema_name = "wayside-gap-1";

tl::unexpected<Error> refuse(std::string reason) {
  return fail(ErrorCode::invalid_input, std::move(reason));
}

// These keys, all of them and no other. A surplus one is not repeated: it could hold anything.
Status check_keys(const Json& object, std::string_view name, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (!object.contains(key)) return refuse(fmt::format("{} lacks \"{}\"", name, key));
  }
  if (object.size() != keys.size()) {
    return refuse(fmt::format("{} may have no keys but {}", name, fmt::join(keys, ", ")));
  }
  return {};
}

std::optional<GapReason> reason_from(const Json& value) {
  for (const GapReason reason : gap_reasons) {
    if (value == to_string(reason)) return reason;
  }
  return std::nullopt;
}

Result<Gap> gap_from(const Json& entry, const std::string& name, std::uint64_t number) {
  if (!entry.is_object()) return refuse(fmt::format("{} must be an object", name));
  if (auto closed = check_keys(entry, name, {"first", "last", "count", "reason"}); !closed) {
    return fail(closed.error());
  }
  for (const char* key : {"first", "last", "count"}) {
    const Json& value = entry.at(key);
    if (!value.is_number_unsigned() || value == 0U) {
      return refuse(fmt::format("{}.{} must be a whole number from 1 on", name, key));
    }
  }
  const NumberRange numbers{entry.at("first").get<std::uint64_t>(), entry.at("last").get<std::uint64_t>()};
  if (numbers.last >= number) {
    return refuse(fmt::format("{}.last must be below the gap record's own number", name));
  }
  if (numbers.first > numbers.last) return refuse(fmt::format("{}.first is above last", name));
  if (entry.at("count").get<std::uint64_t>() != numbers.last - numbers.first + 1) {
    return refuse(fmt::format("{}.count is not how many numbers first to last are", name));
  }
  const auto reason = reason_from(entry.at("reason"));
  if (!reason) return refuse(fmt::format("{}.reason must be evicted, damaged or interrupted", name));
  return Gap{numbers, *reason};
}

}  // namespace

bool is_gap_record(std::string_view document) {
  const Json json = Json::parse(document, nullptr, false);
  return json.is_object() && json.contains("schema");
}

Result<std::vector<Gap>> gaps_from(std::string_view document, std::uint64_t number) {
  const auto json = parse_object(document, "the gap record");
  if (!json) return fail(json.error());
  if (auto closed = check_keys(*json, "the gap record", {"schema", "gaps"}); !closed)
    return fail(closed.error());
  if (json->at("schema") != schema_name) return refuse(fmt::format("field schema must be {}", schema_name));
  const Json& entries = json->at("gaps");
  if (!entries.is_array() || entries.empty()) {
    return refuse("field gaps must be an array with at least one gap");
  }
  std::vector<Gap> gaps;
  for (const Json& entry : entries) {
    const auto gap = gap_from(entry, fmt::format("field gaps.{}", gaps.size()), number);
    if (!gap) return fail(gap.error());
    gaps.push_back(*gap);
  }
  return gaps;
}

}  // namespace wayside::backoffice
