// Authorities and certificates for tests of TLS, made on the spot with OpenSSL; nothing here is a secret.
//
// Threads: plain functions. Ownership: PEM files in the folder given. Failure: an exception, which fails the
// test.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace wayside::doubles {

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateDeleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyDeleter>;
using Certificate = std::unique_ptr<X509, CertificateDeleter>;

struct PemPair {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

class TestAuthority {
 public:
  // Writes <name>.crt and <name>.key into the folder.
  TestAuthority(std::filesystem::path folder, const std::string& name)
      : folder_(std::move(folder)), name_(name), key_(EVP_EC_gen("P-256")) {
    certificate_ = make(name, key_.get(), key_.get(), name, -3600, 3600, "CA:TRUE", {});
    write(name, certificate_.get(), key_.get());
  }

  [[nodiscard]] std::filesystem::path certificate() const { return folder_ / (name_ + ".crt"); }

  // For the address 127.0.0.1 or another subject alternative name, valid from and to so many seconds from
  // now.
  [[nodiscard]] PemPair issue(const std::string& common_name, long from_s = -3600, long to_s = 3600,
                              const std::string& server = "IP:127.0.0.1") const {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate =
        make(common_name, key.get(), key_.get(), name_, from_s, to_s, "CA:FALSE", server);
    write(common_name, certificate.get(), key.get());
    return {folder_ / (common_name + ".crt"), folder_ / (common_name + ".key")};
  }

 private:
  static void check(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("OpenSSL refused to ") + what);
  }

  static void extend(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    check(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "add an extension");
    X509_EXTENSION_free(extension);
  }

  static void name(X509_NAME* into, const std::string& common_name) {
    check(X509_NAME_add_entry_by_txt(into, "CN", MBSTRING_ASC,
                                     reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                                     0) == 1,
          "set a name");
  }

  static Certificate make(const std::string& subject, EVP_PKEY* key, EVP_PKEY* signer,
                          const std::string& issuer, long from_s, long to_s, const std::string& constraints,
                          const std::string& address) {
    Certificate certificate(X509_new());
    static long serial = 0;
    check(X509_set_version(certificate.get(), 2) == 1, "set a version");
    check(ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial) == 1, "set a serial number");
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to_s);
    name(X509_get_subject_name(certificate.get()), subject);
    const std::unique_ptr<X509_NAME, void (*)(X509_NAME*)> issuer_name(X509_NAME_new(), X509_NAME_free);
    name(issuer_name.get(), issuer);
    check(X509_set_issuer_name(certificate.get(), issuer_name.get()) == 1, "set an issuer");
    check(X509_set_pubkey(certificate.get(), key) == 1, "set a key");
    extend(certificate.get(), NID_basic_constraints, "critical," + constraints);
    if (!address.empty()) extend(certificate.get(), NID_subject_alt_name, address);
    check(X509_sign(certificate.get(), signer, EVP_sha256()) > 0, "sign");
    return certificate;
  }

  void write(const std::string& file, X509* certificate, EVP_PKEY* key) const {
    const auto with = [](const std::filesystem::path& path, auto put) {
      const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(path.c_str(), "w"), std::fclose);
      check(out != nullptr && put(out.get()) == 1, "write a PEM file");
    };
    with(folder_ / (file + ".crt"), [&](std::FILE* out) { return PEM_write_X509(out, certificate); });
    with(folder_ / (file + ".key"), [&](std::FILE* out) {
      return PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

  std::filesystem::path folder_;
  std::string name_;
  Key key_;
  Certificate certificate_;
};

}  // namespace wayside::doubles
