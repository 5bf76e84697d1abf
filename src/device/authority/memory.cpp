#include "wayside/device/authority/memory.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside {

std::string to_text(const AuthorityMemory& memory) {
  const std::string body = nlohmann::json{
      {"highest_seen", memory.highest_seen},
      {"not_before", to_iso8601(memory.not_before)},
      {"unsure_ms", memory.unsure.count()},
      {"told", memory.told}}.dump();
  return fmt::format("{}\n{}\n", body, to_hex(sha256(as_bytes(body))));
}

Result<AuthorityMemory> authority_memory_from(std::string_view text) {
  const auto damaged = [] {
    return fail(ErrorCode::corrupt, "it is not what the camera keeps of its deployment authority");
  };
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return damaged();
  const std::string_view body = text.substr(0, end);
  if (text.substr(end + 1) != to_hex(sha256(as_bytes(body))) + "\n") return damaged();
  const auto json = parse_object(body, "it");
  if (!json) return damaged();
  const auto number = json->value("highest_seen", nlohmann::json());
  const auto unsure = json->value("unsure_ms", nlohmann::json());
  const auto not_before = json->value("not_before", nlohmann::json());
  const auto told = json->value("told", nlohmann::json());
  if (!number.is_number_unsigned() || !unsure.is_number_unsigned() || !not_before.is_string() ||
      !told.is_string())
    return damaged();
  const auto time = utc_from_iso8601(not_before.get<std::string>());
  constexpr std::uint64_t most_ms = std::uint64_t{1} << 53U;
  if (!time || unsure.get<std::uint64_t>() > most_ms) return damaged();
  return AuthorityMemory{number.get<std::uint64_t>(), *time,
                         std::chrono::milliseconds(unsure.get<std::int64_t>()), told.get<std::string>()};
}

}  // namespace wayside
