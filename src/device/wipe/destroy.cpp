#include "src/device/wipe/destroy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/descriptor.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/remove_any.hpp"

namespace wayside::wipe_parts {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_bytes = std::size_t{256} << 10U;

struct stat look_at(const Descriptor& file) {
  struct stat info {};
  (void)::fstat(file.get(), &info);
  return info;
}

// Whoever may not do it may still be its owner.
void permit(const Descriptor& file, mode_t mode) {
  if ((look_at(file).st_mode & mode) != mode)
    (void)::chmod(fmt::format("/proc/self/fd/{}", file.get()).c_str(),
                  (look_at(file).st_mode & 07777U) | mode);
}

// To be read, of one that was opened as a place alone.
Descriptor read_folder(const Descriptor& place) {
  permit(place, S_IRWXU);
  return Descriptor(::openat(place.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// One after the other, so that nobody puts a link into the way of a path that was looked at. None: errno says
// why, ELOOP where a link is not followed.
Descriptor open_place(const fs::path& path) {
  constexpr int most_links = 40;
  Descriptor at(::open(path.is_absolute() ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::vector<fs::path> left;
  const auto go_by = [&](const fs::path& steps) {
    const auto from = static_cast<std::ptrdiff_t>(left.size());
    left.insert(left.end(), steps.begin(), steps.end());
    std::reverse(left.begin() + from, left.end());
  };
  go_by(path);
  for (int links = 0; at && !left.empty();) {
    const std::string step = left.back().string();
    left.pop_back();
    if (step.empty()) continue;
    Descriptor next(::openat(at.get(), step.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return {};
    const struct stat info = look_at(next);
    if (!S_ISLNK(info.st_mode)) {
      at = std::move(next);
      continue;
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(next.get(), "", target.data(), target.size());
    if (size < 0 || !is_ours(info) || ++links > most_links) {
      errno = ELOOP;
      return {};
    }
    go_by(fs::path(std::string(target.data(), static_cast<std::size_t>(size))));
  }
  return at;
}

// One that cannot be looked at may be root's.
bool stays(const WipeThing& thing, const std::string& name, const struct stat* info) {
  if (std::find(thing.but_for.begin(), thing.but_for.end(), name) != thing.but_for.end()) return true;
  if (!thing.but_for_roots) return false;
  if (info == nullptr) return true;
  const bool group_writes = (info->st_mode & S_IWGRP) != 0 && info->st_gid != 0;
  return S_ISREG(info->st_mode) && is_ours(*info) && !group_writes && (info->st_mode & S_IWOTH) == 0;
}

// By descriptors: what is renamed or linked meanwhile leads it nowhere else.
class Destroyer {
 public:
  Destroyer(const std::function<void(std::uint64_t)>& more, const std::function<void()>& unwritten)
      : zeros_(chunk_bytes, 0), more_(more), tell_unwritten_(unwritten) {}

  void file(const Descriptor& folder, const std::string& name, const fs::path& path) {
    struct stat info {};
    if (::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT) left("cannot look at", path);
      return;
    }
    ++seen_;
    drop_attributes(fmt::format("/proc/self/fd/{}/{}", folder.get(), name));
    if (S_ISREG(info.st_mode) && info.st_size > 0 &&
        !overwrite(folder, name, static_cast<std::uint64_t>(info.st_size)))
      not_overwritten("cannot overwrite", path);
    if (::unlinkat(folder.get(), name.c_str(), 0) != 0) left("cannot remove", path);
  }

  // Folders in it become folders beside it first, so that neither the number of descriptors nor the length of
  // a path ends this.
  void below(const Descriptor& top, const fs::path& path, const WipeThing& but_for, unsigned level = 0) {
    std::vector<std::string> folders = files_of(top, path, but_for);
    while (!folders.empty()) {
      const std::string name = std::move(folders.back());
      folders.pop_back();
      const fs::path inside = path / name;
      const Descriptor place(
          ::openat(top.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      const Descriptor folder = place ? read_folder(place) : Descriptor();
      if (!folder) {
        left("cannot look into", inside);
        continue;
      }
      for (const std::string& deeper : files_of(folder, inside, nothing_)) {
        std::string up = name_of_nobody();
        if (::renameat(folder.get(), deeper.c_str(), top.get(), up.c_str()) == 0)
          folders.push_back(std::move(up));
        else
          stay(folder, deeper, inside / deeper, level);
      }
      sync(folder);
      remove_folder(top, name, inside);
    }
    sync(top);
  }

  static void sync(const Descriptor& folder) { (void)::fsync(folder.get()); }

  void left(std::string_view what, const fs::path& path) {
    say(what, path);
    left_ = true;
  }
  // The first tells enough.
  void say(std::string_view what, const fs::path& path) {
    if (problem_.empty())
      problem_ = fmt::format("{} {}: {}", what, json_escape(path.string()), std::strerror(errno));
  }
  Outcome outcome(const std::string& name) const {
    const char* result = left_ ? "left" : unwritten_ ? "removed" : seen_ > 0 ? "destroyed" : "absent";
    return {name, result, problem_};
  }

 private:
  // One that cannot come up: another file system, or of somebody else.
  void stay(const Descriptor& above, const std::string& name, const fs::path& path, unsigned level) {
    constexpr unsigned most_levels = 16;
    const Descriptor place(
        ::openat(above.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const Descriptor folder = place && level < most_levels ? read_folder(place) : Descriptor();
    if (!folder) return left("cannot look into", path);
    below(folder, path, nothing_, level + 1);
    remove_folder(above, name, path);
  }
  // Where a file system is mounted it stays.
  void remove_folder(const Descriptor& above, const std::string& name, const fs::path& path) {
    if (::unlinkat(above.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != EBUSY)
      left("cannot remove", path);
  }

  // Destroys the files in it; the names of the folders in it.
  std::vector<std::string> files_of(const Descriptor& folder, const fs::path& path,
                                    const WipeThing& but_for) {
    std::vector<std::string> files, folders;
    drop_attributes(fmt::format("/proc/self/fd/{}/.", folder.get()));
    const std::unique_ptr<DIR, int (*)(DIR*)> all(
        ::fdopendir(::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), ::closedir);
    if (!all) left("cannot look into", path);
    errno = 0;
    while (const dirent* const entry = all ? ::readdir(all.get()) : nullptr) {
      std::string name = entry->d_name;
      struct stat info {};
      const bool seen = ::fstatat(folder.get(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0;
      if (name != "." && name != ".." && !stays(but_for, name, seen ? &info : nullptr))
        (seen && S_ISDIR(info.st_mode) ? folders : files).push_back(std::move(name));
      errno = 0;
    }
    if (errno != 0) left("cannot look into", path);
    std::sort(files.begin(), files.end());
    // A folder inside one is small and older than its files' neighbours: keys lie in files.
    for (const std::string& name : files)
      file(folder, name, path / name);
    return folders;
  }

  bool overwrite(const Descriptor& folder, const std::string& name, std::uint64_t size) {
    const auto open_it = [&](int flags) {
      return Descriptor(::openat(folder.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
    };
    Descriptor file = open_it(O_WRONLY | O_NONBLOCK);
    if (!file && errno == EACCES) {
      permit(open_it(O_PATH), S_IRUSR | S_IWUSR);
      file = open_it(O_WRONLY | O_NONBLOCK);
    }
    if (!file) return false;
    // A file that has room for all of it can have others' bytes where nothing was written yet; in one that
    // has not, the disk's end is no end.
    const bool has_holes = static_cast<std::uint64_t>(look_at(file).st_blocks) * 512 < size;
    int failed = 0;
    constexpr std::uint64_t block = 4096;
    for (std::uint64_t done = 0, end = has_holes ? 0 : size; done < size;) {
      if (done >= end && !next_data(file, size, done, end)) break;
      const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(end - done, zeros_.size()));
      const ssize_t put = ::pwrite(file.get(), zeros_.data(), part, static_cast<off_t>(done));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) failed = put < 0 ? errno : EIO;
      done = put > 0 ? done + static_cast<std::uint64_t>(put) : (done / block + 1) * block;
      if (put > 0 && more_) more_(static_cast<std::uint64_t>(put));
    }
    if (::fsync(file.get()) != 0) failed = errno;
    errno = failed;
    return failed == 0;
  }
  // From begin on; where a file system does not tell, all is.
  static bool next_data(const Descriptor& file, std::uint64_t size, std::uint64_t& begin,
                        std::uint64_t& end) {
    const off_t data = ::lseek(file.get(), static_cast<off_t>(begin), SEEK_DATA);
    if (data < 0 && errno == ENXIO) return false;
    if (data > 0) begin = std::max(begin, static_cast<std::uint64_t>(data));
    const off_t hole = ::lseek(file.get(), static_cast<off_t>(begin), SEEK_HOLE);
    end = hole > static_cast<off_t>(begin) ? static_cast<std::uint64_t>(hole) : size;
    return begin < size;
  }
  void not_overwritten(std::string_view what, const fs::path& path) {
    say(what, path);
    if (!std::exchange(unwritten_, true) && tell_unwritten_) tell_unwritten_();
  }
  // What anybody may hang on a file of his: it can lie in the inode, which is never overwritten.
  static void drop_attributes(const std::string& path) {
    std::string names(std::size_t{64} << 10U, 0);
    const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
    names.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    for (std::size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
      const char* const name = names.c_str() + at;
      if (std::string_view(name).starts_with("user.")) (void)::lremovexattr(path.c_str(), name);
    }
  }

  const std::vector<char> zeros_;
  const std::function<void(std::uint64_t)>& more_;
  const std::function<void()>& tell_unwritten_;
  const WipeThing nothing_;
  std::uint64_t seen_ = 0;
  bool left_ = false;
  bool unwritten_ = false;
  std::string problem_;
};

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(fs::symlink_status(path, ignored));
}

void count_into(Found& found, const fs::path& path, const WipeThing& but_for) {
  std::error_code failed;
  if (is_folder(path)) {
    for (fs::directory_iterator entry(path, failed); !failed && entry != fs::directory_iterator();
         entry.increment(failed)) {
      struct stat info {};
      const bool seen = ::lstat(entry->path().c_str(), &info) == 0;
      if (!stays(but_for, entry->path().filename().string(), seen ? &info : nullptr))
        count_into(found, entry->path(), {});
    }
    return;
  }
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;
  ++found.files;
  if (S_ISREG(info.st_mode)) found.bytes += static_cast<std::uint64_t>(info.st_size);
}

}  // namespace

bool is_ours(const struct stat& info) {
  return info.st_uid == 0 || info.st_uid == ::geteuid();
}

Found count(const WipeThing& thing) {
  Found found;
  count_into(found, thing.path, thing);
  return found;
}

Outcome destroy(const WipeThing& thing, const std::function<void(std::uint64_t)>& more,
                const std::function<void()>& unwritten) {
  Destroyer destroyer(more, unwritten);
  if (const Descriptor place = open_place(thing.path); place && S_ISDIR(look_at(place).st_mode)) {
    if (const Descriptor folder = read_folder(place))
      destroyer.below(folder, thing.path, thing);
    else
      destroyer.left("cannot look into", thing.path);
    return destroyer.outcome(thing.name);
  }
  const fs::path above = thing.path.has_parent_path() ? thing.path.parent_path() : ".";
  const Descriptor place = open_place(above);
  if (const Descriptor folder = place ? read_folder(place) : Descriptor()) {
    destroyer.file(folder, thing.path.filename().string(), thing.path);
    Destroyer::sync(folder);
  } else if (errno != ENOENT) {
    // A link of a stranger's goes with what it lies in, and what it leads to is not the camera's.
    destroyer.say("cannot get to", thing.path);
  }
  return destroyer.outcome(thing.name);
}

std::string what_it_lies_on(const fs::path& path) {
  constexpr decltype(statfs::f_type) ext4 = 0xEF53, btrfs = 0x9123683E;
  fs::path at = path;
  Descriptor place = open_place(at);
  while (!place && at.has_relative_path()) {
    at = at.parent_path();
    place = open_place(at);
  }
  struct statfs found {};
  if (!place || ::fstatfs(place.get(), &found) != 0) return {};
  if (found.f_type == ext4 || found.f_type == btrfs)
    return fmt::format("uuid:{:x}:{:x}", found.f_fsid.__val[0], found.f_fsid.__val[1]);
  // Others give a number that changes: where it is mounted, then.
  while (at.has_relative_path()) {
    const Descriptor above = open_place(at.parent_path());
    if (!above || look_at(above).st_dev != look_at(place).st_dev) break;
    at = at.parent_path();
  }
  return "at:" + to_hex(as_bytes(at.string()));
}

}  // namespace wayside::wipe_parts
