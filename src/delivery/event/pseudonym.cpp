#include "wayside/delivery/event/pseudonym.hpp"

#include <array>
#include <string>

#include <nlohmann/json.hpp>
#include <sodium.h>

namespace wayside {

namespace {

using nlohmann::json;

constexpr std::size_t pseudonym_bytes = 16;
constexpr std::size_t key_bytes = crypto_generichash_KEYBYTES;

constexpr const char* kept[] = {
    "version", "device_id", "site", "confidence", "direction", "motion_towards_camera", "lane",
    "frames",  "reads",     "time", "firmware",   "model",     "configuration"};

std::string pseudonym_of(const std::string& vrm, ByteView key) {
  std::array<std::uint8_t, pseudonym_bytes> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const std::uint8_t*>(vrm.data()), vrm.size(),
                     key.data(), key.size());
  return to_hex(hash);
}

}  // namespace

Result<Bytes> pseudonymise(ByteView document, ByteView key) {
  if (key.size() != key_bytes) return fail(ErrorCode::invalid_input, "a pseudonym's key must have 32 bytes");
  const json full = json::parse(document.begin(), document.end(), nullptr, false);
  const auto vrm = full.is_object() ? full.find("vrm") : full.end();
  if (!full.is_object() || vrm == full.end() || !vrm->is_string())
    return fail(ErrorCode::invalid_input, "the document is no capture record with a vrm");
  json out;
  for (const char* field : kept) {
    if (const auto found = full.find(field); found != full.end()) out[field] = *found;
  }
  out["pseudonym"] = pseudonym_of(vrm->get_ref<const std::string&>(), key);
  const std::string text = out.dump();
  return Bytes(text.begin(), text.end());
}

}  // namespace wayside
