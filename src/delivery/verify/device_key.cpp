#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
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

// Empty where the certificate has none, or several.
std::string common_name(const X509& certificate) {
  const X509_NAME* name = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  const unsigned char* bytes = ASN1_STRING_get0_data(text);
  return {bytes, bytes + ASN1_STRING_length(text)};
}

}  // namespace

Result<DeviceKey> load_device_key(const std::filesystem::path& file) {
  const Result<std::string> text = read_text_file(file, largest_file);
  if (!text) return fail(text.error());
  DeviceKey out;
  PublicKey& key = out.key;
  if (text->find("-----BEGIN") == std::string::npos) {
    std::string digits = *text;
    std::erase_if(digits, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    const Result<Bytes> bytes = bytes_from_hex(digits);
    if (!bytes || bytes->size() != key.size()) return no_key(file, "is neither");
    std::copy(bytes->begin(), bytes->end(), key.begin());
    return out;
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
  out.device_id = common_name(*certificate);
  return out;
}

Result<std::vector<PublicKey>> load_device_keys(const std::vector<std::filesystem::path>& files) {
  std::vector<PublicKey> keys;
  std::string device_id;
  std::filesystem::path named_by;
  for (const std::filesystem::path& file : files) {
    const Result<DeviceKey> one = load_device_key(file);
    if (!one) return fail(one.error());
    keys.push_back(one->key);
    if (one->device_id.empty()) continue;
    if (!device_id.empty() && one->device_id != device_id) {
      return fail(
          ErrorCode::invalid_input,
          fmt::format(
              "{} is the certificate of device {}, and {} that of device {}: expected keys of one device "
              "only; check the queue of each with its own",
              named_by.string(), json_escape(device_id), file.string(), json_escape(one->device_id)));
    }
    device_id = one->device_id;
    named_by = file;
  }
  return keys;
}

}  // namespace wayside
