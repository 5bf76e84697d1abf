#include "wayside/backoffice/authority.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/recipients.hpp"
#include "wayside/base/files.hpp"

#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;

constexpr auto authority_lifetime = std::chrono::hours(24 * 3650);
// A camera's clock may be a little behind when it first looks at a certificate.
constexpr auto backdate = std::chrono::hours(1);

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

// In the one spelling that the system gives an address; nothing where it is none.
std::optional<std::string> address_text(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(family, address, text.data(), text.size()) == nullptr) return std::nullopt;
  return text.data();
}
std::optional<std::string> address_from(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, host.c_str(), address.data()) == 1) return address_text(family, address.data());
  }
  return std::nullopt;
}

// Also keeps commas and colons, which OpenSSL reads as its own, out of the list of names.
bool is_host_name(const std::string& host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return (c < 128 && std::isalnum(c) != 0) || c == '-' || c == '.';
         });
}

using Names = std::vector<std::string>;  // host names and addresses, each once

void add_once(Names& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

Result<Names> names_of(const std::vector<std::string>& hosts) {
  Names names;
  for (const std::string& host : hosts) {
    if (const auto address = address_from(host); address || is_host_name(host)) {
      add_once(names, address.value_or(host));
    } else {
      return fail(
          ErrorCode::invalid_input,
          "--host must be a host name or an IP address without port, as in anpr.example.org or 192.0.2.7");
    }
  }
  return names;
}

// As OpenSSL takes them.
std::string alternative_names(const Names& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ",") + std::string(address_from(name) ? "IP:" : "DNS:") + name;
  return text;
}

// Nothing where it is of a kind that this program does not put into certificates.
std::optional<std::string> name_in(const GENERAL_NAME& entry) {
  int kind = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&entry, &kind));
  if (kind != GEN_DNS && kind != GEN_IPADD) return std::nullopt;
  const unsigned char* data = ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
  if (kind == GEN_IPADD && size == sizeof(in_addr)) return address_text(AF_INET, data);
  if (kind == GEN_IPADD && size == sizeof(in6_addr)) return address_text(AF_INET6, data);
  std::string name(reinterpret_cast<const char*>(data), size);
  return kind == GEN_DNS && is_host_name(name) ? std::optional(std::move(name)) : std::nullopt;
}

Names names_in(const X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, pem::Release<GENERAL_NAMES_free>> entries(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  Names names;
  for (int i = 0; i < sk_GENERAL_NAME_num(entries.get()); ++i) {
    if (const auto name = name_in(*sk_GENERAL_NAME_value(entries.get(), i))) add_once(names, *name);
  }
  return names;
}

// What cameras call the server by today must not be lost with a renewal: only a file that is not there has no
// names.
Result<Names> earlier_names(const fs::path& server_certificate) {
  const auto earlier = pem::read_certificate(server_certificate);
  if (earlier) return names_in(**earlier);
  if (earlier.error().code == ErrorCode::not_found) return Names{};
  return fail(earlier.error().code,
              fmt::format("{}: delete it and run init again with --host for every name that cameras use",
                          earlier.error().message));
}

Result<Names> server_names_with(const Names& hosts, const fs::path& server_certificate) {
  Names names = {"localhost", "127.0.0.1", "::1"};
  const auto earlier = earlier_names(server_certificate);
  if (!earlier) return fail(earlier.error());
  for (const Names* some : {&*earlier, &hosts}) {
    for (const std::string& name : *some)
      add_once(names, name);
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

Result<Issuer> read_issuer(const fs::path& folder, UtcTime now) {
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
  // What it signs ends with it at the latest, and so would never have been valid.
  if (const UtcTime end = pem::valid_until(**certificate); end <= now) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the authority in {} ended at {} and can sign nothing more: make a back office in a "
                    "new folder and enrol the cameras there",
                    (folder / "ca.crt").string(), to_iso8601(end)));
  }
  return Issuer{std::move(*key), std::move(*certificate)};
}

