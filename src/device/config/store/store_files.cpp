#include "wayside/device/config/store/store_files.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/files.hpp"

#include "src/device/config/store/version_file.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr const char* history_folder = "history";
constexpr mode_t file_mode = 0660;  // console and daemon are two users of one group
constexpr mode_t folder_mode = 02770;
constexpr milliseconds lock_limit{5'000};
constexpr milliseconds lock_again{10};

tl::unexpected<Error> system_failure(std::string_view what, const fs::path& path) {
  const int code = errno;
  return fail(code == ENOENT   ? ErrorCode::not_found
              : code == ENOSPC ? ErrorCode::exhausted
                               : ErrorCode::io,
              fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(code)));
}

class HeldFile final : public StoreFiles::Held {
 public:
  explicit HeldFile(Descriptor file) : file_(std::move(file)) {}
  [[nodiscard]] int get() const { return file_.get(); }

 private:
  Descriptor file_;
};

struct ::flock whole_file(short type) {
  struct ::flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Of the open file description: gone with it, however its process ends.
bool try_lock(int fd) {
  struct ::flock lock = whole_file(F_WRLCK);
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

Status make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0770) == 0) {
    // Past the mask of this process, whose group has to work there. A service that may set no such bit
    // (RestrictSUIDSGID) finds the folder made for it where another user works there too.
    if (::chmod(folder.c_str(), folder_mode) == 0 || ::chmod(folder.c_str(), folder_mode & 0777U) == 0)
      return {};
    return system_failure("set the mode of", folder);
  }
  std::error_code failed;
  if (errno == EEXIST && fs::is_directory(folder, failed)) return {};
  if (errno == EEXIST) errno = ENOTDIR;
  return system_failure("make the folder", folder);
}

class SystemFiles final : public StoreFiles {
 public:
  explicit SystemFiles(fs::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] Result<std::string> read(const std::string& name) const override {
    return read_text_file(folder_ / name, config::most_version_bytes);
  }
  [[nodiscard]] Status replace(const std::string& name, std::string_view text) override {
    return replace_file(folder_ / name, as_bytes(text), file_mode);
  }
  [[nodiscard]] Status remove(const std::string& name) override {
    if (::unlink((folder_ / name).c_str()) == 0) return sync_folder_of(name);
    return errno == ENOENT ? Status{} : system_failure("remove", folder_ / name);
  }
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override {
    if (::renameat2(AT_FDCWD, (folder_ / from).c_str(), AT_FDCWD, (folder_ / to).c_str(), RENAME_NOREPLACE) !=
        0) {
      return system_failure("set aside", folder_ / from);
    }
    return sync_folder_of(from);
  }
  [[nodiscard]] Result<std::vector<std::string>> history() const override {
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator at(folder_ / history_folder, failed), end; !failed && at != end;
         at.increment(failed))
      names.push_back(at->path().filename().string());
    if (failed) {
      return fail(ErrorCode::io, fmt::format("cannot read the folder {}: {}",
                                             (folder_ / history_folder).string(), failed.message()));
    }
    return names;
  }

  [[nodiscard]] Result<std::unique_ptr<Held>> lock() override {
    Result<std::unique_ptr<HeldFile>> file = open_lock("lock");
    if (!file) return fail(file.error());
    const auto until = std::chrono::steady_clock::now() + lock_limit;
    while (!try_lock((*file)->get())) {
      if (errno != EAGAIN && errno != EACCES && errno != EINTR)
        return system_failure("lock", folder_ / "lock");
      if (std::chrono::steady_clock::now() >= until) {
        return fail(
            ErrorCode::unavailable,
            fmt::format("another program has been writing the configuration in {} for {} s: try again",
                        folder_.string(), lock_limit.count() / 1000));
      }
      std::this_thread::sleep_for(
          lock_again);  // this kind of lock tells nobody when it is free within a limit
    }
    return std::unique_ptr<Held>(std::move(*file));
  }
  [[nodiscard]] Result<std::unique_ptr<Held>> lock_candidate(std::string_view who) override {
    Result<std::unique_ptr<HeldFile>> file = open_lock("candidate.lock");
    if (!file) return fail(file.error());
    const int fd = (*file)->get();
    if (!try_lock(fd)) {
      if (errno == EAGAIN || errno == EACCES) return std::unique_ptr<Held>();
      return system_failure("lock", folder_ / "candidate.lock");
    }
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, who.data(), who.size(), 0) < 0)
      return system_failure("write", folder_ / "candidate.lock");
    return std::unique_ptr<Held>(std::move(*file));
  }
  [[nodiscard]] Result<std::optional<std::string>> editor() const override {
    const fs::path path = folder_ / "candidate.lock";
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0 && errno == ENOENT) return std::optional<std::string>();
    if (file.get() < 0) return system_failure("open", path);
    struct ::flock lock = whole_file(F_WRLCK);
    if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0) return system_failure("look at", path);
    if (lock.l_type == F_UNLCK) return std::optional<std::string>();
    std::array<char, config::most_who_bytes> who;
    const ssize_t got = ::pread(file.get(), who.data(), who.size(), 0);
    return std::optional<std::string>(std::in_place, who.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
  }
  [[nodiscard]] std::string path_of(const std::string& name) const override {
    return (folder_ / name).string();
  }

  // What a power cut left of files that were being written. With the lock held nobody else writes.
  void sweep() {
    remove_leftovers(folder_);
    remove_leftovers(folder_ / history_folder);
  }

 private:
  Result<std::unique_ptr<HeldFile>> open_lock(const char* name) {
    const fs::path path = folder_ / name;
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, file_mode));
    if (!file) return system_failure("open", path);
    struct stat info {};
    if (::fstat(file.get(), &info) == 0 && info.st_uid == ::geteuid() && (info.st_mode & 0777U) != file_mode)
      static_cast<void>(::fchmod(file.get(), file_mode));
    return std::make_unique<HeldFile>(std::move(file));
  }
  [[nodiscard]] Status sync_folder_of(const std::string& name) const {
    const fs::path folder = (folder_ / name).parent_path();
    const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) return system_failure("sync", folder);
    return {};
  }

  fs::path folder_;
};

}  // namespace

Result<std::unique_ptr<StoreFiles>> open_store_files(const fs::path& folder) {
  if (const Status made = make_folder(folder); !made) return fail(made.error());
  if (const Status made = make_folder(folder / history_folder); !made) return fail(made.error());
  auto files = std::make_unique<SystemFiles>(folder);
  if (const auto held = files->lock()) files->sweep();
  return std::unique_ptr<StoreFiles>(std::move(files));
}

}  // namespace wayside
