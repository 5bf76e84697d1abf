#include "src/device/identity/pem.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "wayside/base/files.hpp"

namespace wayside::pem {

namespace {

using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
constexpr std::size_t file_limit = 64 * 1024;

// Without it OpenSSL asks the terminal for the password of an encrypted key, and a daemon hangs.
int no_password(char*, int, int, void*) {
  return 0;
}

template <class Owned, class Reader>
Result<Owned> parse(std::string_view text, std::string_view named, std::string_view expected, Reader reader) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) return fail(ErrorCode::exhausted, "no memory left");
  Owned owned(reader(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!owned)
    return fail(ErrorCode::invalid_input, fmt::format("{} holds no {} in PEM form", named, expected));
  return owned;
}

template <class Owned, class Reader>
Result<Owned> read(const std::filesystem::path& path, std::string_view expected, Reader reader) {
  auto text = read_text_file(path, file_limit);
  if (!text) return fail(text.error());
  auto owned = parse<Owned>(*text, path.string(), expected, reader);
  OPENSSL_cleanse(text->data(), text->size());  // it may be a private key
  return owned;
}

using Digest = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;

template <class Writer>
Result<std::string> write(Writer writer) {
  const Bio bio(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (!bio || writer(bio.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::io, "OpenSSL could not write PEM");
  }
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

Result<Key> make_key() {
  Key key(EVP_EC_gen("P-256"));
  if (!key) {
    ERR_clear_error();
    return fail(ErrorCode::io, "OpenSSL could not make an EC P-256 key");
  }
  return key;
}

Result<Key> make_device_key() {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) {
    ERR_clear_error();
    return fail(ErrorCode::io, "OpenSSL could not make an Ed25519 key");
  }
  return key;
}

std::optional<std::array<std::uint8_t, 32>> ed25519_public_key(const EVP_PKEY& key) {
  std::array<std::uint8_t, 32> out{};
  std::size_t size = out.size();
  const bool taken = EVP_PKEY_get_id(&key) == EVP_PKEY_ED25519 &&
                     EVP_PKEY_get_raw_public_key(&key, out.data(), &size) == 1 && size == out.size();
  ERR_clear_error();
  return taken ? std::optional(out) : std::nullopt;
}

Result<Key> read_key(const std::filesystem::path& path) {
  return read<Key>(path, "unencrypted private key", PEM_read_bio_PrivateKey);
}

Result<Certificate> read_certificate(const std::filesystem::path& path) {
  return read<Certificate>(path, "certificate", PEM_read_bio_X509);
}

Result<Request> read_request(const std::filesystem::path& path) {
  return read<Request>(path, "certificate request", PEM_read_bio_X509_REQ);
}

Result<Certificate> certificate_from(std::string_view text, std::string_view named) {
  if (text.size() > file_limit) return fail(ErrorCode::invalid_input, fmt::format("{} is too long", named));
  return parse<Certificate>(text, named, "certificate", PEM_read_bio_X509);
}

Result<std::string> text_of(EVP_PKEY& key) {
  return write(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, &key, nullptr, nullptr, 0, nullptr, nullptr); });
}

Result<std::string> text_of(X509& certificate) {
  return write([&](BIO* bio) { return PEM_write_bio_X509(bio, &certificate); });
}

Result<std::string> text_of(X509_REQ& request) {
  return write([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, &request); });
}

std::string common_name(const X509_NAME& name) {
  const int first = X509_NAME_get_index_by_NID(&name, NID_commonName, -1);
  if (first < 0 || X509_NAME_get_index_by_NID(&name, NID_commonName, first) >= 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(&name, first)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

bool set_common_name(X509_NAME& name, std::string_view common_name) {
  return X509_NAME_add_entry_by_NID(&name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

Result<Bytes> sign(ByteView message, EVP_PKEY& key) {
  const Digest digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  bool done = digest && EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, &key) == 1 &&
              EVP_DigestSign(digest.get(), nullptr, &size, message.data(), message.size()) == 1;
  Bytes signature(size);
  done = done && EVP_DigestSign(digest.get(), signature.data(), &size, message.data(), message.size()) == 1;
  ERR_clear_error();
  if (!done) return fail(ErrorCode::io, "OpenSSL could not sign");
  signature.resize(size);
  return signature;
}

bool is_signed(ByteView message, ByteView signature, const X509& by) {
  EVP_PKEY* const key = X509_get0_pubkey(&by);
  const Digest digest(EVP_MD_CTX_new());
  const bool good =
      key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 && digest &&
      EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(digest.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

UtcTime valid_until(const X509& certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) return {};
  return {static_cast<std::int64_t>(::timegm(&parts)) * 1000};
}

bool is_device_id(std::string_view text) {
  return text.size() == 16 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace wayside::pem