// No chain holds longer than what it hangs on: a later end would promise what no peer would believe.
UtcTime end_of_leaf(UtcTime now, const Issuer& issuer) {
  return std::min(now + certificate_lifetime, pem::valid_until(*issuer.certificate));
}

struct Leaf {
  std::string_view common_name;
  std::string usage;
  Names names;
};

// <name>.key and <name>.crt.
Status make_leaf(const Leaf& leaf, const Issuer& issuer, const fs::path& folder, const std::string& name,
                 UtcTime now) {
  const auto key = pem::make_key();
  if (!key) return fail(key.error());
  auto extensions = leaf_extensions(leaf.usage);
  if (!leaf.names.empty()) extensions.push_back({NID_subject_alt_name, alternative_names(leaf.names)});
  const auto certificate = make_certificate({std::string(leaf.common_name), **key, now + -backdate,
                                             end_of_leaf(now, issuer), std::move(extensions)},
                                            issuer.certificate.get(), *issuer.key);
  if (!certificate) return fail(certificate.error());
  if (const auto written = write_key(folder / (name + ".key"), **key); !written) return written;
  return write_certificate(folder / (name + ".crt"), **certificate);
}

Status make_own_certificates(const fs::path& folder, const Names& hosts, UtcTime now) {
  const auto names = server_names_with(hosts, folder / "server.crt");
  if (!names) return fail(names.error());
  const auto issuer = read_issuer(folder, now);
  if (!issuer) return fail(issuer.error());
  // Brokers know the office by this name.
  if (const auto made = make_leaf({"office", "clientAuth", {}}, *issuer, folder, "client", now); !made)
    return made;
  return make_leaf({"Wayside back office server", "serverAuth", *names}, *issuer, folder, "server", now);
}

// A folder that holds something else is most likely a slip, and would be closed to its other users.
Status check_is_empty(const fs::path& folder) {
  const auto refuse = [&] {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{} is not an empty folder and no back office: give a new folder", folder.string()));
  };
  std::error_code failed;
  fs::directory_iterator entries(folder, failed);
  if (failed == std::errc::not_a_directory) return refuse();
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    if (entries->path().filename().string().front() != '.') return refuse();
  }
  if (!failed) return {};
  return fail(ErrorCode::io, fmt::format("cannot look into {}: {}", folder.string(), failed.message()));
}

// Whether the folder holds an authority. Half of one is a loss that only a person can judge: to make the
// other half anew would lock out every camera that has been enrolled.
Result<bool> has_authority(const fs::path& folder) {
  const auto key = is_there(folder / "ca.key");
  if (!key) return fail(key.error());
  const auto certificate = is_there(folder / "ca.crt");
  if (!certificate) return fail(certificate.error());
  if (*key == *certificate) return *key;
  const auto [held, lost] = *key ? std::pair{"ca.key", "ca.crt"} : std::pair{"ca.crt", "ca.key"};
  return fail(ErrorCode::invalid_input,
              fmt::format("{} holds {} without {}: restore {} from a backup, or, where no camera has been "
                          "enrolled here, move {} away and run init again",
                          folder.string(), held, lost, lost, held));
}

// Keeps those that are there, retired ones too: only a person can tell whether a new one is wanted.
Status make_first_recipient_key(const fs::path& folder, UtcTime now) {
  const auto secrets = load_recipient_secrets(folder);
  if (secrets) return {};
  if (secrets.error().code != ErrorCode::not_found) return fail(secrets.error());
  const auto made = make_recipient_key(folder, std::nullopt, now + recipient_key_lifetime);
  return made ? Status{} : fail(made.error());
}

}  // namespace

