#include "src/backoffice/signing_key.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/signature.hpp"

#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;

std::string shown(const fs::path& path) {
  return json_escape(path.string());
}

tl::unexpected<Error> system_error(std::string_view what, const fs::path& path) {
  return fail(ErrorCode::io, fmt::format("cannot {} {}: {}", what, shown(path), std::strerror(errno)));
}

Status make_key(const fs::path& file) {
  const auto key = pem::make_device_key();
  if (!key) return fail(key.error());
  auto text = pem::text_of(**key);
  if (!text) return fail(text.error());
  const Status written = replace_file(file, as_bytes(*text), 0600);
  wipe(*text);
  return written;
}

}  // namespace

Result<Secret> load_signing_key(const SigningKeyFiles& files) {
  struct stat info {};
  if (::stat(files.secret.c_str(), &info) == 0 && (info.st_mode & 077U) != 0) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} has mode {:04o}, so others can get at the key: set it to 0600",
                            shown(files.secret), info.st_mode & 07777U));
  }
  const auto key = pem::read_key(files.secret);
  if (!key) return fail(key.error());
  Secret seed;
  std::size_t size = Secret::bytes;
  const bool taken = pem::ed25519_public_key(**key) &&
                     EVP_PKEY_get_raw_private_key(key->get(), seed.data().data(), &size) == 1 &&
                     size == Secret::bytes;
  ERR_clear_error();
  if (taken) return seed;
  return fail(ErrorCode::invalid_input,
              fmt::format("{} is no Ed25519 key: restore it from a backup", shown(files.secret)));
}

Result<Secret> load_or_make_signing_key(const SigningKeyFiles& files) {
  // Nothing follows a link into the key's place: whoever put it there would choose the key.
  const auto secret_is_there = is_there(files.secret);
  if (!secret_is_there) return fail(secret_is_there.error());
  if (!*secret_is_there) {
    const auto shared_is_there = is_there(files.shared);
    if (!shared_is_there) return fail(shared_is_there.error());
    if (*shared_is_there) {
      return fail(ErrorCode::not_found,
                  fmt::format("{} is gone, and cameras know its public half: restore it from a backup, or "
                              "delete {} and give every camera the new one",
                              shown(files.secret), shown(files.shared)));
    }
    if (const Status made = make_key(files.secret); !made) return fail(made.error());
  }
  auto seed = load_signing_key(files);
  if (!seed) return seed;
  const Status told = replace_file(files.shared, as_bytes(verifying_key_text(verifying_key(*seed))));
  if (!told) return fail(told.error());
  return seed;
}

Status make_private_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_error("make", folder);
}

FolderLock::FolderLock(const fs::path& folder)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  int locked = folder_ ? ::flock(folder_.get(), LOCK_EX) : -1;
  while (folder_ && locked != 0 && errno == EINTR)
    locked = ::flock(folder_.get(), LOCK_EX);
  if (locked != 0) held_ = system_error("lock", folder);
}

}  // namespace wayside::backoffice
