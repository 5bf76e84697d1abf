#include "wayside/device/identity/identity.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <openssl/err.h>
#include <sodium.h>
#include <sys/stat.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"

#include "src/device/identity/device_certificate.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;

struct Files {
  explicit Files(const fs::path& folder)
      : id(folder / "device-id"),
        key(folder / "device.key"),
        request(folder / "device.csr"),
        certificate(folder / "device.crt"),
        back_office_ca(folder / "back-office-ca.crt") {}
  fs::path id, key, request, certificate, back_office_ca;
};

// A folder of somebody else's things is not closed to them: for /etc that would be the end of the system.
Status check_private_folder(const fs::path& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    return fail(ErrorCode::io, fmt::format("cannot look at {}: {}", folder.string(), std::strerror(errno)));
  }
  if (!S_ISDIR(info.st_mode)) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is not a folder", folder.string()));
  }
  if ((info.st_mode & 077U) == 0) return {};
  std::error_code failed;
  if (!fs::is_empty(folder, failed) || failed) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{} has mode {:04o} and is not empty: the key needs a folder of its own with mode "
                    "0700; name another or, if nothing but this camera's identity is in it, run "
                    "chmod 0700 {}",
                    folder.string(), info.st_mode & 07777U, folder.string()));
  }
  if (::chmod(folder.c_str(), 0700) != 0) {
    return fail(ErrorCode::io,
                fmt::format("cannot set the mode of {} to 0700: {}", folder.string(), std::strerror(errno)));
  }
  return {};
}

Status make_private_folder(const fs::path& folder) {
  std::error_code failed;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), failed);
  if (failed) {
    return fail(ErrorCode::io,
                fmt::format("cannot make {}: {}", folder.parent_path().string(), failed.message()));
  }
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno == EEXIST) return check_private_folder(folder);
  return fail(ErrorCode::io, fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)));
}

Result<std::string> read_device_id(const fs::path& path) {
  auto text = read_text_file(path, 64);
  if (!text) return fail(text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r'))
    text->pop_back();
  if (!pem::is_device_id(*text)) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{} must hold 16 lower case hex digits and nothing else: restore it from a backup",
                    path.string()));
  }
  return *text;
}

Result<std::string> keep_or_make_device_id(const Files& files) {
  const auto id_is_there = is_there(files.id);
  if (!id_is_there) return fail(id_is_there.error());
  if (*id_is_there) return read_device_id(files.id);
  const auto key_is_there = is_there(files.key);
  if (!key_is_there) return fail(key_is_there.error());
  if (*key_is_there) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is missing beside {}: restore it, or delete the key to become a new device",
                            files.id.string(), files.key.string()));
  }
  if (sodium_init() < 0) return fail(ErrorCode::io, "libsodium could not start");
  std::array<std::uint8_t, 8> random{};
  randombytes_buf(random.data(), random.size());
  const std::string id = to_hex(random);
  if (const auto written = replace_file(files.id, as_bytes(id + "\n")); !written)
    return fail(written.error());
  return id;
}

Result<pem::Key> read_device_key(const fs::path& path) {
  auto key = pem::read_key(path);
  if (!key || pem::ed25519_public_key(**key)) return key;
  return fail(
      ErrorCode::invalid_input,
      fmt::format("{} is no Ed25519 key, which records are signed with (earlier versions made EC keys): "
                  "delete it, run waysided --make-identity, which keeps the device id, and enrol the new "
                  "device.csr",
                  path.string()));
}

Result<pem::Key> keep_or_make_key(const Files& files) {
  const auto there = is_there(files.key);
  if (!there) return fail(there.error());
  if (*there) return read_device_key(files.key);
  auto key = pem::make_device_key();
  if (!key) return fail(key.error());
  auto text = pem::text_of(**key);
  if (!text) return fail(text.error());
  const auto written = replace_file(files.key, as_bytes(*text), 0600);
  sodium_memzero(text->data(), text->size());
  if (!written) return fail(written.error());
  return key;
}

// A request that another key or another device id left behind would be signed and then never fit.
bool request_fits(const fs::path& path, const std::string& device_id, EVP_PKEY& key) {
  const auto request = pem::read_request(path);
  if (!request) return false;
  const bool fits = pem::common_name(*X509_REQ_get_subject_name(request->get())) == device_id &&
                    X509_REQ_verify(request->get(), &key) == 1;
  ERR_clear_error();
  return fits;
}

Status write_request(const fs::path& path, const std::string& device_id, EVP_PKEY& key) {
  const pem::Request request(X509_REQ_new());
  if (!request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      !pem::set_common_name(*X509_REQ_get_subject_name(request.get()), device_id) ||
      X509_REQ_set_pubkey(request.get(), &key) != 1 ||
      X509_REQ_sign(request.get(), &key, nullptr) <= 0) {  // Ed25519 brings its own hash
    ERR_clear_error();
    return fail(ErrorCode::io, "OpenSSL could not make the certificate request");
  }
  const auto text = pem::text_of(*request);
  if (!text) return fail(text.error());
  return replace_file(path, as_bytes(*text));
}

