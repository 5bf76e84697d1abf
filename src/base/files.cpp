#include "wayside/base/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside {

namespace {

Error system_error(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  const ErrorCode kind = code == ENOENT                       ? ErrorCode::not_found
                         : (code == ENOSPC || code == EDQUOT) ? ErrorCode::exhausted
                                                              : ErrorCode::io;
  return Error{kind, fmt::format("{} {}: {}{}", what, path.string(), std::strerror(code),
                                 kind == ErrorCode::exhausted ? ": make room on the disk" : "")};
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit, Links links) {
  const int followed = links == Links::followed ? 0 : O_NOFOLLOW;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | followed));
  if (file.get() < 0) return fail(system_error("cannot open", path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(system_error("cannot read", path));
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is not a file", path.string()));
  }
  const auto too_large = [&] {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is larger than the {} bytes allowed", path.string(), limit));
  };
  // It may be all hole, and somebody else's.
  if (static_cast<std::uint64_t>(info.st_size) > limit) return too_large();
  std::string out;
  out.reserve(static_cast<std::size_t>(info.st_size) + 1);
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error("cannot read", path));
    if (got == 0) {
      ::explicit_bzero(buffer.data(), buffer.size());  // it may be a key's file
      return out;
    }
    if (out.size() + static_cast<std::size_t>(got) > limit) return too_large();
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

constexpr std::string_view temporary_name = ".wayside-";

}  // namespace

// Beside the file that it shall become; gone with this object unless it has become it.
class FileReplacement::Temporary {
 public:
  explicit Temporary(const std::filesystem::path& folder)
      : path_((folder / temporary_name).string() + "XXXXXX"), file_(::mkostemp(path_.data(), O_CLOEXEC)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    // It may hold what nobody else should find.
    if (made() && !renamed_) ::unlink(path_.c_str());
  }
  [[nodiscard]] bool made() const { return file_.get() >= 0; }
  [[nodiscard]] int file() const { return file_.get(); }
  [[nodiscard]] bool rename_to(const std::filesystem::path& path) {
    renamed_ = ::rename(path_.c_str(), path.c_str()) == 0;
    return renamed_;
  }

 private:
  std::string path_;
  Descriptor file_;
  bool renamed_ = false;
};

namespace {

Error no_place_for(const std::filesystem::path& path) {
  Error error = system_error("cannot make a file beside", path);
  if (error.code != ErrorCode::exhausted)
    error.message += ": name a path in a folder that is there and writable";
  return error;
}

// A rename would put a file in the place of whatever is there, and ask nobody.
Status refuse_all_but_files(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Status{} : fail(system_error("cannot write", path));
  }
  if (S_ISREG(info.st_mode)) return {};
  if (S_ISLNK(info.st_mode)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is a symbolic link, which is not written through: name the file it points at",
                            path.string()));
  }
  return fail(ErrorCode::invalid_input,
              fmt::format("{} is {}, and no file to write over: name another path", path.string(),
                          S_ISDIR(info.st_mode) ? "a folder" : "a device, pipe or socket"));
}

// In a folder like /tmp everybody may make files, and only their owner may replace them.
bool kept_for_its_owner(const std::filesystem::path& path) {
  struct stat file {};
  struct stat folder {};
  if (::lstat(path.c_str(), &file) != 0 || ::stat(folder_of(path).c_str(), &folder) != 0) return false;
  const uid_t own = ::geteuid();
  return (folder.st_mode & S_ISVTX) != 0 && own != 0 && own != file.st_uid && own != folder.st_uid;
}

std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path, failed);
  if (failed) absolute = path;
  std::filesystem::path whole = std::filesystem::weakly_canonical(absolute, failed);
  // Where the way there may not be looked at, its letters are all there is to go by.
  if (failed) whole = absolute.lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

bool holds(const std::filesystem::path& outer, const std::filesystem::path& inner) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

Result<FileReplacement> FileReplacement::begin(const std::filesystem::path& path, unsigned mode) {
  if (const Status file = refuse_all_but_files(path); !file) return fail(file.error());
  auto temporary = std::make_unique<Temporary>(folder_of(path));
  if (!temporary->made()) return fail(no_place_for(path));
  if (::fchmod(temporary->file(), mode) != 0) return fail(system_error("cannot set the mode of", path));
  return FileReplacement(path, std::move(temporary));
}

FileReplacement::FileReplacement(std::filesystem::path path, std::unique_ptr<Temporary> temporary)
    : path_(std::move(path)), temporary_(std::move(temporary)) {}
FileReplacement::FileReplacement(FileReplacement&&) noexcept = default;
FileReplacement& FileReplacement::operator=(FileReplacement&&) noexcept = default;
FileReplacement::~FileReplacement() = default;

Status FileReplacement::append(ByteView part) {
  std::size_t done = 0;
  while (done < part.size()) {
    const ssize_t put = ::write(temporary_->file(), part.data() + done, part.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(system_error("cannot write", path_));
    done += static_cast<std::size_t>(put);
  }
  return {};
}

Status FileReplacement::commit() {
  if (::fsync(temporary_->file()) != 0) return fail(system_error("cannot sync", path_));
  if (!temporary_->rename_to(path_)) return fail(system_error("cannot replace", path_));
  const std::filesystem::path folder = folder_of(path_);
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0)
    return fail(system_error("cannot sync folder", folder));
  return {};
}

Status replace_file(const std::filesystem::path& path, ByteView content, unsigned mode) {
  auto replacement = FileReplacement::begin(path, mode);
  if (!replacement) return fail(replacement.error());
  if (const Status written = replacement->append(content); !written) return written;
  return replacement->commit();
}

void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code failed;
  std::vector<std::filesystem::path> left;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->path().filename().string().starts_with(temporary_name)) left.push_back(at->path());
  }
  for (const std::filesystem::path& path : left)
    ::unlink(path.c_str());
}

Status check_replaceable(const std::filesystem::path& path) {
  if (const auto tried = FileReplacement::begin(path); !tried) return fail(tried.error());
  if (!kept_for_its_owner(path)) return {};
  return fail(ErrorCode::io,
              fmt::format("{} is another user's, in a folder where only its owner may replace a file: name "
                          "another path",
                          path.string()));
}

Result<bool> is_there(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return fail(ErrorCode::io,
              fmt::format("cannot look at {}: {}", json_escape(path.string()), std::strerror(errno)));
}

bool overlap(const std::filesystem::path& a, const std::filesystem::path& b) {
  const std::filesystem::path first = resolved(a);
  const std::filesystem::path second = resolved(b);
  return holds(first, second) || holds(second, first);
}

}  // namespace wayside
