#include "src/app/line_file.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view our_lines_begin = R"({"file":)";

bool straight(const fs::path& path) {
  std::error_code absent;
  const fs::file_status there = fs::status(path, absent);
  return fs::is_symlink(fs::symlink_status(path, absent)) || fs::is_other(there) ||
         fs::is_character_file(there) || fs::is_fifo(there) || fs::is_socket(there);
}

// Empty, or of a run like this one.
bool is_ours(int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1) return false;
  if (status.st_size == 0) return true;
  std::array<char, our_lines_begin.size()> begin{};
  return ::pread(file, begin.data(), begin.size(), 0) == static_cast<ssize_t>(begin.size()) &&
         std::string_view(begin.data(), begin.size()) == our_lines_begin;
}

}  // namespace

LineFile::LineFile(fs::path path)
    : path_(std::move(path)), written_(straight(path_) ? path_ : fs::path(path_.string() + ".part")) {}

LineFile::~LineFile() {
  if (file_ < 0) return;
  std::error_code ignored;
  if (lines_ == 0 && written_ != path_) fs::remove(written_, ignored);
  ::close(file_);
}

Status LineFile::open() {
  std::error_code ignored;
  if (fs::is_directory(path_, ignored))
    return fail(ErrorCode::invalid_input,
                fmt::format("--out {} is a folder: name a file", json_escape(path_.string())));
  if (written_ != path_) return open_part();
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  return file_ < 0 ? refused() : Status{};
}

Status LineFile::open_part() {
  const auto somebodys = [&] {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is in the way, and no earlier run like this one left it: move it, or choose "
                            "another --out",
                            json_escape(written_.string())));
  };
  // Not waited for, should it be a pipe.
  const int file = ::open(written_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  if (file < 0) return errno == EISDIR || errno == ELOOP || errno == ENXIO ? somebodys() : refused();
  const auto let_go = [&](Status status) {
    ::close(file);
    return status;
  };
  if (!is_ours(file)) return let_go(somebodys());
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return let_go(fail(ErrorCode::invalid_input,
                       fmt::format("another run is writing {}: wait for it, or choose another --out",
                                   json_escape(written_.string()))));
  }
  if (::ftruncate(file, 0) != 0) return let_go(refused());
  file_ = file;
  return {};
}

Status LineFile::write(const std::string& line) {
  ++lines_;
  const std::string whole = line + '\n';
  for (std::size_t done = 0; done < whole.size();) {
    const ssize_t wrote = ::write(file_, whole.data() + done, whole.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return refused();
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

Status LineFile::finish() {
  std::error_code failed;
  if (written_ != path_) fs::rename(written_, path_, failed);  // under the lock
  const bool closed = ::close(std::exchange(file_, -1)) == 0;
  return failed || !closed ? refused() : Status{};
}

Status LineFile::refused() const {
  return fail(ErrorCode::io,
              fmt::format("cannot write {}: check that its folder is there, writable and not full",
                          json_escape(written_.string())));
}

}  // namespace wayside::app
