#include "src/device/update/incoming.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/descriptor.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/remove_any.hpp"
#include "wayside/base/sha256_stream.hpp"

namespace wayside::update_parts {

namespace {

namespace fs = std::filesystem;

// What waysided leaves there (update.md).
constexpr std::array<std::string_view, 7> incoming_names = {"bundle.part", "bundle", "offer", "tried",
                                                            "install",     "confirm", "told"};

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
  return remove_any(folder.incoming() / name);
}

Status remove_taken_bundle(const UpdateFolder& folder) {
  return remove_any(taken_bundle(folder));
}

namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::error_code failed;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed))
    names.push_back(entry->path().filename().string());
  return names;
}

}  // namespace

Status remove_strangers(const UpdateFolder& folder) {
  std::vector<std::string> strangers = names_in(folder.incoming());
  std::erase_if(strangers, [](const std::string& name) {
    return std::find(incoming_names.begin(), incoming_names.end(), name) != incoming_names.end();
  });
  if (!strangers.empty()) {
    const Descriptor root = open_folder(folder.root);
    const Descriptor incoming = open_folder(folder.incoming());
    if (!root || !incoming) return refused("open", root ? folder.incoming() : folder.root);
    // All at once, to where nobody but root can put anything.
    const std::string aside = name_of_nobody();
    if (::mkdirat(root.get(), aside.c_str(), 0700) != 0) return refused("make", folder.root / aside);
    const Descriptor there = open_folder(folder.root / aside);
    for (const std::string& name : strangers)
      (void)::renameat(incoming.get(), name.c_str(), there.get(), name.c_str());
  }
  // What a power cut left of an earlier one, too.
  for (const std::string& name : names_in(folder.root)) {
    if (!name.starts_with(".gone-")) continue;
    if (const Status removed = remove_any(folder.root / name); !removed) return removed;
  }
  return {};
}

fs::path taken_bundle(const UpdateFolder& folder) {
  return folder.root / "bundle.raucb";
}

namespace {

// Nothing but the very file that was looked at gets root's name: what stands in its place by then is not.
Status give_name(const Descriptor& file, const UpdateFolder& folder, const Descriptor& incoming,
                 const Descriptor& root) {
  const fs::path given = folder.bundle();
  const std::string taken = taken_bundle(folder).filename().string();
  if (const Status none = remove_any(taken_bundle(folder)); !none) return none;
  if (const Status plain = check_plain(file, given); !plain) return plain;
  const std::string opened = fmt::format("/proc/self/fd/{}", file.get());
  if (::linkat(AT_FDCWD, opened.c_str(), root.get(), taken.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return refused("take", given);
  if (::unlinkat(incoming.get(), given.filename().c_str(), 0) != 0) return refused("take", given);
  if (::fsync(root.get()) != 0 || ::fsync(incoming.get()) != 0) return refused("sync", given);
  return check_plain(file, given);
}

}  // namespace

Status take_bundle(const UpdateFolder& folder) {
  const fs::path given = folder.bundle();
  const Descriptor root = open_folder(folder.root);
  const Descriptor incoming = open_folder(folder.incoming());
  if (!root || !incoming) return refused("open", root ? folder.incoming() : folder.root);
  const Descriptor fresh = open_plain(incoming, given.filename().c_str());
  if (fresh) {
    if (const Status named = give_name(fresh, folder, incoming, root); !named) return named;
  } else if (errno != ENOENT) {
    return check_plain(fresh, given);
  }
  const Descriptor file = open_plain(root, taken_bundle(folder).filename().c_str());
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
