#include "src/device/wipe/free_space.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
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

tl::unexpected<Error> failed(std::string_view what, const fs::path& root) {
  return fail(ErrorCode::io,
              fmt::format("cannot {} of {}: {}", what, json_escape(root.string()), std::strerror(errno)));
}

struct Ext4 {
  fs::path root;
  std::uint64_t block_bytes = 0;
  std::uint64_t other_blocks = 0;  // its journal's and whatever else no file can have, or more
  std::uint64_t usual_reserve = 0;
  fs::path reserve;  // Ext4Reserve
};

// None: the folder is not all of an ext4.
Result<std::optional<Ext4>> ext4_at(const fs::path& root) {
  constexpr ino_t root_inode = 2;
  struct stat here {};
  struct statfs size {};
  if (::stat(root.c_str(), &here) != 0 || ::statfs(root.c_str(), &size) != 0)
    return failed("see the file system", root);
  if (size.f_type != EXT4_SUPER_MAGIC || here.st_ino != root_inode) return std::optional<Ext4>();
  std::error_code none;
  const fs::path device =
      fs::canonical(fmt::format("/sys/dev/block/{}:{}", major(here.st_dev), minor(here.st_dev)), none);
  const auto sectors = read_text_file(device / "size");
  if (none || !sectors) return failed("find the disk", root);
  constexpr std::uint64_t sector_bytes = 512;
  const auto block_bytes = static_cast<std::uint64_t>(size.f_bsize);
  const std::uint64_t blocks = std::strtoull(sectors->c_str(), nullptr, 10) * sector_bytes / block_bytes;
  return Ext4{root, block_bytes, blocks - std::min<std::uint64_t>(blocks, size.f_blocks),
              std::min<std::uint64_t>(blocks / 50, 4096),
              "/sys/fs/ext4" / device.filename() / "reserved_clusters"};
}

// What ext4 keeps to itself of what is free, so that it can always end what it began: 2 %, 4,096 blocks at
// most (Linux, Documentation/ABI/testing/sysfs-fs-ext4, reserved_clusters). No file gets it, root's neither:
// it is given free while this lives.
class Ext4Reserve {
 public:
  explicit Ext4Reserve(const Ext4& ext4) : file_(ext4.reserve) {
    const auto kept = read_text_file(file_);
    if (kept && set("0")) {
      // What a wipe that was killed has left.
      before_ = *kept == "0\n" ? std::to_string(ext4.usual_reserve) : *kept;
    } else {
      given_ = failed("use what ext4 keeps to itself", ext4.root);
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

  const fs::path& file_;
  std::string before_;
  Status given_;
};

// All of what is free, in files without a name: a power cut leaves no full disk. While this lives nobody else
// has any of it.
class Filling {
 public:
  explicit Filling(const Ext4& ext4) : ext4_(ext4) {}

  // Blocks, each with a file to itself, that can be given back.
  static constexpr unsigned room_blocks = 64;
  Status make_room() {
    const Bytes block(ext4_.block_bytes, 0);
    Filled filled = Filled::some;
    while (filled == Filled::some && room_.size() < room_blocks)
      filled = fill(room_.emplace_back(open_one()), block, Limit::once);
    if (filled == Filled::failed) return failed("overwrite the free space", ext4_.root);
    struct stat info {};
    constexpr std::uint64_t unit = 512;
    if (::fstat(room_.front().get(), &info) == 0 &&
        static_cast<std::uint64_t>(info.st_blocks) * unit <= ext4_.block_bytes)
      return {};
    errno = EOPNOTSUPP;
    return failed("overwrite the free space in single blocks (bigalloc?)", ext4_.root);
  }
  void give_room() { room_.clear(); }
  // One after the other, until there is nothing left for another: a new one has room for the list of its
  // first pieces.
  Status fill_the_rest() {
    constexpr std::size_t chunk_bytes = std::size_t{256} << 10U, most_files = 256;
    const Bytes zeros(chunk_bytes, 0);
    Filled filled = Filled::some;
    for (std::size_t files = 0; filled == Filled::some && files < most_files; ++files)
      filled = fill(files_.emplace_back(open_one()), zeros, Limit::none);
    if (filled == Filled::some) errno = EFBIG;
    return filled == Filled::nothing ? Status() : failed("overwrite all the free space", ext4_.root);
  }

 private:
  enum class Filled { some, nothing, failed };
  enum class Limit { once, none };

  [[nodiscard]] Descriptor open_one() const {
    return Descriptor(::open(ext4_.root.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
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

  const Ext4& ext4_;
  std::vector<Descriptor> room_, files_;
};

// A folder has a block of its own, which the journal takes when it is made, and no second time before it was
// removed for good.
Status turn_journal_over(const Ext4& ext4) {
  const Descriptor top(::open(ext4.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name = name_of_nobody();
  const auto folder = [&](unsigned number) { return fmt::format("{}-{}", name, number); };
  bool good = static_cast<bool>(top);
  for (std::uint64_t logged = 0; good && logged < ext4.other_blocks;) {
    unsigned count = 0;
    while (count < Filling::room_blocks && ::mkdirat(top.get(), folder(count).c_str(), 0700) == 0)
      ++count;
    logged += count;
    good = (count == Filling::room_blocks || (count > 0 && errno == ENOSPC)) && ::fsync(top.get()) == 0;
    for (; count > 0; --count)
      good = ::unlinkat(top.get(), folder(count - 1).c_str(), AT_REMOVEDIR) == 0 && good;
    good = good && ::fsync(top.get()) == 0;
  }
  return good ? Status() : failed("turn the journal", ext4.root);
}

// The journal while all is filled: what lies in it alone, such as the list of a file's pieces, is put in its
// place as it comes round, and never where its block is given free before. What was there before would stay.
Status overwrite(const Ext4& ext4) {
  const Ext4Reserve reserve(ext4);
  Filling filling(ext4);
  Status done = filling.make_room();
  if (done) done = filling.fill_the_rest();
  filling.give_room();
  const Status turned = turn_journal_over(ext4);
  // What somebody else has given free meanwhile.
  if (done) done = filling.fill_the_rest();
  return !done ? done : !turned ? turned : reserve.given();
}

}  // namespace

Outcome destroy_free_space(const fs::path& root) {
  const auto ext4 = ext4_at(root);
  if (ext4 && !*ext4)
    return {std::string(free_space), "removed",
            "the camera's folder is no ext4 of its own: earlier versions of its files may lie on where they "
            "were"};
  const Status done = ext4 ? overwrite(**ext4) : fail(ext4.error());
  return {std::string(free_space), done ? "destroyed" : "removed", done ? "" : done.error().message};
}

}  // namespace wayside::wipe_parts
