#include "wayside/backoffice/authority.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"

#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

constexpr auto authority_lifetime = hours(24 * 3650);
constexpr auto leaf_lifetime = hours(24 * 730);
// A camera's clock may be a little behind when it first looks at a certificate.
constexpr auto backdate = hours(1);

Error openssl_failed() {
  ERR_clear_error();
  return {ErrorCode::io, "OpenSSL could not make a certificate"};
}

struct Extension {
  int nid;
  std::string value;
};

struct CertificateDraft {
  std::string common_name;
  EVP_PKEY& key;  // whose certificate it is
  UtcTime from;
  UtcTime until;
  std::vector<Extension> extensions;
};

bool set_random_serial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);  // positive, and always of one length
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool done =
      number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)) != nullptr;
  BN_free(number);
  return done;
}

bool add_extensions(X509& certificate, X509& issuer, const std::vector<Extension>& extensions) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str());
    if (made == nullptr) return false;
    const bool added = X509_add_ext(&certificate, made, -1) == 1;
    X509_EXTENSION_free(made);
    if (!added) return false;
  }
  return true;
}

// Signed by itself where there is no issuer.
Result<pem::Certificate> make_certificate(const CertificateDraft& draft, X509* issuer, EVP_PKEY& issuer_key) {
  pem::Certificate certificate(X509_new());
  if (!certificate) return fail(openssl_failed());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const bool done =
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 && set_random_serial(*certificate) &&
      pem::set_common_name(*subject, draft.common_name) &&
      X509_set_issuer_name(certificate.get(), issuer ? X509_get_subject_name(issuer) : subject) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()), draft.from.ms / 1000) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()), draft.until.ms / 1000) != nullptr &&
      X509_set_pubkey(certificate.get(), &draft.key) == 1 &&
      add_extensions(*certificate, issuer ? *issuer : *certificate, draft.extensions) &&
      X509_sign(certificate.get(), &issuer_key, EVP_sha256()) > 0;
  if (!done) return fail(openssl_failed());
  return certificate;
}

Status write_key(const fs::path& path, EVP_PKEY& key) {
  const auto text = pem::text_of(key);
  return text ? replace_file(path, as_bytes(*text), 0600) : Status(fail(text.error()));
}

Status write_certificate(const fs::path& path, X509& certificate) {
  const auto text = pem::text_of(certificate);
  return text ? replace_file(path, as_bytes(*text)) : Status(fail(text.error()));
}

Status make_authority(const fs::path& folder, UtcTime now) {
  std::array<std::uint8_t, 4> random{};
  RAND_bytes(random.data(), static_cast<int>(random.size()));
  const auto key = pem::make_key();
  if (!key) return fail(key.error());
  // The name differs from authority to authority, so that a mix-up shows when a certificate is looked at.
  const auto certificate = make_certificate({"Wayside back office " + to_hex(random),
                                             **key,
                                             now + -backdate,
                                             now + authority_lifetime,
                                             {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                              {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                              {NID_subject_key_identifier, "hash"}}},
                                            nullptr, **key);
  if (!certificate) return fail(certificate.error());
  // The certificate last: it says that the authority is whole.
  if (const auto written = write_key(folder / "ca.key", **key); !written) return written;
  return write_certificate(folder / "ca.crt", **certificate);
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

// Also keeps commas and colons, which OpenSSL reads as its own, out of the list of names.
bool is_host_name(const std::string& host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return (c < 128 && std::isalnum(c) != 0) || c == '-' || c == '.';
         });
}

Result<std::string> alternative_names(const std::vector<std::string>& hosts) {
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  for (const std::string& host : hosts) {
    if (is_address(host)) {
      names += ",IP:" + host;
    } else if (is_host_name(host)) {
      names += ",DNS:" + host;
    } else {
      return fail(
          ErrorCode::invalid_input,
          "--host must be a host name or an IP address without port, as in anpr.example.org or 192.0.2.7");
    }
  }
  return names;
}

std::vector<Extension> leaf_extensions(const std::string& usage) {
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, usage},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid:always"}};
}

struct Issuer {
  pem::Key key;
  pem::Certificate certificate;
};

Result<Issuer> read_issuer(const fs::path& folder) {
  auto key = pem::read_key(folder / "ca.key");
  if (!key) return fail(key.error());
  auto certificate = pem::read_certificate(folder / "ca.crt");
  if (!certificate) return fail(certificate.error());
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::corrupt,
                fmt::format("{} and ca.crt beside it do not belong together: restore them from a backup",
                            (folder / "ca.key").string()));
  }
  return Issuer{std::move(*key), std::move(*certificate)};
}

Status make_server_certificate(const fs::path& folder, const std::string& names, UtcTime now) {
  const auto issuer = read_issuer(folder);
  if (!issuer) return fail(issuer.error());
  const auto key = pem::make_key();
  if (!key) return fail(key.error());
  auto extensions = leaf_extensions("serverAuth");
  extensions.push_back({NID_subject_alt_name, names});
  const auto certificate = make_certificate(
      {"Wayside back office server", **key, now + -backdate,
       std::min(now + leaf_lifetime, pem::valid_until(*issuer->certificate)), std::move(extensions)},
      issuer->certificate.get(), *issuer->key);
  if (!certificate) return fail(certificate.error());
  if (const auto written = write_key(folder / "server.key", **key); !written) return written;
  return write_certificate(folder / "server.crt", **certificate);
}

