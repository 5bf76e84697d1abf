#include "src/delivery/seal/part_cipher.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "wayside/base/little_endian.hpp"
#include "wayside/base/secret.hpp"

#include "src/delivery/seal/head_format.hpp"

namespace wayside::seal {

namespace {

constexpr std::string_view key_label = "Wayside part key 1";

static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == 32);
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == tag_bytes);
static_assert(crypto_generichash_KEYBYTES == 32);

using Nonce = std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>;

// The key seals this part of this record and nothing else, ever, so that any nonce does: a random one would
// only have to be kept. A fixed one lets the same bytes be made again.
Nonce nonce_of(const RecordHead& head, PartKind kind) {
  Nonce nonce{};
  little_endian::put(nonce, 0, head.number.value());
  little_endian::put(nonce, 8, static_cast<std::uint8_t>(kind));
  return nonce;
}

Bytes associated_data(const RecordHead& head, PartKind kind) {
  constexpr std::size_t box_bytes = std::tuple_size_v<KeyId> + 1;
  const auto opening = opening_of(head);
  Bytes out(opening.size() + 1 + head.boxes.size() * box_bytes);
  auto at = std::copy(opening.begin(), opening.end(), out.begin());
  *at++ = static_cast<std::uint8_t>(kind);
  for (const RecordHead::Box& box : head.boxes) {
    at = std::copy(box.recipient.begin(), box.recipient.end(), at);
    *at++ = static_cast<std::uint8_t>(box.view);
  }
  return out;
}

}  // namespace

void derive_part_key(Wiped<32>& key, ByteView master, PartKind kind) {
  std::array<std::uint8_t, key_label.size() + 1> label{};
  std::copy(key_label.begin(), key_label.end(), label.begin());
  label.back() = static_cast<std::uint8_t>(kind);
  crypto_generichash(key.data(), key.size(), label.data(), label.size(), master.data(), master.size());
}

Bytes seal_part(const RecordHead& head, PartKind kind, std::span<const std::uint8_t, 32> key,
                ByteView plain) {
  const Bytes data = associated_data(head, kind);
  const Nonce nonce = nonce_of(head, kind);
  // Sealed where it stands: no plain copy is left behind.
  Bytes out(sealed_size(plain.size()));
  std::copy(plain.begin(), plain.end(), out.begin());
  std::size_t padded = 0;
  const int failed = sodium_pad(&padded, out.data(), plain.size(), padding_block, out.size());
  assert(failed == 0 && padded + tag_bytes == out.size());
  static_cast<void>(failed);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, out.data(), padded, data.data(),
                                             data.size(), nullptr, nonce.data(), key.data());
  return out;
}

std::optional<Bytes> open_part(const RecordHead& head, PartKind kind, std::span<const std::uint8_t, 32> key,
                               ByteView sealed) {
  if (sealed.size() <= tag_bytes) return std::nullopt;
  const Bytes data = associated_data(head, kind);
  const Nonce nonce = nonce_of(head, kind);
  Bytes out(sealed.size() - tag_bytes);
  std::size_t plain = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(), sealed.size(),
                                                 data.data(), data.size(), nonce.data(), key.data()) != 0 ||
      sodium_unpad(&plain, out.data(), out.size(), padding_block) != 0) {
    wipe(out);
    return std::nullopt;
  }
  out.resize(plain);
  return out;
}

}  // namespace wayside::seal