Status check_key_is_private(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return fail(ErrorCode::io, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  if ((info.st_mode & 077U) != 0) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} has mode {:04o}, so others can get at the key: set it to 0600", path.string(),
                            info.st_mode & 07777U));
  }
  return {};
}

Status check_made(const fs::path& folder, const Files& files) {
  for (const fs::path& made : {files.id, files.key}) {
    const auto there = is_there(made);
    if (!there) return fail(there.error());
    if (!*there)
      return fail(ErrorCode::not_found, fmt::format("{} holds no {}: run waysided --make-identity",
                                                    folder.string(), made.filename().string()));
  }
  return {};
}

Result<pem::Key> load_device_key(const fs::path& folder) {
  const Files files(folder);
  if (const auto made = check_made(folder, files); !made) return fail(made.error());
  if (const auto safe = check_key_is_private(files.key); !safe) return fail(safe.error());
  return read_device_key(files.key);
}

Status check_all_there(const fs::path& folder, const Files& files) {
  if (const auto made = check_made(folder, files); !made) return made;
  for (const fs::path& given : {files.certificate, files.back_office_ca}) {
    const auto there = is_there(given);
    if (!there) return fail(there.error());
    if (!*there) {
      return fail(ErrorCode::not_found,
                  fmt::format("{} holds no {}: take device.csr to the back office (wayside-backoffice enrol) "
                              "and put {} there",
                              folder.string(), given.filename().string(), given.filename().string()));
    }
  }
  return {};
}

// Whose a certificate has to be.
struct Owner {
  const std::string& device_id;
  EVP_PKEY& key;
  const Files& files;
};

Status check_fits(const Owner& owner, const X509& certificate, std::string_view named, UtcTime now) {
  const bool fits = X509_check_private_key(&certificate, &owner.key) == 1;
  ERR_clear_error();
  if (!fits) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} was not made for {}: enrol device.csr of this camera again", named,
                            owner.files.key.string()));
  }
  if (pem::common_name(*X509_get_subject_name(&certificate)) != owner.device_id) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "{} must name the device id in {} as its common name: enrol device.csr of this camera again",
            named, owner.files.id.string()));
  }
  if (const UtcTime until = pem::valid_until(certificate); until <= now) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{} was valid until {}: enrol device.csr again for a new one", named, to_iso8601(until)));
  }
  return {};
}

}  // namespace

Result<fs::path> make_identity(const fs::path& folder) {
  const Files files(folder);
  if (const auto made = make_private_folder(folder); !made) return fail(made.error());
  const auto id = keep_or_make_device_id(files);
  if (!id) return fail(id.error());
  const auto key = keep_or_make_key(files);
  if (!key) return fail(key.error());
  if (!request_fits(files.request, *id, **key)) {
    if (const auto written = write_request(files.request, *id, **key); !written) return fail(written.error());
  }
  return files.request;
}

Result<std::string> device_id(const fs::path& folder) {
  const Files files(folder);
  if (const auto made = check_made(folder, files); !made) return fail(made.error());
  return read_device_id(files.id);
}

Status check_device_certificate(const fs::path& folder, const X509& certificate, std::string_view named,
                                UtcTime now) {
  const auto id = device_id(folder);
  if (!id) return fail(id.error());
  const auto key = load_device_key(folder);
  if (!key) return fail(key.error());
  return check_fits({*id, **key, Files(folder)}, certificate, named, now);
}

Result<Identity> load_identity(const fs::path& folder, UtcTime now) {
  const Files files(folder);
  if (const auto there = check_all_there(folder, files); !there) return fail(there.error());
  const auto id = device_id(folder);
  if (!id) return fail(id.error());
  const auto key = load_device_key(folder);
  if (!key) return fail(key.error());
  const auto certificate = pem::read_certificate(files.certificate);
  if (!certificate) return fail(certificate.error());
  if (const auto ca = pem::read_certificate(files.back_office_ca); !ca) return fail(ca.error());
  const Status good = check_fits({*id, **key, files}, **certificate, files.certificate.string(), now);
  if (!good) return fail(good.error());
  return Identity{*id, files.key, files.certificate, files.back_office_ca, pem::valid_until(**certificate)};
}

Result<Identity> load_identity(const fs::path& folder) {
  return load_identity(folder, utc_now());
}

Result<Secret> load_signing_seed(const fs::path& folder) {
  const auto key = load_device_key(folder);
  if (!key) return fail(key.error());
  Secret seed;
  std::size_t size = seed.data().size();
  const bool taken =
      EVP_PKEY_get_raw_private_key(key->get(), seed.data().data(), &size) == 1 && size == Secret::bytes;
  ERR_clear_error();
  if (!taken) return fail(ErrorCode::io, "OpenSSL did not give out the device's key");
  return seed;
}

Result<std::array<std::uint8_t, 32>> device_public_key(const fs::path& folder) {
  const auto key = load_device_key(folder);
  if (!key) return fail(key.error());
  return pem::ed25519_public_key(**key).value();
}

}  // namespace wayside
