// Which system runs.
#include "wayside/device/update/running_system.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using testing::HasSubstr;

class RunningSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    put("os-release", "ID=debian\nIMAGE_ID=wayside\nIMAGE_VERSION=1.2.3\nVARIANT_ID=\"qemu-virt\"\n");
    put("cmdline", "console=ttyAMA0 wayside.slot=b rauc.slot=b wayside.trial=1 quiet\n");
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
  }
  Result<RunningSystem> read() const {
    SystemFiles files;
    files.os_release = folder_.path() / "os-release";
    files.command_line = folder_.path() / "cmdline";
    return read_running_system(files);
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
};

TEST_F(RunningSystemTest, IsToldByTheImageAndTheLoader) {
  const auto system = read();
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(system->version, (UpdateVersion{1, 2, 3}));
  EXPECT_EQ(system->compatible, "wayside-qemu-virt");
  EXPECT_EQ(system->slot, BootSlot::b);
  EXPECT_TRUE(system->on_trial);
  EXPECT_EQ(system->boot_id.size(), 32U);
}

TEST_F(RunningSystemTest, WithoutALoadersWordThereIsNoSlot) {
  put("cmdline", "quiet xwayside.slot=b wayside.slotted=b wayside.trial=10");
  const auto system = read();
  ASSERT_TRUE(system);
  EXPECT_EQ(system->slot, std::nullopt);
  EXPECT_FALSE(system->on_trial);
}

TEST_F(RunningSystemTest, WhatIsNoImageOfOursIsSaid) {
  put("os-release", "ID=debian\n");
  EXPECT_THAT(read().error().message, HasSubstr("IMAGE_ID"));
  put("os-release", "IMAGE_ID=wayside\nIMAGE_VERSION=dev\nVARIANT_ID=x\n");
  EXPECT_THAT(read().error().message, HasSubstr("three numbers"));
  put("os-release", "IMAGE_ID=wayside\nIMAGE_VERSION=1.2.3\nVARIANT_ID=x y\n");
  EXPECT_THAT(read().error().message, HasSubstr("VARIANT_ID"));
}

}  // namespace
}  // namespace wayside
