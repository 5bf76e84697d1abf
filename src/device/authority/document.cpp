#include "wayside/device/authority/document.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <sodium.h>

#include "wayside/base/bytes.hpp"

#include "src/device/authority/document_body.hpp"

namespace wayside {

namespace {

constexpr std::string_view form = "wayside-authority-1";
constexpr std::size_t signature_digits = std::size_t{2} * crypto_sign_BYTES;
constexpr std::size_t head_bytes = form.size() + 1 + signature_digits + 1;

// The form is signed too: the key's signature under something else is none of this.
std::string signed_text(std::string_view body) {
  return fmt::format("{}\n{}", form, body);
}

}  // namespace

AuthorityKey authority_key(const Secret& seed) {
  AuthorityKey key{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> both{};
  crypto_sign_seed_keypair(key.data(), both.data(), seed.view().data());
  wipe(both);
  return key;
}

std::string to_text(const AuthorityKey& key) {
  return to_hex(key) + "\n";
}

Result<AuthorityKey> authority_key_from(std::string_view text) {
  AuthorityKey key{};
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.remove_suffix(1);
  const Result<Bytes> bytes = bytes_from_hex(text);
  if (!bytes || bytes->size() != key.size())
    return fail(ErrorCode::invalid_input,
                "the office's authority key must be 64 hex digits and nothing else");
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

Result<std::string> sign_authority(const AuthorityDocument& document, const Secret& seed) {
  const std::string body = authority::to_body(document);
  if (head_bytes + body.size() > largest_authority_bytes)
    return fail(ErrorCode::invalid_input,
                "the deployment authority is larger than 8,192 bytes: shorten its texts");
  // What no camera would take must not be signed.
  if (const auto good = authority::document_from_body(body); !good) return fail(good.error());
  const std::string text = signed_text(body);
  AuthorityKey key{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  std::array<std::uint8_t, crypto_sign_BYTES> signature{};
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.view().data());
  crypto_sign_detached(signature.data(), nullptr, as_bytes(text).data(), text.size(), secret.data());
  wipe(secret);
  return fmt::format("{} {}\n{}", form, to_hex(signature), body);
}

Result<AuthorityDocument> authority_from(std::string_view text, const AuthorityKey& key) {
  if (sodium_init() < 0) std::abort();
  const auto no_document = [](std::string_view why) {
    return fail(ErrorCode::corrupt,
                fmt::format("it is no deployment authority ({}): get it from the back office anew", why));
  };
  if (text.size() > largest_authority_bytes) return no_document("larger than 8,192 bytes");
  if (text.size() < head_bytes || !text.starts_with(form) || text[form.size()] != ' ' ||
      text[head_bytes - 1] != '\n')
    return no_document("its first line is not \"wayside-authority-1\" with a signature");
  const Result<Bytes> signature = bytes_from_hex(text.substr(form.size() + 1, signature_digits));
  if (!signature) return no_document("its signature is not 128 hex digits");
  const std::string_view body = text.substr(head_bytes);
  const std::string whole = signed_text(body);
  if (crypto_sign_verify_detached(signature->data(), as_bytes(whole).data(), whole.size(), key.data()) != 0) {
    return fail(ErrorCode::refused,
                "the deployment authority was changed, cut short, or signed by another key than that of the "
                "office that enrolled the camera: get it from that office anew");
  }
  return authority::document_from_body(body);
}

bool is_for(const AuthorityDocument& document, std::string_view device_id) {
  return std::find(document.devices.begin(), document.devices.end(), device_id) != document.devices.end();
}

}  // namespace wayside
