#include "src/device/audit/trail_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/shared_folder.hpp"

#include "src/device/audit/trail_line.hpp"
#include "src/device/audit/trail_text.hpp"

namespace wayside::audit {

namespace {

constexpr std::uint64_t usual_tail = 4 * largest_line_bytes;

tl::unexpected<Error> refused(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return fail(full ? ErrorCode::exhausted : ErrorCode::io,
              fmt::format("cannot {} the audit trail {}: {}{}", what, json_escape(path.string()),
                          std::strerror(code), full ? ": make room on the disk" : ""));
}

bool sync_folder_of(const std::filesystem::path& path) {
  const int folder = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) ::close(folder);
  return synced;
}

}  // namespace

Result<TrailFile> TrailFile::open(const std::filesystem::path& path) {
  const int file =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, shared_file_mode);
  if (file < 0) return refused("open", path);
  TrailFile opened(path, file, 0);
  struct stat info {};
  if (::fstat(file, &info) != 0) return refused("look at", path);
  if (!S_ISREG(info.st_mode))
    return fail(ErrorCode::io,
                fmt::format("{} is no file: remove what stands there", json_escape(path.string())));
  opened.size_ = static_cast<std::uint64_t>(info.st_size);
  if (opened.size_ == 0) {
    (void)::fchmod(file, shared_file_mode);  // whatever the umask
    if (!sync_folder_of(path)) return refused("sync the folder of", path);
  }
  return opened;
}

TrailFile::TrailFile(TrailFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), size_(other.size_) {}

TrailFile::~TrailFile() {
  if (file_ >= 0) ::close(file_);
}

Result<std::string> TrailFile::read_from(std::uint64_t at) const {
  std::string text(size_ - at, '\0');
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t got = ::pread(file_, text.data() + done, text.size() - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return refused("read", path_);
    done += static_cast<std::size_t>(got);
  }
  return text;
}

Result<std::string> TrailFile::tail() const {
  if (size_ > usual_tail) {
    Result<std::string> text = read_from(size_ - usual_tail);
    if (!text || tail_of(*text).last) return text;
  }
  return read_from(0);
}

Status TrailFile::append(std::string_view lines) {
  Status status;
  for (std::size_t done = 0; status && done < lines.size();) {
    const ssize_t put =
        ::pwrite(file_, lines.data() + done, lines.size() - done, static_cast<off_t>(size_ + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      status = refused("write", path_);
    } else {
      done += static_cast<std::size_t>(put);
    }
  }
  if (status && ::fdatasync(file_) != 0) status = refused("sync", path_);
  if (!status) {
    // Should this fail too, the next entry names what was left.
    (void)!::ftruncate(file_, static_cast<off_t>(size_));
    return status;
  }
  size_ += lines.size();
  return {};
}

}  // namespace wayside::audit
