#include "src/device/account/attempts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>
#include <sodium.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/shared_folder.hpp"
#include "wayside/base/strict_json.hpp"
#include "wayside/device/account/accounts.hpp"

namespace wayside {

std::chrono::milliseconds delay_after(std::uint64_t failures) {
  constexpr std::chrono::milliseconds longest{60'000};
  constexpr std::uint64_t doublings = 6;
  if (failures == 0) return std::chrono::milliseconds{0};
  return std::min(longest, std::chrono::milliseconds{1000} * (1U << std::min(failures - 1, doublings)));
}

namespace account {

namespace {

using Json = nlohmann::json;

constexpr unsigned slot_count = 128;
// A short tag: what is typed as a name may be a password, which a long one, the key beside it, would give
// away.
constexpr unsigned tag_count = 256;
constexpr std::size_t most_tags = 4;
constexpr std::chrono::hours forgotten_after{1};
// More makes no difference to the delay.
constexpr std::uint64_t most_failures = 1'000'000;

std::string random_key() {
  if (sodium_init() < 0) std::abort();
  std::array<std::uint8_t, crypto_shorthash_KEYBYTES> key{};
  randombytes_buf(key.data(), key.size());
  return to_hex(key);
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A number below the limit, in its one spelling.
std::optional<unsigned> number_from(std::string_view text, unsigned limit) {
  unsigned number = limit;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || number >= limit || text != std::to_string(number)) return std::nullopt;
  return number;
}

// Absent in a file of an earlier firmware: of which name they are is not known.
std::optional<std::map<unsigned, std::uint64_t>> tags_from(const Json& json, std::uint64_t failures) {
  std::map<unsigned, std::uint64_t> tags;
  if (json.is_null()) return tags;
  if (!json.is_object() || json.size() > most_tags) return std::nullopt;
  for (const auto& [name, count] : json.items()) {
    const std::optional<unsigned> tag = number_from(name, tag_count);
    if (!tag || !count.is_number_unsigned() || count.get<std::uint64_t>() == 0 ||
        count.get<std::uint64_t>() > failures)
      return std::nullopt;
    tags[*tag] = count.get<std::uint64_t>();
    failures -= tags[*tag];
  }
  return tags;
}

}  // namespace

Attempts::Attempts() : key_(random_key()) {}

Attempts::Place Attempts::place_of(std::string_view name) const {
  const Bytes key = bytes_from_hex(key_).value();
  std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), as_bytes(name).data(), name.size(), key.data());
  return {hash[0] % slot_count, hash[1] % tag_count};
}

// How long the camera was off nobody knows: after a restart the whole delay counts from its beginning. What
// the clock is set to makes no difference.
std::chrono::milliseconds Attempts::Slot::since(std::string_view boot, MonotonicTime now) const {
  return std::chrono::milliseconds{now.ns / 1'000'000 - (boot_id == boot ? at_ms : 0)};
}

std::uint64_t Attempts::Slot::nobodys() const {
  std::uint64_t left = failures;
  for (const auto& [tag, count] : of)
    left -= count;
  return left;
}

std::chrono::milliseconds Attempts::left(std::string_view name, std::string_view boot_id,
                                         MonotonicTime now) const {
  const auto found = slots_.find(place_of(name).slot);
  if (found == slots_.end()) return std::chrono::milliseconds{0};
  const std::chrono::milliseconds delay = delay_after(found->second.failures);
  return std::clamp(delay - found->second.since(boot_id, now), std::chrono::milliseconds{0}, delay);
}

void Attempts::failed(std::string_view name, std::string_view boot_id, MonotonicTime now) {
  const Place place = place_of(name);
  Slot& slot = slots_[place.slot];
  if (slot.since(boot_id, now) >= forgotten_after) slot = {};
  slot.before_ms = slot.boot_id == boot_id ? slot.at_ms : 0;
  slot.boot_id = boot_id;
  slot.at_ms = now.ns / 1'000'000;
  if (slot.failures >= most_failures) return;
  ++slot.failures;
  if (slot.of.size() < most_tags || slot.of.contains(place.tag)) ++slot.of[place.tag];
}

void Attempts::succeeded(std::string_view name) {
  const Place place = place_of(name);
  const auto found = slots_.find(place.slot);
  if (found == slots_.end()) return;
  Slot& slot = found->second;
  if (const auto own = slot.of.find(place.tag); own != slot.of.end()) {
    slot.failures -= own->second;
    slot.of.erase(own);
  } else if (slot.nobodys() > 0) {
    --slot.failures;  // the attempt that succeeded, which was counted before it was looked at
  }
  slot.at_ms = slot.before_ms;
  if (slot.failures == 0) slots_.erase(found);
}

std::string Attempts::text() const {
  Json slots = Json::object();
  for (const auto& [number, slot] : slots_) {
    Json of = Json::object();
    for (const auto& [tag, count] : slot.of)
      of[std::to_string(tag)] = count;
    slots[std::to_string(number)] = {{"failures", slot.failures},
                                     {"boot_id", slot.boot_id},
                                     {"at_ms", slot.at_ms},
                                     {"before_ms", slot.before_ms},
                                     {"of", std::move(of)}};
  }
  return with_checksum(
      Json{{"schema", "wayside-attempts-1"}, {"key", key_}, {"slots", std::move(slots)}}.dump());
}

Result<Attempts> Attempts::from(std::string_view text) {
  const Result<std::string_view> body = without_checksum(text);
  if (!body) return fail(body.error());
  const auto damaged = [] { return fail(ErrorCode::corrupt, "it is not how failures to log in are kept"); };
  const Result<Json> json = parse_object(*body, "it");
  if (!json || json->value("schema", Json()) != "wayside-attempts-1") return damaged();
  const Json key = json->value("key", Json());
  const Json slots = json->value("slots", Json());
  if (!key.is_string() || !is_hex(key.get<std::string>(), 2 * crypto_shorthash_KEYBYTES) ||
      !slots.is_object())
    return damaged();
  Attempts attempts;
  attempts.key_ = key.get<std::string>();
  for (const auto& [name, slot] : slots.items()) {
    const std::optional<unsigned> number = number_from(name, slot_count);
    if (!number || !slot.is_object()) return damaged();
    const Json failures = slot.value("failures", Json());
    const Json boot_id = slot.value("boot_id", Json());
    const Json at_ms = slot.value("at_ms", Json());
    const Json before_ms = slot.value("before_ms", at_ms);  // absent too
    constexpr std::uint64_t most_ms = std::uint64_t{1} << 53U;
    if (!failures.is_number_unsigned() || failures.get<std::uint64_t>() > most_failures ||
        !boot_id.is_string() || !is_hex(boot_id.get<std::string>(), 32) || !at_ms.is_number_unsigned() ||
        at_ms.get<std::uint64_t>() > most_ms || !before_ms.is_number_unsigned() ||
        before_ms.get<std::uint64_t>() > most_ms)
      return damaged();
    auto of = tags_from(slot.value("of", Json()), failures.get<std::uint64_t>());
    if (!of) return damaged();
    attempts.slots_[*number] = {failures.get<std::uint64_t>(), boot_id.get<std::string>(),
                                at_ms.get<std::int64_t>(), before_ms.get<std::int64_t>(), std::move(*of)};
  }
  return attempts;
}

}  // namespace account
}  // namespace wayside
