#include "src/device/account/attempts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

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

}  // namespace

Attempts::Attempts() : key_(random_key()) {}

unsigned Attempts::slot_of(std::string_view name) const {
  const Bytes key = bytes_from_hex(key_).value();
  std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), as_bytes(name).data(), name.size(), key.data());
  return hash[0] % slot_count;
}

std::chrono::milliseconds Attempts::left(std::string_view name, std::string_view boot_id,
                                         MonotonicTime now) const {
  const auto found = slots_.find(slot_of(name));
  if (found == slots_.end()) return std::chrono::milliseconds{0};
  const Slot& slot = found->second;
  const std::chrono::milliseconds delay = delay_after(slot.failures);
  // How long the camera was off nobody knows: after a restart the whole delay counts from its beginning. What
  // the clock is set to makes no difference.
  const std::int64_t since_ms = slot.boot_id == boot_id ? slot.at_ms : 0;
  const std::chrono::milliseconds passed{now.ns / 1'000'000 - since_ms};
  return std::clamp(delay - passed, std::chrono::milliseconds{0}, delay);
}

void Attempts::failed(std::string_view name, std::string_view boot_id, MonotonicTime now) {
  Slot& slot = slots_[slot_of(name)];
  slot = {std::min(slot.failures + 1, most_failures), std::string(boot_id), now.ns / 1'000'000};
}

void Attempts::succeeded(std::string_view name) {
  slots_.erase(slot_of(name));
}

std::string Attempts::text() const {
  Json slots = Json::object();
  for (const auto& [number, slot] : slots_)
    slots[std::to_string(number)] = {
        {"failures", slot.failures}, {"boot_id", slot.boot_id}, {"at_ms", slot.at_ms}};
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
    unsigned number = slot_count;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size() || number >= slot_count ||
        name != std::to_string(number) || !slot.is_object())
      return damaged();
    const Json failures = slot.value("failures", Json());
    const Json boot_id = slot.value("boot_id", Json());
    const Json at_ms = slot.value("at_ms", Json());
    constexpr std::uint64_t most_ms = std::uint64_t{1} << 53U;
    if (!failures.is_number_unsigned() || failures.get<std::uint64_t>() > most_failures ||
        !boot_id.is_string() || !is_hex(boot_id.get<std::string>(), 32) || !at_ms.is_number_unsigned() ||
        at_ms.get<std::uint64_t>() > most_ms)
      return damaged();
    attempts.slots_[number] = {failures.get<std::uint64_t>(), boot_id.get<std::string>(),
                               at_ms.get<std::int64_t>()};
  }
  return attempts;
}

}  // namespace account
}  // namespace wayside