bool is_p256(const EVP_PKEY& key) {
  std::array<char, 64> group{};
  return EVP_PKEY_is_a(&key, "EC") == 1 &&
         EVP_PKEY_get_group_name(&key, group.data(), group.size(), nullptr) == 1 &&
         std::string_view(group.data()) == "prime256v1";
}

}  // namespace

Result<Authority> Authority::make(const fs::path& folder, const std::vector<std::string>& hosts,
                                  UtcTime now) {
  const auto names = alternative_names(hosts);
  if (!names) return fail(names.error());
  std::error_code failed;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), failed);
  if (failed || (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)) {
    return fail(ErrorCode::io, fmt::format("cannot make {}: {}", folder.string(),
                                           failed ? failed.message() : std::strerror(errno)));
  }
  const Authority authority(folder);
  if (!fs::exists(authority.ca_certificate())) {
    // A folder that holds something else is most likely a slip, and would be closed to its other users.
    if (!fs::is_directory(folder) ||
        std::any_of(fs::directory_iterator(folder), {}, [](const fs::directory_entry& entry) {
          return entry.path().filename() != "ca.key" && entry.path().filename().string().front() != '.';
        })) {
      return fail(
          ErrorCode::invalid_input,
          fmt::format("{} is not an empty folder and no back office: give a new folder", folder.string()));
    }
    if (const auto made = make_authority(folder, now); !made) return fail(made.error());
  }
  if (::chmod(folder.c_str(), 0700) != 0) {
    return fail(ErrorCode::io,
                fmt::format("cannot set the mode of {} to 0700: {}", folder.string(), std::strerror(errno)));
  }
  if (const auto made = make_server_certificate(folder, *names, now); !made) return fail(made.error());
  return authority;
}

Result<Authority> Authority::open(const fs::path& folder) {
  const Authority authority(folder);
  std::error_code ignored;
  for (const fs::path& needed :
       {authority.ca_certificate(), authority.server_certificate(), authority.server_key()}) {
    if (!fs::exists(needed, ignored)) {
      return fail(
          ErrorCode::not_found,
          fmt::format("{} is not a back office folder ({} is missing): run wayside-backoffice init {}",
                      folder.string(), needed.filename().string(), folder.string()));
    }
  }
  return authority;
}

Result<Authority::SignedDevice> Authority::sign(const fs::path& request_path, UtcTime now) const {
  const auto issuer = read_issuer(folder_);
  if (!issuer) return fail(issuer.error());
  const auto request = pem::read_request(request_path);
  if (!request) return fail(request.error());
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::invalid_input, fmt::format("{} {}: make a new one with waysided --make-identity",
                                                      request_path.string(), why));
  };
  EVP_PKEY* key = X509_REQ_get0_pubkey(request->get());
  const bool proven = key != nullptr && X509_REQ_verify(request->get(), key) == 1;
  ERR_clear_error();
  if (!proven) return refuse("is not signed with its own key");
  if (!is_p256(*key)) return refuse("must have an EC P-256 key");
  const std::string device_id = pem::common_name(*X509_REQ_get_subject_name(request->get()));
  if (!pem::is_device_id(device_id))
    return refuse("must name a device id of 16 lower case hex digits as its common name");

  const UtcTime until = std::min(now + leaf_lifetime, pem::valid_until(*issuer->certificate));
  const auto certificate =
      make_certificate({device_id, *key, now + -backdate, until, leaf_extensions("clientAuth")},
                       issuer->certificate.get(), *issuer->key);
  if (!certificate) return fail(certificate.error());
  auto text = pem::text_of(**certificate);
  if (!text) return fail(text.error());
  SignedDevice device{device_id, std::move(*text), {}, pem::valid_until(**certificate)};
  if (X509_digest(certificate->get(), EVP_sha256(), device.fingerprint.data(), nullptr) != 1)
    return fail(openssl_failed());
  return device;
}

Result<Authority::SignedDevice> enrol_device(const Authority& authority, Store& store,
                                             const fs::path& request, const fs::path& out, UtcTime now) {
  auto device = authority.sign(request, now);
  if (!device) return fail(device.error());
  const auto ca = read_text_file(authority.ca_certificate());
  if (!ca) return fail(ca.error());
  std::error_code failed;
  fs::create_directories(out, failed);
  if (failed) return fail(ErrorCode::io, fmt::format("cannot make {}: {}", out.string(), failed.message()));
  for (const auto& [name, text] :
       {std::pair{"back-office-ca.crt", *ca}, std::pair{"device.crt", device->certificate}}) {
    if (const auto written = replace_file(out / name, as_bytes(text)); !written) return fail(written.error());
  }
  // Last: where a file could not be written, an earlier certificate goes on working.
  if (const auto enrolled = store.enrol(device->device_id, device->fingerprint, now); !enrolled)
    return fail(enrolled.error());
  return device;
}

}  // namespace wayside::backoffice
