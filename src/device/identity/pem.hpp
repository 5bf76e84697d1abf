// OpenSSL's keys, certificates and requests as owned values, read from and written as PEM.
//
// Threads: pure apart from the file system. Private to the certificate code of the camera and of the back
// office. Failure: not_found or io for the file, invalid_input for what is in it; OpenSSL's own words never
// reach the message.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::pem {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* owned) const {
    release(owned);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Release<X509_REQ_free>>;

// EC P-256, of the back office's authority and its server.
[[nodiscard]] Result<Key> make_key();
// Ed25519, of a device.
[[nodiscard]] Result<Key> make_device_key();
// The 32 bytes; nothing where the key is no Ed25519 key.
[[nodiscard]] std::optional<std::array<std::uint8_t, 32>> ed25519_public_key(const EVP_PKEY& key);

[[nodiscard]] Result<Key> read_key(const std::filesystem::path& path);
[[nodiscard]] Result<Certificate> read_certificate(const std::filesystem::path& path);
[[nodiscard]] Result<Request> read_request(const std::filesystem::path& path);

// named: what the message calls the text.
[[nodiscard]] Result<Certificate> certificate_from(std::string_view text, std::string_view named);

[[nodiscard]] Result<std::string> text_of(EVP_PKEY& key);
[[nodiscard]] Result<std::string> text_of(X509& certificate);
[[nodiscard]] Result<std::string> text_of(X509_REQ& request);

// Empty where there is none, or more than one: a name with two common names is nobody's.
[[nodiscard]] std::string common_name(const X509_NAME& name);
// Writes the one common name that the name shall have; false where OpenSSL refuses.
[[nodiscard]] bool set_common_name(X509_NAME& name, std::string_view common_name);

// ECDSA over SHA-256, in DER form, with a key of make_key().
[[nodiscard]] Result<Bytes> sign(ByteView message, EVP_PKEY& key);
[[nodiscard]] bool is_signed(ByteView message, ByteView signature, const X509& by);

[[nodiscard]] UtcTime valid_until(const X509& certificate);

// 16 lower case hex digits: what a device id looks like.
[[nodiscard]] bool is_device_id(std::string_view text);

}  // namespace wayside::pem
