#include "src/device/account/password.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <sodium.h>

#include "wayside/base/secret.hpp"

namespace wayside::account {

namespace {

static_assert(std::tuple_size_v<decltype(KeptPassword::salt)> == crypto_pwhash_SALTBYTES);

Status derive(std::array<std::uint8_t, 32>& hash, std::string_view password, const KeptPassword& from) {
  if (crypto_pwhash(hash.data(), hash.size(), password.data(), password.size(), from.salt.data(),
                    from.cost.passes, from.cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) == 0)
    return {};
  return fail(ErrorCode::exhausted,
              fmt::format("the {} KiB of memory that checking a password takes are not to be had: try again",
                          from.cost.memory_bytes / 1024));
}

}  // namespace

Result<KeptPassword> keep_password(std::string_view password, const PasswordCost& cost) {
  if (sodium_init() < 0) std::abort();
  KeptPassword kept;
  kept.cost = cost;
  randombytes_buf(kept.salt.data(), kept.salt.size());
  if (const Status made = derive(kept.hash, password, kept); !made) return fail(made.error());
  return kept;
}

Result<bool> is_password(std::string_view password, const KeptPassword& kept) {
  if (sodium_init() < 0) std::abort();
  std::array<std::uint8_t, 32> hash{};
  if (const Status made = derive(hash, password, kept); !made) return fail(made.error());
  const bool same = sodium_memcmp(hash.data(), kept.hash.data(), hash.size()) == 0;
  wipe(hash);
  return same;
}

}  // namespace wayside::account
