#include "src/device/wipe/destroy.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/remove_any.hpp"

namespace wayside::wipe_parts {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_bytes = std::size_t{256} << 10U;

class Destroyer {
 public:
  explicit Destroyer(const std::function<void(std::uint64_t)>& more) : zeros_(chunk_bytes, 0), more_(more) {}

  void file(const fs::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
      if (errno != ENOENT) left("cannot look at", path);
      return;
    }
    ++seen_;
    if (S_ISREG(info.st_mode) && info.st_size > 0 &&
        !overwrite(path, static_cast<std::uint64_t>(info.st_size)))
      not_overwritten("cannot overwrite", path);
    if (::unlink(path.c_str()) != 0) left("cannot remove", path);
  }

  // What is deep comes up first: below some depth no path leads any more.
  void below(const fs::path& top) {
    std::vector<fs::path> folders = {top};
    std::vector<fs::path> emptied;
    while (!folders.empty()) {
      const fs::path folder = std::move(folders.back());
      folders.pop_back();
      for (const fs::path& inside : files_of(folder)) {
        const fs::path up = folder == top ? inside : top / name_of_nobody();
        const bool moved = folder != top && ::rename(inside.c_str(), up.c_str()) == 0;
        folders.push_back(moved ? up : inside);
      }
      sync(folder);
      if (folder != top) emptied.push_back(folder);
    }
    // One that could not come up lies in one before it.
    for (auto folder = emptied.rbegin(); folder != emptied.rend(); ++folder) {
      if (::rmdir(folder->c_str()) != 0) left("cannot remove", *folder);
    }
    sync(top);
  }

  // Destroys the files in it; the folders in it.
  std::vector<fs::path> files_of(const fs::path& folder) {
    // Whoever may not write there may still be its owner.
    struct stat info {};
    if (::stat(folder.c_str(), &info) == 0 && (info.st_mode & S_IRWXU) != S_IRWXU)
      (void)::chmod(folder.c_str(), (info.st_mode & 07777U) | S_IRWXU);
    std::vector<fs::path> files;
    std::vector<fs::path> folders;
    std::error_code failed;
    fs::directory_iterator entry(folder, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
      std::error_code ignored;
      const fs::file_status status = entry->symlink_status(ignored);
      (fs::is_directory(status) ? folders : files).push_back(entry->path());
    }
    if (failed) {
      errno = failed.value();
      left("cannot look into", folder);
    }
    std::sort(files.begin(), files.end());
    // A folder inside one is small and older than its files' neighbours: keys lie in files.
    for (const fs::path& path : files)
      file(path);
    return folders;
  }

  void sync(const fs::path& folder) {
    const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return;
    (void)::fsync(opened);
    ::close(opened);
  }

  Outcome outcome(const std::string& name) const {
    const char* result = left_ ? "left" : unwritten_ ? "removed" : seen_ > 0 ? "destroyed" : "absent";
    return {name, result, problem_};
  }

 private:
  bool overwrite(const fs::path& path, std::uint64_t size) {
    constexpr int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int file = ::open(path.c_str(), flags);
    if (file < 0 && errno == EACCES && ::chmod(path.c_str(), 0600) == 0) file = ::open(path.c_str(), flags);
    if (file < 0) return false;
    bool good = true;
    for (std::uint64_t done = 0; good && done < size;) {
      const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, zeros_.size()));
      const ssize_t put = ::pwrite(file, zeros_.data(), part, static_cast<off_t>(done));
      if (put < 0 && errno == EINTR) continue;
      good = put > 0;
      if (!good) break;
      done += static_cast<std::uint64_t>(put);
      if (more_) more_(static_cast<std::uint64_t>(put));
    }
    if (good) good = ::fsync(file) == 0;
    const int code = errno;
    ::close(file);
    errno = code;
    return good;
  }

  // The first of each tells enough.
  void say(std::string_view what, const fs::path& path) {
    if (problem_.empty())
      problem_ = fmt::format("{} {}: {}", what, json_escape(path.string()), std::strerror(errno));
  }
  void left(std::string_view what, const fs::path& path) {
    say(what, path);
    left_ = true;
  }
  void not_overwritten(std::string_view what, const fs::path& path) {
    say(what, path);
    unwritten_ = true;
  }

  const std::vector<char> zeros_;
  const std::function<void(std::uint64_t)>& more_;
  std::uint64_t seen_ = 0;
  bool left_ = false;
  bool unwritten_ = false;
  std::string problem_;
};

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(fs::symlink_status(path, ignored));
}

void count_into(Found& found, const fs::path& path) {
  std::error_code failed;
  if (is_folder(path)) {
    for (fs::directory_iterator entry(path, failed); !failed && entry != fs::directory_iterator();
         entry.increment(failed))
      count_into(found, entry->path());
    return;
  }
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;
  ++found.files;
  if (S_ISREG(info.st_mode)) found.bytes += static_cast<std::uint64_t>(info.st_size);
}

}  // namespace

Found count(const fs::path& path) {
  Found found;
  count_into(found, path);
  return found;
}

Outcome destroy(const WipeThing& thing, const std::function<void(std::uint64_t)>& more) {
  Destroyer destroyer(more);
  std::error_code ignored;
  // What a caller names may be a link to the place; what lies in it may not.
  const fs::path path =
      fs::is_directory(thing.path, ignored) ? fs::canonical(thing.path, ignored) : thing.path;
  if (!path.empty() && is_folder(path)) {
    destroyer.below(path);
  } else {
    destroyer.file(thing.path);
    destroyer.sync(thing.path.parent_path());
  }
  return destroyer.outcome(thing.name);
}

namespace {

bool is_file_system(const fs::path& root) {
  struct stat here {
  }, above{};
  return ::stat(root.c_str(), &here) == 0 && ::stat((root / "..").c_str(), &above) == 0 &&
         here.st_dev != above.st_dev;
}

}  // namespace

Status turn_journal_over(const fs::path& root) {
  if (!is_file_system(root)) return {};
  constexpr int steps = 512;
  const int folder = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::string name = name_of_nobody();
  bool good = folder >= 0;
  for (int step = 0; good && step < steps; ++step) {
    good = (step % 2 == 0 ? ::mkdirat(folder, name.c_str(), 0700)
                          : ::unlinkat(folder, name.c_str(), AT_REMOVEDIR)) == 0 &&
           ::fsync(folder) == 0;
  }
  const int code = errno;
  if (folder >= 0) ::close(folder);
  if (good) return {};
  return fail(ErrorCode::io, fmt::format("cannot turn the journal of {} over: {}", json_escape(root.string()),
                                         std::strerror(code)));
}

Status overwrite_free_space(const fs::path& root) {
  if (!is_file_system(root)) return {};
  // Without a name: a power cut leaves no full disk.
  const int file = ::open(root.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  bool good = file >= 0;
  const std::vector<char> zeros(chunk_bytes, 0);
  for (std::size_t part = zeros.size(); good && part > 0;) {
    if (::write(file, zeros.data(), part) >= 0 || errno == EINTR) continue;
    good = errno == ENOSPC;
    part /= 2;
  }
  if (good) good = ::fsync(file) == 0;
  const int code = errno;
  if (file >= 0) ::close(file);
  if (good) return {};
  return fail(ErrorCode::io, fmt::format("cannot overwrite what {} has given free: {}",
                                         json_escape(root.string()), std::strerror(code)));
}

}  // namespace wayside::wipe_parts
