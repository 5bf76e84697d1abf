#include "wayside/base/shared_folder.hpp"

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside {

namespace {

constexpr unsigned shared_folder_mode = 02770;

tl::unexpected<Error> refused(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  return fail(code == ENOSPC || code == EDQUOT ? ErrorCode::exhausted : ErrorCode::io,
              fmt::format("cannot {} {}: {}", what, json_escape(path.string()), std::strerror(code)));
}

}  // namespace

Status make_shared_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) {
    // Whatever the umask. A service that may set no such bit gets its folders from its unit, which does.
    const bool open = ::chmod(folder.c_str(), shared_folder_mode) == 0 ||
                      ::chmod(folder.c_str(), shared_folder_mode & 0777U) == 0;
    return open ? Status{} : refused("open to its group", folder);
  }
  const int code = errno;
  struct stat info {};
  if (code == EEXIST && ::stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  errno = code == EEXIST ? ENOTDIR : code;
  return refused("make", folder);
}

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder, std::chrono::milliseconds limit) {
  const std::filesystem::path path = folder / "lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, shared_file_mode));
  if (!file) return refused("open", path);
  // Whatever the umask; fails where another program made it, and then it did this.
  (void)::fchmod(file.get(), shared_file_mode);
  const auto until = std::chrono::steady_clock::now() + limit;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR && errno != EWOULDBLOCK) return refused("lock", path);
    if (std::chrono::steady_clock::now() >= until) {
      return fail(ErrorCode::unavailable,
                  fmt::format("another program keeps {} locked: end it, or start the camera again",
                              json_escape(path.string())));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return FolderLock(std::move(file));
}

std::string with_checksum(std::string_view body) {
  return fmt::format("{}\n{}\n", body, to_hex(sha256(as_bytes(body))));
}

Result<std::string_view> without_checksum(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos ||
      text.substr(end + 1) != to_hex(sha256(as_bytes(text.substr(0, end)))) + "\n")
    return fail(ErrorCode::corrupt, "it is cut off or was changed: its checksum does not fit");
  return text.substr(0, end);
}

Status remove_file(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) != 0) return errno == ENOENT ? Status{} : refused("remove", file);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened && ::fsync(opened.get()) == 0 ? Status{} : refused("sync", folder);
}

}  // namespace wayside
