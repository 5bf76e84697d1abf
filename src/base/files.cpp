#include "wayside/base/files.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wayside {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Error system_error(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  const ErrorCode kind = code == ENOENT                       ? ErrorCode::not_found
                         : (code == ENOSPC || code == EDQUOT) ? ErrorCode::exhausted
                                                              : ErrorCode::io;
  return Error{kind, fmt::format("{} {}: {}", what, path.string(), std::strerror(code))};
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return fail(system_error("cannot open", path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(system_error("cannot read", path));
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is not a file", path.string()));
  }
  std::string out;
  out.reserve(static_cast<std::size_t>(info.st_size) + 1);
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error("cannot read", path));
    if (got == 0) return out;
    if (out.size() + static_cast<std::size_t>(got) > limit) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("{} is larger than the {} bytes allowed", path.string(), limit));
    }
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

namespace {

Status write_through(const std::filesystem::path& temporary, ByteView content, unsigned mode) {
  const Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0) return fail(system_error("cannot create", temporary));
  // A left-over temporary file keeps its old mode through O_CREAT.
  if (::fchmod(file.get(), mode) != 0) return fail(system_error("cannot set the mode of", temporary));
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t put = ::write(file.get(), content.data() + done, content.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(system_error("cannot write", temporary));
    done += static_cast<std::size_t>(put);
  }
  if (::fsync(file.get()) != 0) return fail(system_error("cannot sync", temporary));
  return {};
}

}  // namespace

Status replace_file(const std::filesystem::path& path, ByteView content, unsigned mode) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::filesystem::path temporary = folder / ("." + path.filename().string() + ".new");
  Status done = write_through(temporary, content, mode);
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0)
    done = fail(system_error("cannot replace", path));
  if (!done) {
    ::unlink(temporary.c_str());  // it may hold what nobody else should find
    return done;
  }
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0)
    return fail(system_error("cannot sync folder", folder));
  return {};
}

}  // namespace wayside
