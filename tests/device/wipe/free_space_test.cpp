// A wipe where the camera's state is a file system of its own: what that has given free, by the bytes of its
// disk.
#include "src/device/wipe/free_space.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/descriptor.hpp"
#include "wayside/base/files.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Of as many blocks as the image's.
class WipeOfAFileSystem : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(own_);
    if (!run("truncate -s 64M " + image_.string() +
             " && mke2fs -q -F -t ext4 -b 1024 -i 8192 -m 0 -E lazy_itable_init=0 " + image_.string()))
      throw std::runtime_error("no file system can be made: is e2fsprogs there?");
    mark_what_is_free();
    if (!mount()) GTEST_SKIP() << "this machine lets nobody mount a file as a disk: not tested here";
  }
  void TearDown() override { unmount(); }
  static bool run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }
  bool mount() { return mounted_ = run("mount -o loop " + image_.string() + " " + own_.string()); }
  void unmount() {
    if (std::exchange(mounted_, false)) {
      EXPECT_TRUE(run("umount " + own_.string()));
    }
  }
  void put(const fs::path& name, const std::string& content) const {
    EXPECT_TRUE(replace_file(own_ / name, as_bytes(content)));
  }
  // As if all had been somebody's before.
  void mark_what_is_free() const {
    const fs::path said = folder_.path() / "said";
    EXPECT_EQ(std::system(("dumpe2fs " + image_.string() + " >" + said.string() + " 2>&1").c_str()), 0);
    std::fstream disk(image_, std::ios::binary | std::ios::in | std::ios::out);
    std::ifstream lines(said);
    const std::string begin = "  Free blocks: ";
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(begin)) continue;
      std::istringstream ranges(line.substr(begin.size()));
      for (std::string range; std::getline(ranges, range, ',');) {
        const std::size_t dash = range.find('-');
        const std::size_t first = std::stoul(range);
        const std::size_t last = dash == std::string::npos ? first : std::stoul(range.substr(dash + 1));
        disk.seekp(static_cast<std::streamoff>(first * block_bytes));
        for (std::size_t block = first; block <= last; ++block)
          disk << marked_;
      }
    }
  }
  // Blocks of the disk, as whoever takes it out finds them.
  std::size_t blocks_with(const std::string& text) {
    unmount();
    std::ifstream disk(image_, std::ios::binary);
    std::size_t found = 0;
    for (std::string block(block_bytes, 0); disk.read(block.data(), block_bytes);)
      found += block.find(text) != std::string::npos ? 1 : 0;
    EXPECT_TRUE(mount());
    return found;
  }
  std::string reserve() const {
    struct stat info {};
    EXPECT_EQ(::stat(own_.c_str(), &info), 0);
    const fs::path device =
        fs::canonical(fmt::format("/sys/dev/block/{}:{}", major(info.st_dev), minor(info.st_dev)));
    return read_text_file("/sys/fs/ext4" / device.filename() / "reserved_clusters").value_or("none");
  }
  std::string wipe_own() {
    const auto result =
        wipe_camera({wipe_folder(own_), own_ / "identity", {}}, {}, things_to_wipe(own_), clock_);
    EXPECT_TRUE(result && result->complete);
    return result ? result->receipt_text : std::string();
  }

  static constexpr std::size_t block_bytes = 1024, blocks = 65536;
  const doubles::TemporaryFolder folder_{doubles::in_memory()};
  const std::string marked_ = "what was here before" + std::string(block_bytes - 20, '.');
  const fs::path image_ = folder_.path() / "image", own_ = folder_.path() / "own";
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  bool mounted_ = false;
};

TEST_F(WipeOfAFileSystem, WritesOverAllThatItHasGivenFree) {
  fs::create_directory(own_ / "config");
  put("config/candidate.toml", "name = \"A14 J31 eastbound\"");
  put("config/candidate.toml", "name = \"another\"");
  EXPECT_GT(blocks_with("A14 J31 eastbound"), 0U);
  EXPECT_GT(blocks_with("what was here before"), blocks * 8 / 10);
  const std::string kept_back = reserve();
  EXPECT_GT(std::stoul(kept_back), 1000U) << "ext4 gives no file all that is free";
  EXPECT_THAT(wipe_own(), HasSubstr(R"({"name":"free space","problem":"","result":"destroyed"})"));
  EXPECT_EQ(reserve(), kept_back);
  EXPECT_EQ(blocks_with("A14 J31 eastbound"), 0U);
  EXPECT_EQ(blocks_with("what was here before"), 0U);
}

// More free pieces than a file has room to list in itself, and none free for a list once all are taken.
TEST_F(WipeOfAFileSystem, WritesOverWhatIsFreeInManyPieces) {
  fs::create_directory(own_ / "config");
  // Every second block is free in between, but for what the first files leave.
  constexpr int files = 5000;
  for (int i = 0; i < files; ++i)
    std::ofstream(own_ / "config" / std::to_string(i)) << "stays";
  std::ofstream filler(own_ / "filler", std::ios::binary);
  while (filler << marked_ << std::flush)
    ;
  filler.close();
  ASSERT_TRUE(run("sync -f " + own_.string()));
  for (int i = 0; i < files; i += 2)
    fs::remove(own_ / "config" / std::to_string(i));
  ASSERT_TRUE(run("sync -f " + own_.string()));
  const auto outcome = wipe_parts::destroy_free_space(own_);
  EXPECT_EQ(outcome.result, "destroyed") << outcome.problem;
  fs::remove(own_ / "filler");
  EXPECT_EQ(blocks_with("stays"), files / 2U);
}

TEST_F(WipeOfAFileSystem, LeavesNoNameInItsJournal) {
  for (int i = 0; i < 1500; ++i) {
    const fs::path folder = own_ / "accounts" / std::to_string(i % 20);
    fs::create_directories(folder);
    const Descriptor file(::open((folder / fmt::format("anna-the-installer-{}", i)).c_str(),
                                 O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ASSERT_TRUE(file && ::fsync(file.get()) == 0);
  }
  fs::remove_all(own_ / "accounts");
  EXPECT_GT(blocks_with("anna-the-installer"), 200U);
  wipe_own();
  EXPECT_EQ(blocks_with("anna-the-installer"), 0U);
}

}  // namespace
}  // namespace wayside
