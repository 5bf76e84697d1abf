#include "src/device/account/account_file.hpp"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/shared_folder.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside::account {

namespace {

using Json = nlohmann::json;

constexpr std::string_view schema = "wayside-account-1";
// A file cannot make the camera think for an hour, nor take all its memory.
constexpr std::uint64_t most_passes = 32;
constexpr std::uint64_t least_kib = 8;
constexpr std::uint64_t most_kib = 256 * 1024;

template <std::size_t N>
bool take(const Json& json, std::array<std::uint8_t, N>& into) {
  if (!json.is_string()) return false;
  const Result<Bytes> bytes = bytes_from_hex(json.get_ref<const std::string&>());
  if (!bytes || bytes->size() != N) return false;
  std::copy(bytes->begin(), bytes->end(), into.begin());
  return true;
}

std::optional<UtcTime> time_of(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  const Result<UtcTime> time = utc_from_iso8601(json.get_ref<const std::string&>());
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<std::uint64_t> number_of(const Json& json, std::uint64_t least, std::uint64_t most) {
  if (!json.is_number_unsigned()) return std::nullopt;
  const auto number = json.get<std::uint64_t>();
  return number >= least && number <= most ? std::optional(number) : std::nullopt;
}

tl::unexpected<Error> damaged(std::string_view why) {
  return fail(ErrorCode::corrupt, std::string(why));
}

}  // namespace

std::string to_text(const AccountFile& file) {
  Json json = {{"schema", schema},
               {"name", file.account.name},
               {"role", to_string(file.account.role)},
               {"made", to_iso8601(file.account.made)},
               {"password_changed", to_iso8601(file.account.password_changed)},
               {"argon2id",
                {{"passes", file.password.cost.passes},
                 {"kib", file.password.cost.memory_bytes / 1024},
                 {"salt", to_hex(file.password.salt)},
                 {"hash", to_hex(file.password.hash)}}}};
  if (file.account.key) json["key"] = to_hex(*file.account.key);
  return with_checksum(json.dump());
}

Result<AccountFile> account_file_from(std::string_view text, std::string_view name) {
  const Result<std::string_view> body = without_checksum(text);
  if (!body) return fail(body.error());
  const Result<Json> json = parse_object(*body, "it");
  if (!json) return damaged(json.error().message);
  const auto field = [&](const char* key) { return json->value(key, Json()); };
  if (field("schema") != schema) return damaged("it is of another form than wayside-account-1");
  if (field("name") != name) return damaged("it is another account's");
  const Json role_text = field("role");
  const auto role = role_text.is_string() ? role_from(role_text.get<std::string>()) : std::nullopt;
  if (!role) return damaged("its role is none");
  const auto made = time_of(field("made"));
  const auto changed = time_of(field("password_changed"));
  if (!made || !changed) return damaged("it has no times");
  const Json kept = field("argon2id");
  if (!kept.is_object()) return damaged("it has no password");
  const auto passes = number_of(kept.value("passes", Json()), 1, most_passes);
  const auto kib = number_of(kept.value("kib", Json()), least_kib, most_kib);
  AccountFile file{{std::string(name), *role, *made, *changed, {}}, {}};
  if (!passes || !kib || !take(kept.value("salt", Json()), file.password.salt) ||
      !take(kept.value("hash", Json()), file.password.hash))
    return damaged("its password is not as one is kept");
  if (const Json key = field("key"); !key.is_null() && !take(key, file.account.key.emplace()))
    return damaged("its key is none");
  file.password.cost = {*passes, static_cast<std::size_t>(*kib) * 1024};
  return file;
}

}  // namespace wayside::account
