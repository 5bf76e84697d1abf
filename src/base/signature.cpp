#include "wayside/base/signature.hpp"

#include <algorithm>
#include <cstdlib>

#include <sodium.h>

namespace wayside {

static_assert(std::tuple_size_v<VerifyingKey> == crypto_sign_PUBLICKEYBYTES);
static_assert(std::tuple_size_v<Signature> == crypto_sign_BYTES);
static_assert(Secret::bytes == crypto_sign_SEEDBYTES);

namespace {

// Both halves of a key as libsodium signs with them; the secret one is wiped when they go.
class KeyPair {
 public:
  explicit KeyPair(const Secret& seed) {
    crypto_sign_seed_keypair(verifying_.data(), secret_.data(), seed.view().data());
  }
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;
  ~KeyPair() { wipe(secret_); }
  [[nodiscard]] const VerifyingKey& verifying() const { return verifying_; }
  [[nodiscard]] const std::uint8_t* secret() const { return secret_.data(); }

 private:
  VerifyingKey verifying_{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret_{};
};

}  // namespace

VerifyingKey verifying_key(const Secret& seed) {
  return KeyPair(seed).verifying();
}

Signature sign(ByteView message, const Secret& seed) {
  const KeyPair pair(seed);
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), pair.secret());
  return signature;
}

bool is_signed(ByteView message, const Signature& signature, const VerifyingKey& key) {
  // It chooses the processor's best; nothing else may have called libsodium yet.
  if (sodium_init() < 0) std::abort();
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

std::string verifying_key_text(const VerifyingKey& key) {
  return to_hex(key) + "\n";
}

Result<VerifyingKey> verifying_key_from(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.remove_suffix(1);
  const Result<Bytes> bytes = bytes_from_hex(text);
  VerifyingKey key{};
  if (!bytes || bytes->size() != key.size())
    return fail(ErrorCode::invalid_input, "it must hold a key, 64 hex digits, and nothing else");
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

}  // namespace wayside
