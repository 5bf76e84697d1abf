// A wipe where the camera's state is a file system of its own: what that has free, by the bytes of its disk
// while it is mounted, as whoever pulls the card out finds them.
#include "src/device/wipe/free_space.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/descriptor.hpp"
#include "wayside/base/files.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "src/device/wipe/destroy.hpp"
#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using wipe_parts::destroy_free_space;

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

class FreeSpace : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 || !fs::exists("/dev/loop-control"))
      GTEST_SKIP() << "this machine lets nobody mount a file as a disk: not tested here";
    fs::create_directories(own_);
  }
  void TearDown() override { unmount(); }

  // Of as many blocks as the image's, all of which were somebody's before.
  void make_ext4(const std::string& options = "") {
    if (!run("truncate -s 64M " + image_.string() +
             " && mke2fs -q -F -t ext4 -b 1024 -i 8192 -m 0 -E lazy_itable_init=0 " + options + " " +
             image_.string()))
      throw std::runtime_error("no file system can be made: is e2fsprogs there?");
    mark_what_is_free();
    mount("-o loop " + image_.string());
  }
  void mount(const std::string& what) {
    if (!run("mount " + what + " " + own_.string())) throw std::runtime_error("cannot mount " + what);
    mounted_ = true;
  }
  void unmount() {
    if (std::exchange(mounted_, false)) {
      EXPECT_TRUE(run("umount " + own_.string()));
    }
  }
  void put(const fs::path& name, const std::string& content) const {
    EXPECT_TRUE(replace_file(own_ / name, as_bytes(content)));
  }
  void leave_names() const {
    for (int i = 0; i < 1500; ++i) {
      const fs::path folder = own_ / "accounts" / std::to_string(i % 20);
      fs::create_directories(folder);
      const Descriptor file(::open((folder / fmt::format("anna-the-installer-{}", i)).c_str(),
                                   O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      ASSERT_TRUE(file && ::fsync(file.get()) == 0);
    }
    fs::remove_all(own_ / "accounts");
  }
  std::size_t blocks_with(const std::string& text) const {
    std::ifstream disk(image_, std::ios::binary);
    std::size_t found = 0;
    for (std::string block(block_bytes, 0); disk.read(block.data(), block_bytes);)
      found += block.find(text) != std::string::npos ? 1 : 0;
    return found;
  }
  std::size_t marked_blocks() const { return blocks_with("here before"); }
  std::string reserve() const {
    struct stat info {};
    EXPECT_EQ(::stat(own_.c_str(), &info), 0);
    const fs::path device =
        fs::canonical(fmt::format("/sys/dev/block/{}:{}", major(info.st_dev), minor(info.st_dev)));
    return read_text_file("/sys/fs/ext4" / device.filename() / "reserved_clusters").value_or("none");
  }

  static constexpr std::size_t block_bytes = 1024, blocks = 65536;
  const doubles::TemporaryFolder folder_{doubles::in_memory()};
  const fs::path image_ = folder_.path() / "image", own_ = folder_.path() / "own";

 private:
  void mark_what_is_free() const {
    std::string marked;
    while (marked.size() < block_bytes)
      marked += "here before, ";
    marked.resize(block_bytes);
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
          disk << marked;
      }
    }
  }
  bool mounted_ = false;
};

class WipeOfAFileSystem : public FreeSpace {
 protected:
  std::string wipe() {
    doubles::HandClock clock{*utc_from_iso8601("2026-11-28T10:00:00Z")};
    const auto result =
        wipe_camera({wipe_folder(own_), own_ / "identity", {}}, {}, things_to_wipe(own_), clock);
    EXPECT_TRUE(result && result->complete && result->overwritten);
    return result ? result->receipt_text : std::string();
  }
};

TEST_F(WipeOfAFileSystem, WritesOverAllThatItHasFree) {
  make_ext4();
  fs::create_directory(own_ / "config");
  put("config/candidate.toml", "name = \"A14 J31 eastbound\"");
  put("config/candidate.toml", "name = \"another\"");
  EXPECT_GT(blocks_with("A14 J31 eastbound"), 0U);
  EXPECT_GT(marked_blocks(), blocks * 8 / 10);
  const std::string kept_back = reserve();
  EXPECT_GT(std::strtoul(kept_back.c_str(), nullptr, 10), 1000U) << "ext4 gives no file all that is free";
  EXPECT_THAT(wipe(), HasSubstr(R"({"name":"free space","problem":"","result":"destroyed"})"));
  EXPECT_EQ(reserve(), kept_back);
  EXPECT_EQ(blocks_with("A14 J31 eastbound"), 0U);
  EXPECT_EQ(marked_blocks(), 0U);
}