Result<Authority> Authority::make(const fs::path& folder, const std::vector<std::string>& hosts,
                                  UtcTime now) {
  const auto names = names_of(hosts);
  if (!names) return fail(names.error());
  std::error_code failed;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), failed);
  if (failed || (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)) {
    return fail(ErrorCode::io, fmt::format("cannot make {}: {}", folder.string(),
                                           failed ? failed.message() : std::strerror(errno)));
  }
  const Authority authority(folder);
  const auto known = has_authority(folder);
  if (!known) return fail(known.error());
  if (!*known) {
    if (const auto empty = check_is_empty(folder); !empty) return fail(empty.error());
    if (const auto made = make_authority(folder, now); !made) return fail(made.error());
  }
  if (::chmod(folder.c_str(), 0700) != 0) {
    return fail(ErrorCode::io,
                fmt::format("cannot set the mode of {} to 0700: {}", folder.string(), std::strerror(errno)));
  }
  if (const auto made = make_own_certificates(folder, *names, now); !made) return fail(made.error());
  if (const auto made = make_first_recipient_key(authority.recipients(), now); !made)
    return fail(made.error());
  if (const auto made = IssuedAuthorities(authority.deployment()).make_key(); !made)
    return fail(made.error());
  return authority;
}

Result<Authority> Authority::open(const fs::path& folder) {
  const Authority authority(folder);
  for (const fs::path& needed :
       {authority.ca_certificate(), authority.server_certificate(), authority.server_key()}) {
    const auto there = is_there(needed);
    if (!there) return fail(there.error());
    if (!*there) {
      return fail(
          ErrorCode::not_found,
          fmt::format("{} is not a back office folder ({} is missing): run wayside-backoffice init {}",
                      folder.string(), needed.filename().string(), folder.string()));
    }
  }
  return authority;
}

Result<std::vector<std::string>> Authority::server_names() const {
  const auto certificate = pem::read_certificate(server_certificate());
  if (!certificate) return fail(certificate.error());
  return names_in(**certificate);
}

Result<Authority::SignedDevice> Authority::sign(const fs::path& request_path, UtcTime now) const {
  const auto issuer = read_issuer(folder_, now);
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
  const auto public_key = pem::ed25519_public_key(*key);
  if (!public_key) {
    return refuse(EVP_PKEY_is_a(key, "EC") == 1
                      ? "has an EC key, as cameras of an earlier version made it, which cannot sign records"
                      : "must have an Ed25519 key");
  }
  const std::string device_id = pem::common_name(*X509_REQ_get_subject_name(request->get()));
  if (!pem::is_device_id(device_id))
    return refuse("must name a device id of 16 lower case hex digits as its common name");

  const auto certificate = make_certificate(
      {device_id, *key, now + -backdate, end_of_leaf(now, *issuer), leaf_extensions("clientAuth")},
      issuer->certificate.get(), *issuer->key);
  if (!certificate) return fail(certificate.error());
  auto text = pem::text_of(**certificate);
  if (!text) return fail(text.error());
  SignedDevice device{device_id, std::move(*text), {}, *public_key, pem::valid_until(**certificate)};
  if (X509_digest(certificate->get(), EVP_sha256(), device.fingerprint.data(), nullptr) != 1)
    return fail(openssl_failed());
  return device;
}

Status Authority::make_broker_certificate(const std::vector<std::string>& hosts, const fs::path& out,
                                          UtcTime now) const {
  const auto names = names_of(hosts);
  if (!names) return fail(names.error());
  if (names->empty())
    return fail(ErrorCode::invalid_input, "--host is missing: give every name or address of the broker");
  const auto issuer = read_issuer(folder_, now);
  if (!issuer) return fail(issuer.error());
  const auto ca = read_text_file(ca_certificate());
  if (!ca) return fail(ca.error());
  std::error_code failed;
  fs::create_directories(out, failed);
  if (failed) return fail(ErrorCode::io, fmt::format("cannot make {}: {}", out.string(), failed.message()));
  if (const auto written = replace_file(out / "ca.crt", as_bytes(*ca)); !written) return written;
  return make_leaf({"Wayside broker", "serverAuth,clientAuth", *names}, *issuer, out, "broker", now);
}

Result<std::string> Authority::sign(const Enrolment& enrolment, UtcTime now) const {
  const auto issuer = read_issuer(folder_, now);
  if (!issuer) return fail(issuer.error());
  return enrolment_text(enrolment, [&](ByteView bytes) { return pem::sign(bytes, *issuer->key); });
}

}  // namespace wayside::backoffice
