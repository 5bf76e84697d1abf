// The image itself, as a camera starts it: loader, slot, root, console.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wayside/base/little_endian.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/image/camera_disk.hpp"
#include "tests/image/camera_machine.hpp"

namespace wayside::image {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Half a minute on a host that does nothing else.
constexpr std::chrono::minutes boot_limit(5);
constexpr std::chrono::minutes loader_limit(2);
constexpr std::size_t copy_bytes = 4096;
constexpr std::size_t second_at = std::size_t{8} << 20U;

class ImageBoot : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string lacking = missing(); !lacking.empty()) GTEST_SKIP() << lacking;
    disk_ = std::make_unique<CameraDisk>(folder_.path() / "disk");
  }
  // One copy of a boot state, as the loader wants it: "slot=a trial=b left=2".
  [[nodiscard]] Bytes state(const std::string& words) const {
    const std::string file = (folder_.path() / "state").string();
    const std::string command = "printf '%s\\n' " + words + " | mkenvimage -p 0 -s 4096 -o " + file + " -";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream in(file, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    return {all.begin(), all.end()};
  }
  void put_states(const std::string& words) const { put_both(state(words)); }
  void put_both(const Bytes& copy) const {
    for (const std::size_t at : {std::size_t{0}, second_at})
      disk_->write("bootstate", copy, at);
  }
  // Both copies of the disk's, when they are these words (U-Boot sorts them).
  void expect_on_disk(const std::string& words) const {
    for (const std::size_t at : {std::size_t{0}, second_at}) {
      const Bytes found = disk_->read("bootstate", at, copy_bytes);
      EXPECT_TRUE(found == state(words)) << std::string(found.begin() + 4, found.begin() + 60);
    }
  }
  // Which slot the loader starts, with what it says of a trial.
  std::string started() const {
    CameraMachine camera(disk_->path());
    const bool said = camera.says("starting slot ", loader_limit) && camera.says("\r\n", loader_limit);
    EXPECT_TRUE(said) << camera.said();
    std::string slot = camera.said();
    EXPECT_TRUE(camera.says("Starting kernel", loader_limit)) << camera.said();
    return slot.substr(0, slot.find_last_not_of(' ') + 1);
  }
  // In the root's first block, behind what a mount without dm-verity looks at.
  void flip_a_bit(const std::string& partition) const {
    constexpr std::uint64_t at = 4000;
    disk_->write(partition, Bytes{static_cast<std::uint8_t>(disk_->read(partition)[at] ^ 1U)}, at);
  }
  doubles::TemporaryFolder folder_;
  std::unique_ptr<CameraDisk> disk_;
};

TEST_F(ImageBoot, EndsAtTheConsolesLoginAgainAfterAPowerCut) {
  CameraMachineOptions as_boards_are;
  as_boards_are.processors = 2;
  as_boards_are.random_addresses = true;
  {
    CameraMachine camera(disk_->path(), as_boards_are);
    ASSERT_TRUE(camera.says("login: ", boot_limit)) << camera.said();
    EXPECT_THAT(camera.said(),
                AllOf(HasSubstr("starting slot a"), Not(HasSubstr("FAILED")), Not(HasSubstr("DEPEND"))));
    camera.type("\r");
    EXPECT_TRUE(camera.says("login: ", std::chrono::minutes(1))) << camera.said();
    camera.cut_power();
  }
  CameraMachine again(disk_->path());
  EXPECT_TRUE(again.says("login: ", boot_limit)) << again.said();
}

TEST_F(ImageBoot, TheQueueGetsAllThatTheDiskHas) {
  constexpr std::uint64_t more = std::uint64_t{300} << 20U;
  const std::uint64_t as_built = disk_->bytes_of("queue");
  disk_->enlarge(more);
  CameraMachine camera(disk_->path());
  ASSERT_TRUE(camera.says("login: ", boot_limit)) << camera.said();
  camera.cut_power();
  EXPECT_GE(disk_->bytes_of("queue"), as_built + more - (std::uint64_t{1} << 20U));
  // And the file system in it (ext4's superblock: blocks, and their size).
  const Bytes queue = disk_->read("queue");
  const std::uint64_t blocks = little_endian::get<std::uint32_t>(queue, 1024 + 4);
  const std::uint64_t block_bytes = std::uint64_t{1024}
                                    << little_endian::get<std::uint32_t>(queue, 1024 + 24);
  EXPECT_GE(blocks * block_bytes, as_built + more - (std::uint64_t{1} << 20U));
}

// Growing is the one time that a camera writes to it.
TEST_F(ImageBoot, APartitionTableThatIsTornIsReadFromItsOtherCopy) {
  disk_->tear_table();
  CameraMachine camera(disk_->path());
  EXPECT_TRUE(camera.says("login: ", boot_limit)) << camera.said();
}

TEST_F(ImageBoot, StartsTheSlotThatTheStateNamesWhicheverCopyIsWhole) {
  disk_->write("boot_b", disk_->read("boot_a"));
  EXPECT_EQ(started(), "a");
  disk_->write("bootstate", state("slot=b"));
  EXPECT_EQ(started(), "b");
  // A power cut while the first copy was written: the second, which is older, counts.
  disk_->write("bootstate", state("slot=a"), second_at);
  disk_->write("bootstate", Bytes(copy_bytes / 2, 0x55), copy_bytes / 4);
  EXPECT_EQ(started(), "a");
  put_both(Bytes(copy_bytes, 0x55));
  EXPECT_EQ(started(), "a");
}