// More free pieces than a file has room to list in itself, and none free for a list once all are taken.
TEST_F(WipeOfAFileSystem, WritesOverWhatIsFreeInManyPieces) {
  make_ext4();
  constexpr int files = 5000;
  fs::create_directory(own_ / "config");
  const auto file = [&](int number) { return own_ / "config" / std::to_string(number); };
  for (int i = 0; i < files; ++i)
    std::ofstream(file(i)) << "stays";
  std::ofstream filler(own_ / "filler", std::ios::binary);
  while (filler << std::string(block_bytes, '.') << std::flush)
    ;
  filler.close();
  ASSERT_TRUE(run("sync -f " + own_.string()));
  EXPECT_EQ(blocks_with("stays"), std::size_t{files});
  for (int i = 0; i < files; i += 2)
    fs::remove(file(i));
  ASSERT_TRUE(run("sync -f " + own_.string()));
  const auto outcome = destroy_free_space(own_);
  EXPECT_EQ(outcome.result, "destroyed") << outcome.problem;
  EXPECT_EQ(blocks_with("stays"), files / 2U);
}

TEST_F(WipeOfAFileSystem, AfterItWasKilledAtAnyMomentTheNextOneWritesOverAll) {
  for (const auto after : {1ms, 20ms, 60ms, 150ms, 300ms}) {
    make_ext4();
    const std::string kept_back = reserve();
    const auto room = fs::space(own_).available;
    const pid_t child = ::fork();
    if (child == 0) {
      (void)destroy_free_space(own_);
      ::_exit(0);
    }
    std::this_thread::sleep_for(after);
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_GE(fs::space(own_).available + (std::uintmax_t{100} << 10U), room) << "its files went with it";
    wipe();
    EXPECT_EQ(marked_blocks(), 0U);
    EXPECT_EQ(reserve(), kept_back);
    unmount();
  }
}

