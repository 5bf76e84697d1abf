#include "src/device/update/incoming.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/sha256_stream.hpp"

namespace wayside::update_parts {

namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int file) : file_(file) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (file_ >= 0) ::close(file_);
  }
  [[nodiscard]] int get() const { return file_; }
  explicit operator bool() const { return file_ >= 0; }

 private:
  int file_;
};

tl::unexpected<Error> refused(std::string_view what, const fs::path& path) {
  const int code = errno;
  return fail(code == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              fmt::format("cannot {} {}: {}", what, json_escape(path.string()), std::strerror(code)));
}

tl::unexpected<Error> odd(const fs::path& path, std::string_view why) {
  return fail(ErrorCode::invalid_input, fmt::format("{} {}", json_escape(path.string()), why));
}

// Nothing waits in it: a pipe is opened and refused.
Descriptor open_plain(const Descriptor& folder, const char* name) {
  return Descriptor(::openat(folder.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

Descriptor open_folder(const fs::path& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Status check_plain(const Descriptor& file, const fs::path& path) {
  if (!file && errno == ELOOP) return odd(path, "is a link, which is not followed");
  if (!file) return refused("open", path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return refused("read", path);
  if (!S_ISREG(info.st_mode)) return odd(path, "is no file");
  if (info.st_nlink != 1) return odd(path, "has another name, too");
  return {};
}

Status sync_folder(const fs::path& path) {
  const Descriptor folder = open_folder(path);
  if (!folder || ::fsync(folder.get()) != 0) return refused("sync", path);
  return {};
}

Status remove_any(const fs::path& folder, std::string_view name) {
  const fs::path path = folder / name;
  const Descriptor opened = open_folder(folder);
  if (!opened) return errno == ENOENT ? Status{} : refused("open", folder);
  if (::unlinkat(opened.get(), std::string(name).c_str(), 0) != 0) {
    if (errno == ENOENT) return {};
    if (errno != EISDIR) return refused("remove", path);
    // Follows no link that it meets on its way.
    std::error_code failed;
    fs::remove_all(path, failed);
    if (failed) return odd(path, "cannot be removed: " + failed.message());
  }
  if (::fsync(opened.get()) != 0) return refused("sync", folder);
  return {};
}

// All of a file, a part at a time.
template <class Take>
Status read_all(const Descriptor& file, const fs::path& path, const Take& take) {
  std::vector<std::uint8_t> buffer(std::size_t{1} << 18U);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused("read", path);
    if (got == 0) return {};
    if (const Status taken = take(ByteView(buffer).first(static_cast<std::size_t>(got))); !taken)
      return taken;
  }
}

}  // namespace

Result<std::string> read_incoming(const UpdateFolder& folder, std::string_view name) {
  const fs::path path = folder.incoming() / name;
  const Descriptor incoming = open_folder(folder.incoming());
  if (!incoming) return refused("open", folder.incoming());
  const Descriptor file = open_plain(incoming, std::string(name).c_str());
  if (const Status plain = check_plain(file, path); !plain) return fail(plain.error());
  std::string text;
  const Status read = read_all(file, path, [&](ByteView part) -> Status {
    if (text.size() + part.size() > largest_update_file_bytes) return odd(path, "is too long");
    text.append(part.begin(), part.end());
    return {};
  });
  if (!read) return fail(read.error());
  return text;
}

Status remove_incoming(const UpdateFolder& folder, std::string_view name) {
  return remove_any(folder.incoming(), name);
}

Status remove_taken_bundle(const UpdateFolder& folder) {
  return remove_any(folder.root, taken_bundle(folder).filename().string());
}

fs::path taken_bundle(const UpdateFolder& folder) {
  return folder.root / "bundle.raucb";
}

Status take_bundle(const UpdateFolder& folder) {
  const fs::path taken = taken_bundle(folder);
  const fs::path given = folder.bundle();
  if (::rename(given.c_str(), taken.c_str()) == 0) {
    for (const fs::path& changed : {folder.root, folder.incoming()}) {
      if (const Status synced = sync_folder(changed); !synced) return synced;
    }
  } else if (errno != ENOENT) {
    return refused("take", given);
  }
  const Descriptor root = open_folder(folder.root);
  if (!root) return refused("open", folder.root);
  const Descriptor file = open_plain(root, taken.filename().c_str());
  if (!file && errno == ENOENT)
    return fail(ErrorCode::not_found, "there is no bundle to install: fetch it again");
  if (const Status plain = check_plain(file, given); !plain) return plain;
  if (::fchown(file.get(), ::geteuid(), ::getegid()) != 0 || ::fchmod(file.get(), 0600) != 0)
    return refused("take", given);
  // From here on nobody can open it; who had before could change what has been judged. The kernel gives such
  // a lease only where nobody can write, and it goes with the descriptor.
  if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) == 0) return {};
  if (errno == EAGAIN) return odd(given, "is still open for writing: close it, and hand it in again");
  return refused("make sure that nobody writes", given);
}

Result<std::string> taken_bundle_sha256(const UpdateFolder& folder) {
  const fs::path taken = taken_bundle(folder);
  const Descriptor root = open_folder(folder.root);
  if (!root) return refused("open", folder.root);
  const Descriptor file = open_plain(root, taken.filename().c_str());
  if (const Status plain = check_plain(file, taken); !plain) return fail(plain.error());
  Sha256Stream hash;
  const Status read = read_all(file, taken, [&](ByteView part) -> Status {
    hash.add(part);
    return {};
  });
  if (!read) return fail(read.error());
  return to_hex(hash.finish());
}

}  // namespace wayside::update_parts
