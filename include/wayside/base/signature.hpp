// Signatures of Ed25519 (RFC 8032, by libsodium) with keys that are kept as their seeds.
//
// Threads: any. Failure: invalid_input where a file holds no key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"

namespace wayside {

using VerifyingKey = std::array<std::uint8_t, 32>;  // the public half
using Signature = std::array<std::uint8_t, 64>;

[[nodiscard]] VerifyingKey verifying_key(const Secret& seed);
[[nodiscard]] Signature sign(ByteView message, const Secret& seed);
[[nodiscard]] bool is_signed(ByteView message, const Signature& signature, const VerifyingKey& key);

// The file of a public half: 64 hex digits and the end of the line.
[[nodiscard]] std::string verifying_key_text(const VerifyingKey& key);
[[nodiscard]] Result<VerifyingKey> verifying_key_from(std::string_view text);

}  // namespace wayside