// By whoever was the camera's user: zeros before it fill all that there is.
TEST_F(WipeOfAFileSystem, ReachesWhatLiesBehindAHole) {
  make_ext4();
  fs::create_directory(own_ / "queue");
  {
    const Descriptor file(::open((own_ / "queue" / "hoard").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const std::string kept = "AB12 CDE";
    ASSERT_EQ(::pwrite(file.get(), kept.data(), kept.size(), off_t{1} << 33), ssize_t(kept.size()));
    ASSERT_EQ(::fsync(file.get()), 0);
  }
  EXPECT_EQ(blocks_with("AB12 CDE"), 1U);
  const auto outcome = wipe_parts::destroy({"queue", own_ / "queue"}, {});
  EXPECT_EQ(outcome.result, "destroyed") << outcome.problem;
  EXPECT_EQ(blocks_with("AB12 CDE"), 0U);
}

// By whoever was the camera's user, in the inodes of folders that stay and of files that go.
TEST_F(WipeOfAFileSystem, LeavesNothingThatWasHungOnAFile) {
  make_ext4();
  fs::create_directory(own_ / "queue");
  fs::create_directory(wipe_folder(own_));
  std::ofstream(own_ / "queue" / "empty");
  const std::string hung = "AB12 CDE";
  for (const fs::path& on : {own_, own_ / "queue", own_ / "queue" / "empty", wipe_folder(own_)})
    ASSERT_EQ(::setxattr(on.c_str(), "user.hoard", hung.data(), hung.size(), 0), 0);
  ASSERT_TRUE(run("sync -f " + own_.string()));
  EXPECT_GE(blocks_with(hung), 1U);
  wipe();
  EXPECT_EQ(blocks_with(hung), 0U);
}

// A program that runs cannot be written to, and what it is made of stays while it does.
TEST_F(WipeOfAFileSystem, DoesNotSayThatNothingIsLeftOfWhatCouldNotBeOverwritten) {
  make_ext4();
  fs::create_directory(own_ / "queue");
  fs::copy_file("/bin/sleep", own_ / "queue" / "program");
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl((own_ / "queue" / "program").c_str(), "program", "600", nullptr);
    ::_exit(1);
  }
  std::this_thread::sleep_for(300ms);
  doubles::HandClock clock{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  const auto result =
      wipe_camera({wipe_folder(own_), own_ / "identity", {}}, {}, things_to_wipe(own_), clock);
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(result && result->complete);
  EXPECT_FALSE(result->overwritten);
  EXPECT_THAT(result->problems, testing::Contains(HasSubstr("cannot overwrite")));
}

// The disk that it was at, and which nobody has mounted when it goes on.
TEST_F(WipeOfAFileSystem, DoesNotTakeForDestroyedWhatIsNotThereWhenItGoesOn) {
  make_ext4();
  const fs::path card = folder_.path() / "card";
  fs::create_directory(card);
  ASSERT_TRUE(run("mount -t tmpfs -o size=4m none " + card.string()));
  fs::create_directory(card / "queue");
  std::ofstream(card / "queue" / "segment") << "AB12 CDE";
  std::ofstream(card / "later") << "AB12 CDE";
  std::vector<WipeThing> things = things_to_wipe(own_);
  things.insert(things.begin() + 1, {WipeThing{"elsewhere", card / "queue"}, {"and later", card / "later"}});
  doubles::HandClock clock{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  const auto wipe_all = [&](const std::function<void(const WipeProgress&)>& progress = {}) {
    return wipe_camera({wipe_folder(own_), own_ / "identity", {}}, {}, things, clock, progress);
  };
  const pid_t child = ::fork();
  if (child == 0) {
    (void)wipe_all([](const WipeProgress& at) {
      if (at.thing == "elsewhere") ::_exit(0);
    });
    ::_exit(1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  // An empty place where it would be mounted.
  const std::string taken_out = (folder_.path() / "taken-out").string();
  ASSERT_TRUE(run("mkdir " + taken_out + " && mount --bind " + card.string() + " " + taken_out +
                  " && umount " + card.string()));
  things = things_to_wipe(own_);
  for (int start = 0; start < 2; ++start) {
    const auto without = wipe_all();
    EXPECT_TRUE(without && !without->complete && is_wipe_due(wipe_folder(own_)));
    for (const char* const thing : {"elsewhere", "and later"})
      EXPECT_THAT(without->problems,
                  testing::Contains(testing::AllOf(HasSubstr(thing), HasSubstr("mount it"))));
  }
  ASSERT_TRUE(run("mount --bind " + taken_out + " " + card.string() + " && umount " + taken_out));
  const auto with = wipe_all();
  EXPECT_TRUE(with && with->complete && with->overwritten);
  EXPECT_FALSE(fs::exists(card / "queue" / "segment") || fs::exists(card / "later"));
  EXPECT_TRUE(run("umount " + card.string()));
}

TEST_F(WipeOfAFileSystem, LeavesNoNameInItsJournal) {
  make_ext4();
  ASSERT_NO_FATAL_FAILURE(leave_names());
  EXPECT_GT(blocks_with("anna-the-installer"), 200U);
  wipe();
  EXPECT_EQ(blocks_with("anna-the-installer"), 0U);
}

TEST_F(FreeSpace, NoNameStaysInALargeJournal) {
  make_ext4("-J size=24");
  ASSERT_NO_FATAL_FAILURE(leave_names());
  EXPECT_GT(blocks_with("anna-the-installer"), 200U);
  EXPECT_EQ(destroy_free_space(own_).result, "destroyed");
  EXPECT_EQ(blocks_with("anna-the-installer"), 0U);
}

// Single blocks are what keeps lists of pieces out of what is given free last.
TEST_F(FreeSpace, InClustersIsNotSaidToBeOverwritten) {
  make_ext4("-O bigalloc -C 65536");
  const auto outcome = destroy_free_space(own_);
  EXPECT_EQ(outcome.result, "removed");
  EXPECT_THAT(outcome.problem, HasSubstr("bigalloc"));
}

TEST_F(FreeSpace, OfAnotherKindIsLeftAlone) {
  mount("-t tmpfs -o size=64m none");
  const auto outcome = destroy_free_space(own_);
  EXPECT_EQ(outcome.result, "removed");
  EXPECT_THAT(outcome.problem, HasSubstr("no ext4 of its own"));
  unmount();
  // Nor is a part of one that is somebody else's.
  make_ext4();
  fs::create_directories(own_ / "state");
  EXPECT_EQ(destroy_free_space(own_ / "state").result, "removed");
  EXPECT_GT(marked_blocks(), blocks * 8 / 10);
}

// Without a word of the free space: as one was signed before it told of that.
TEST(Receipt, SaysThatNothingIsLeftOnlyWhereAllWasOverwrittenTheFreeSpaceToo) {
  using namespace wipe_parts;
  const Secret device = Secret::random(), own = Secret::random();
  const std::vector<WipeThing> things = {{"queue", "queue", false}};
  const std::string begun = receipt_line("0123456789abcdef", {}, {}, things, {}, &device, own);
  std::vector<Outcome> outcomes = {{"queue", "destroyed", ""}};
  const auto said = [&] {
    return check_wipe_receipt(fmt::format("{}\n{}\n", begun, completion_line(begun, {}, outcomes, own)),
                              verifying_key(device))
        .value_or("refused");
  };
  EXPECT_THAT(said(), HasSubstr("complete: no file is left; what they held may be\n"));
  outcomes.push_back({std::string(free_space), "removed", "no room"});
  EXPECT_THAT(said(), HasSubstr("complete: no file is left; what they held may be\n"));
  outcomes.back().result = "destroyed";
  EXPECT_THAT(said(), HasSubstr("complete: nothing is left\n"));
  outcomes.front().result = "removed";
  EXPECT_THAT(said(), HasSubstr("complete: no file is left; what they held may be\n"));
  outcomes.front().result = "absent";
  EXPECT_THAT(said(), HasSubstr("complete: nothing is left\n"));
  outcomes.front().result = "left";
  EXPECT_THAT(said(), HasSubstr("NOT COMPLETE"));
  outcomes.erase(outcomes.begin());
  EXPECT_THAT(said(), HasSubstr("NOT COMPLETE"));
}

}  // namespace
}  // namespace wayside
