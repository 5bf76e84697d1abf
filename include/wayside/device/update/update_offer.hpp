// What is said of an update bundle before anybody has it: in the file that the image's build leaves beside it
// (wayside.update), in the office's folder, and in the answer to a camera's heartbeat. Nothing in it is
// believed but for asking: the bundle's signature decides.
//
// One JSON object: version, compatible, bytes, sha256, and of an office's offer given, and not_before where it
// has one. What else is in it is for later versions, and left aside.
//
// Threads: pure. Failure: invalid_input naming the field, never its value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

inline constexpr std::uint64_t largest_bundle_bytes = std::uint64_t{1} << 30U;

struct UpdateOffer {
  std::string version;                     // UpdateVersion
  std::string compatible;                  // whose: is_compatible()
  std::uint64_t bytes = 0;                 // 1 to largest_bundle_bytes
  std::string sha256;                      // 64 lower case hex digits
  std::optional<UtcTime> not_before = {};  // installed no earlier; nothing: at once
  std::optional<UtcTime> given = {};       // tells one giving from the next, by the office's clock
  friend bool operator==(const UpdateOffer&, const UpdateOffer&) = default;
};

// "wayside-" and the board's name: 1 to 64 of a-z, 0-9 and -.
[[nodiscard]] bool is_compatible(std::string_view text);
[[nodiscard]] bool is_bundle_sha256(std::string_view text);

[[nodiscard]] Result<UpdateOffer> update_offer_from(std::string_view text);
// Where it is a part of something else.
[[nodiscard]] Result<UpdateOffer> update_offer_in(const nlohmann::json& object);
[[nodiscard]] nlohmann::json to_json(const UpdateOffer& offer);

}  // namespace wayside
