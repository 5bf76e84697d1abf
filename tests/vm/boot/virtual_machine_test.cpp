// The virtual machine itself: what later tests rest on.
#include "tests/vm/machine/virtual_machine.hpp"

#include <chrono>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::vm {
namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class VirtualMachineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = VirtualMachine::missing(); !missing.empty()) GTEST_SKIP() << missing;
    console_ = folder_.path() / "console";
    std::ofstream(folder_.path() / "word") << "from the host\n";
    disk_ = folder_.path() / "disk";
    std::ofstream(disk_) << "disk";
    std::filesystem::resize_file(disk_, 1U << 20U);
  }
  doubles::TemporaryFolder folder_;
  std::filesystem::path console_, disk_;
};

TEST_F(VirtualMachineTest, RunsCommandsOverTheHostsFilesAndLeavesThemAlone) {
  VirtualMachine machine({console_, {disk_}, 512, {}});
  const std::string word = (folder_.path() / "word").string();
  const Outcome read = machine.run("cat " + word + "; printf 'no end of line'; exit 3");
  EXPECT_EQ(read.exit_code, 3);
  EXPECT_EQ(read.lines, (std::vector<std::string>{"from the host", "no end of line"}));
  EXPECT_EQ(machine.run("echo changed > " + word + "; cat " + word).lines,
            std::vector<std::string>{"changed"});
  EXPECT_EQ(content_of(word), "from the host\n");
  EXPECT_EQ(machine.run("modprobe dm-flakey && dmsetup targets | grep -c flakey").lines,
            std::vector<std::string>{"1"});

  machine.start("read word; echo \"heard $word\" >&2; echo $word");
  machine.say("hello");
  EXPECT_EQ(machine.next_line(std::chrono::minutes(1)), "hello");
  EXPECT_EQ(machine.next_line(std::chrono::minutes(1)), std::nullopt);
  EXPECT_EQ(machine.exit_code(), 0);
  EXPECT_NE(content_of(console_).find("heard hello"), std::string::npos);
}

TEST_F(VirtualMachineTest, CutOffItKeepsWhatReachedTheDiskAndEverythingItSaid) {
  VirtualMachine machine({console_, {disk_}, 512, {}});
  ASSERT_EQ(machine.run("test -b /dev/vda && printf kept | dd of=/dev/vda oflag=sync").exit_code, 0);
  machine.start("exec 4<>/dev/vda; printf lost >&4; echo said; sleep 1000");
  EXPECT_EQ(machine.next_line(std::chrono::minutes(1)), "said");
  machine.cut_power();
  EXPECT_EQ(machine.next_line(std::chrono::minutes(1)), std::nullopt);
  EXPECT_EQ(machine.exit_code(), std::nullopt);
  EXPECT_EQ(content_of(disk_).substr(0, 4), "kept");
}

}  // namespace
}  // namespace wayside::vm
