#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/delivery/verify/queue_verify.hpp"

namespace wayside {

namespace {

constexpr std::size_t largest_file = 64 * 1024;

tl::unexpected<Error> no_key(const std::filesystem::path& file, std::string_view what) {
  return fail(
      ErrorCode::invalid_input,
      fmt::format("{}: {}; expected a device's certificate in PEM, or its public Ed25519 key as 64 hex "
                  "digits",
                  file.string(), what));
}

}  // namespace

Result<PublicKey> load_device_key(const std::filesystem::path& file) {
  const Result<std::string> text = read_text_file(file, largest_file);
  if (!text) return fail(text.error());
  PublicKey key{};
  if (text->find("-----BEGIN") == std::string::npos) {
    std::string digits = *text;
    std::erase_if(digits, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    const Result<Bytes> bytes = bytes_from_hex(digits);
    if (!bytes || bytes->size() != key.size()) return no_key(file, "is neither");
    std::copy(bytes->begin(), bytes->end(), key.begin());
    return key;
  }
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  if (!certificate) return no_key(file, "holds no certificate that can be read");
  const EVP_PKEY* held = X509_get0_pubkey(certificate.get());
  std::size_t length = key.size();
  if (held == nullptr || EVP_PKEY_get_id(held) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(held, key.data(), &length) != 1 || length != key.size()) {
    return no_key(file, "is a certificate of another kind of key");
  }
  return key;
}

}  // namespace wayside
