#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "wayside/base/descriptor.hpp"

#include "src/delivery/queue/disk.hpp"

namespace wayside::flash {

namespace {

namespace fs = std::filesystem;

Error system_error(std::string_view what, const fs::path& path, int code) {
  const ErrorCode kind = (code == ENOSPC || code == EDQUOT) ? ErrorCode::exhausted : ErrorCode::io;
  return Error{kind, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(code))};
}

class PosixFile : public DiskFile {
 public:
  PosixFile(Descriptor fd, fs::path path, bool goes_on_with_zeros = false)
      : fd_(std::move(fd)), path_(std::move(path)), goes_on_with_zeros_(goes_on_with_zeros) {}

  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    while (!into.empty()) {
      const ssize_t got = ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(system_error("read", path_, errno));
      if (got == 0 && goes_on_with_zeros_) {
        std::fill(into.begin(), into.end(), std::uint8_t{0});
        return {};
      }
      if (got == 0) return fail(ErrorCode::io, fmt::format("{} is shorter than it was made", path_.string()));
      into = into.subspan(static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
    return {};
  }

  Status write(std::uint64_t offset, ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return fail(system_error("write", path_, errno));
      bytes = bytes.subspan(static_cast<std::size_t>(put));
      offset += static_cast<std::uint64_t>(put);
    }
    return {};
  }

  Status sync() override {
    if (::fdatasync(fd_.get()) != 0) return fail(system_error("sync", path_, errno));
    return {};
  }

  void will_read(std::uint64_t offset, std::uint64_t bytes) const override {
    // Only a hint: where it is not taken, reading waits for the device.
    static_cast<void>(::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                                      POSIX_FADV_WILLNEED));
  }

 private:
  Descriptor fd_;
  fs::path path_;
  bool goes_on_with_zeros_;
};

class PosixDisk : public Disk {
 public:
  PosixDisk(Descriptor directory, fs::path path, bool read_only = false)
      : directory_(std::move(directory)), path_(std::move(path)), read_only_(read_only) {}

  Result<std::vector<Entry>> list() const override {
    std::vector<Entry> out;
    std::error_code failed;
    for (fs::directory_iterator it(path_, failed), end; !failed && it != end; it.increment(failed)) {
      const bool is_file = it->is_regular_file(failed) && !it->is_symlink(failed);
      out.push_back({it->path().filename().string(), is_file ? it->file_size(failed) : 0});
    }
    if (failed)
      return fail(ErrorCode::io, fmt::format("cannot list {}: {}", path_.string(), failed.message()));
    std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return out;
  }

  Result<std::unique_ptr<DiskFile>> open(const std::string& name) override {
    const int access = read_only_ ? O_RDONLY | O_NONBLOCK : O_RDWR;  // no pipe shall hold up who only looks
    Descriptor fd(::openat(directory_.get(), name.c_str(), access | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return fail(system_error("open", path_ / name, errno));
    return std::make_unique<PosixFile>(std::move(fd), path_ / name, read_only_);
  }

  Status create(const std::string& name, std::uint64_t bytes) override {
    if (read_only_) return fail(read_only());
    const fs::path path = path_ / name;
    Descriptor fd(
        ::openat(directory_.get(), name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd.get() < 0) return fail(system_error("create", path, errno));
    PosixFile file(std::move(fd), path);
    if (Status ok = write_zeros(file, 0, bytes); !ok) return ok;
    if (::fsync(directory_.get()) != 0) return fail(system_error("sync", path_, errno));
    return {};
  }

  Status lengthen(const std::string& name, std::uint64_t bytes) override {
    if (read_only_) return fail(read_only());
    const fs::path path = path_ / name;
    Descriptor fd(::openat(directory_.get(), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return fail(system_error("open", path, errno));
    const off_t end = ::lseek(fd.get(), 0, SEEK_END);
    if (end < 0) return fail(system_error("measure", path, errno));
    PosixFile file(std::move(fd), path);
    return write_zeros(file, static_cast<std::uint64_t>(end), bytes);
  }

  Status remove(const std::string& name) override {
    if (read_only_) return fail(read_only());
    if (::unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return fail(system_error("remove", path_ / name, errno));
    }
    return {};
  }

  std::optional<std::uint64_t> room() const override {
    struct statvfs system {};
    if (::fstatvfs(directory_.get(), &system) != 0) return std::nullopt;
    return std::uint64_t{system.f_bavail} * system.f_frsize;
  }

 private:
  static Status write_zeros(PosixFile& file, std::uint64_t from, std::uint64_t to) {
    const Bytes zeros(std::size_t{1} << 20U);
    for (std::uint64_t at = from; at < to; at += zeros.size()) {
      const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), to - at));
      if (Status ok = file.write(at, ByteView(zeros).first(length)); !ok) return ok;
    }
    return file.sync();
  }

  [[nodiscard]] Error read_only() const {
    return {ErrorCode::unsupported, fmt::format("{} is only looked at", path_.string())};
  }

  Descriptor directory_;
  fs::path path_;
  bool read_only_;
};

}  // namespace

Result<std::unique_ptr<Disk>> open_posix_disk(const fs::path& directory) {
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed) {
    return fail(ErrorCode::io,
                fmt::format("cannot make the queue's directory {}: {}; make it, or name another",
                            directory.string(), failed.message()));
  }
  Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return fail(system_error("open", directory, errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(system_error("lock", directory, errno));
    return fail(
        ErrorCode::unavailable,
        fmt::format("the queue in {} is open in another process: stop that one first", directory.string()));
  }
  return std::make_unique<PosixDisk>(std::move(fd), directory);
}

Result<std::unique_ptr<Disk>> open_read_only_disk(const fs::path& directory) {
  Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return fail(system_error("open", directory, errno));
  return std::make_unique<PosixDisk>(std::move(fd), directory, true);
}

}  // namespace wayside::flash
