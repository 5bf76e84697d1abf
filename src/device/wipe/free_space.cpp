#include "src/device/wipe/free_space.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/descriptor.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/remove_any.hpp"

namespace wayside::wipe_parts {

namespace {

namespace fs = std::filesystem;

bool is_file_system(const fs::path& root) {
  struct stat here {
  }, above{};
  return ::stat(root.c_str(), &here) == 0 && ::stat((root / "..").c_str(), &above) == 0 &&
         here.st_dev != above.st_dev;
}

tl::unexpected<Error> failed(std::string_view what, const fs::path& root) {
  return fail(ErrorCode::io,
              fmt::format("cannot {} of {}: {}", what, json_escape(root.string()), std::strerror(errno)));
}

// What ext4 keeps to itself of what is free, so that it can always end what it began: 2 %, 4,096 blocks at
// most (Linux, Documentation/ABI/testing/sysfs-fs-ext4, reserved_clusters). No file gets it, root's neither:
// it is given free while this lives.
class Ext4Reserve {
 public:
  explicit Ext4Reserve(const fs::path& root) {
    struct stat here {};
    if (::stat(root.c_str(), &here) != 0) return;
    std::error_code none;
    const fs::path device =
        fs::canonical(fmt::format("/sys/dev/block/{}:{}", major(here.st_dev), minor(here.st_dev)), none);
    file_ = "/sys/fs/ext4" / device.filename() / "reserved_clusters";
    if (none || !fs::exists(file_, none)) return;  // another kind of file system
    const auto kept = read_text_file(file_);
    if (kept && set("0")) {
      before_ = *kept;
    } else {
      given_ = failed("use what ext4 keeps to itself", root);
    }
  }
  Ext4Reserve(const Ext4Reserve&) = delete;
  Ext4Reserve& operator=(const Ext4Reserve&) = delete;
  ~Ext4Reserve() {
    if (!before_.empty()) (void)set(before_);
  }
  [[nodiscard]] const Status& given() const { return given_; }

 private:
  [[nodiscard]] bool set(const std::string& number) const {
    const Descriptor file(::open(file_.c_str(), O_WRONLY | O_CLOEXEC));
    return file && ::write(file.get(), number.data(), number.size()) == static_cast<ssize_t>(number.size());
  }

  fs::path file_;
  std::string before_;
  Status given_;
};

// All of what is free, in files without a name: a power cut leaves no full disk. While this lives nobody else
// has any of it.
class Filling {
 public:
  Status fill_all(const fs::path& root) {
    constexpr std::size_t chunk_bytes = std::size_t{256} << 10U, most_files = 256;
    const Bytes zeros(chunk_bytes, 0);
    struct statvfs size {};
    if (::statvfs(root.c_str(), &size) != 0) return failed("look at the free space", root);
    // A block each, to be given back.
    const Bytes block(std::min<std::size_t>(size.f_bsize, chunk_bytes), 0);
    Filled filled = Filled::some;
    while (filled == Filled::some && room_.size() < room_blocks)
      filled = fill(room_.emplace_back(open_in(root)), block, Limit::once);
    // One after the other, until there is nothing left for another: a new one has room for the list of its
    // first pieces.
    while (filled == Filled::some && files_.size() < most_files)
      filled = fill(files_.emplace_back(open_in(root)), zeros, Limit::none);
    if (filled == Filled::some) errno = EFBIG;
    return filled == Filled::nothing ? Status() : failed("overwrite all the free space", root);
  }
  // So many blocks, or fewer.
  static constexpr unsigned room_blocks = 64;
  void give_room() { room_.clear(); }

 private:
  enum class Filled { some, nothing, failed };
  enum class Limit { once, none };

  static Descriptor open_in(const fs::path& root) {
    return Descriptor(::open(root.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  }
  static Filled fill(const Descriptor& file, const Bytes& zeros, Limit limit) {
    if (!file) return Filled::failed;
    Filled filled = Filled::nothing;
    for (std::size_t part = zeros.size(); part > 0 && (limit == Limit::none || filled == Filled::nothing);) {
      const ssize_t put = ::write(file.get(), zeros.data(), part);
      if (put > 0) {
        filled = Filled::some;
      } else if (put < 0 && errno != EINTR) {
        if (errno != ENOSPC) return Filled::failed;
        part /= 2;
      }
    }
    // A file in many pieces may find no room for the list of them, and then gives some of it back.
    return ::fsync(file.get()) == 0 || errno == ENOSPC ? filled : Filled::failed;
  }

  std::vector<Descriptor> room_, files_;
};

// A folder has a block of its own, which the journal takes when it is made, and no second time before it was
// removed for good.
Status turn_journal_over(const fs::path& root) {
  // mke2fs gives a journal an eighth of the blocks at most, from 1,024 to 262,144 (e2fsprogs,
  // ext2fs_default_journal_size); f_blocks are those that files can have.
  struct statvfs size {};
  const Descriptor top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top || ::fstatvfs(top.get(), &size) != 0) return failed("turn the journal", root);
  const auto blocks = std::clamp<std::uint64_t>(size.f_blocks / 4, 1024, 262'144);
  const std::string name = name_of_nobody();
  const auto folder = [&](unsigned number) { return fmt::format("{}-{}", name, number); };
  bool good = true;
  for (std::uint64_t logged = 0; good && logged < blocks;) {
    unsigned count = 0;
    while (count < Filling::room_blocks && ::mkdirat(top.get(), folder(count).c_str(), 0700) == 0)
      ++count;
    logged += count;
    good = (count == Filling::room_blocks || (count > 0 && errno == ENOSPC)) && ::fsync(top.get()) == 0;
    for (; count > 0; --count)
      good = ::unlinkat(top.get(), folder(count - 1).c_str(), AT_REMOVEDIR) == 0 && good;
    good = good && ::fsync(top.get()) == 0;
  }
  return good ? Status() : failed("turn the journal", root);
}

// The journal while all is filled: what lies in it alone, such as the list of a file's pieces, is put in its
// place as it comes round, and never where its block is given free before. What was there before would stay.
Status overwrite(const fs::path& root) {
  const Ext4Reserve reserve(root);
  Filling filling;
  const Status filled = filling.fill_all(root);
  filling.give_room();
  const Status turned = turn_journal_over(root);
  return !filled ? filled : !turned ? turned : reserve.given();
}

}  // namespace

Outcome destroy_free_space(const fs::path& root) {
  Outcome outcome{"free space", "removed", ""};
  if (!is_file_system(root)) {
    outcome.problem = "it is part of a larger file system, where earlier versions of files may lie on";
    return outcome;
  }
  if (const Status done = overwrite(root); done) {
    outcome.result = "destroyed";
  } else {
    outcome.problem = done.error().message;
  }
  return outcome;
}

}  // namespace wayside::wipe_parts
