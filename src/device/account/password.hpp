// A password as it is kept: by Argon2id (RFC 9106), with what it was made with.
//
// Threads: any. Failure: exhausted where the memory for it cannot be had.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/device/account/accounts.hpp"

namespace wayside::account {

struct KeptPassword {
  PasswordCost cost;
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 32> hash{};
};

[[nodiscard]] Result<KeptPassword> keep_password(std::string_view password, const PasswordCost& cost);
[[nodiscard]] Result<bool> is_password(std::string_view password, const KeptPassword& kept);

}  // namespace wayside::account