TEST_F(ImageBoot, ATrialIsStartedAsOftenAsItsStateSaysThenTheConfirmedSlot) {
  disk_->write("boot_b", disk_->read("boot_a"));
  put_states("slot=a trial=b left=2 starts=17");
  EXPECT_EQ(started(), "b wayside.trial=1");
  expect_on_disk("left=1 slot=a starts=17 trial=b");
  // A power cut while the loader wrote its first copy: the one before counts, and both are whole again.
  disk_->write("bootstate", Bytes(copy_bytes / 2, 0x55), copy_bytes / 4);
  EXPECT_EQ(started(), "b wayside.trial=1");
  expect_on_disk("left=0 slot=a starts=17 trial=b");
  EXPECT_EQ(started(), "a");
  expect_on_disk("left=0 slot=a starts=17 trial=b");
}

TEST_F(ImageBoot, TheConfirmedSlotIsNeverCounted) {
  put_states("slot=a left=3 starts=0");
  EXPECT_EQ(started(), "a");
  expect_on_disk("slot=a left=3 starts=0");
}

TEST_F(ImageBoot, ATrialThatCannotBeLoadedIsCountedAndGivesWay) {
  put_states("slot=a trial=b left=6 starts=0");
  CameraMachine camera(disk_->path());
  EXPECT_TRUE(camera.says("slot b does not start", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("starting slot a \r", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("Starting kernel", loader_limit)) << camera.said();
  expect_on_disk("left=5 slot=a starts=0 trial=b");
}

TEST_F(ImageBoot, ARootWithAFlippedBitIsNotReadAsIfItWereWhole) {
  flip_a_bit("root_a");
  CameraMachine camera(disk_->path());
  EXPECT_TRUE(camera.says("data block 0 is corrupted", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("holds no root that can be mounted", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("starting slot a", loader_limit)) << camera.said();
}

TEST_F(ImageBoot, ATrialWhoseRootIsDamagedRestartsUntilItIsGivenUp) {
  for (const char* part : {"boot_", "root_"})
    disk_->write(std::string(part) + "b", disk_->read(std::string(part) + "a"));
  flip_a_bit("root_b");
  put_states("slot=a trial=b left=1 starts=0");
  CameraMachine camera(disk_->path());
  EXPECT_TRUE(camera.says("starting slot b", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("data block 0 is corrupted", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("starting slot a", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("Starting kernel", loader_limit)) << camera.said();
}

TEST_F(ImageBoot, NoKeyStopsTheLoader) {
  CameraMachine camera(disk_->path());
  const auto until = std::chrono::steady_clock::now() + loader_limit;
  do {
    camera.type("\x03 \r\x03version\r");
    EXPECT_FALSE(camera.says("=> ", std::chrono::milliseconds(100))) << camera.said();
  } while (camera.said().find("Starting kernel") == std::string::npos &&
           std::chrono::steady_clock::now() < until);
  EXPECT_THAT(camera.said(), HasSubstr("Starting kernel"));
}

// As a cable does it, or a terminal: the kernel's own commands would mount the disk read-only, or switch off.
TEST_F(ImageBoot, NobodyCommandsTheKernelWithABreak) {
  const std::string path = (folder_.path() / "monitor").string();
  CameraMachineOptions options;
  options.more = {"-monitor", "unix:" + path + ",server=on,wait=off"};
  CameraMachine camera(disk_->path(), options);
  ASSERT_TRUE(camera.says("login: ", boot_limit)) << camera.said();
  const int monitor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(monitor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::string send_break = "chardev-send-break line\n";
  for (const char* const letter : {"h", "9", "u", "o", "b"}) {
    ASSERT_EQ(::send(monitor, send_break.data(), send_break.size(), MSG_NOSIGNAL),
              ssize_t(send_break.size()));
    std::this_thread::sleep_for(std::chrono::seconds(1));
    camera.type(letter);
    EXPECT_FALSE(camera.says("sysrq", std::chrono::seconds(2))) << camera.said();
  }
  // Where it knows no such line, nothing was sent.
  std::string answers(4096, 0);
  answers.resize(std::max<ssize_t>(::recv(monitor, answers.data(), answers.size(), MSG_DONTWAIT), 0));
  EXPECT_THAT(answers, AllOf(HasSubstr("(qemu)"), Not(HasSubstr("not found")), Not(HasSubstr("Error"))));
  ::close(monitor);
  camera.type("\r");
  EXPECT_TRUE(camera.says("password: ", loader_limit)) << camera.said();
}

TEST_F(ImageBoot, ASlotThatCannotBeLoadedGivesWayToTheOther) {
  disk_->write("boot_b", disk_->read("boot_a"));
  disk_->write("boot_a", Bytes(1U << 20U, 0));
  CameraMachine camera(disk_->path());
  EXPECT_TRUE(camera.says("slot a does not start", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("starting slot b", loader_limit)) << camera.said();
  EXPECT_TRUE(camera.says("Starting kernel", loader_limit)) << camera.said();
}

}  // namespace
}  // namespace wayside::image
