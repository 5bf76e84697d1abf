// The image itself, as a camera starts it: loader, slot, root, console.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

class ImageBoot : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string lacking = missing(); !lacking.empty()) GTEST_SKIP() << lacking;
    disk_ = std::make_unique<CameraDisk>(folder_.path() / "disk");
  }
  // One copy of a boot state, as the loader wants it.
  [[nodiscard]] Bytes state(const std::string& slot) const {
    const std::string file = (folder_.path() / "state").string();
    const std::string command = "echo slot=" + slot + " | mkenvimage -s 4096 -o " + file + " -";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream in(file, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    return {all.begin(), all.end()};
  }
  doubles::TemporaryFolder folder_;
  std::unique_ptr<CameraDisk> disk_;
};

TEST_F(ImageBoot, EndsAtTheConsolesLoginAgainAfterAPowerCut) {
  {
    CameraMachine camera(disk_->path());
    ASSERT_TRUE(camera.says("login: ", boot_limit)) << camera.said();
    EXPECT_THAT(camera.said(), AllOf(HasSubstr("starting slot a"), Not(HasSubstr("Failed to start"))));
    camera.type("\r");
    EXPECT_TRUE(camera.says("login: ", std::chrono::minutes(1))) << camera.said();
    camera.cut_power();
  }
  CameraMachine again(disk_->path());
  EXPECT_TRUE(again.says("login: ", boot_limit)) << again.said();
}

TEST_F(ImageBoot, StartsTheSlotThatTheStateNamesWhicheverCopyIsWhole) {
  disk_->write("boot_b", disk_->read("boot_a"));
  const auto starts = [&](const std::string& slot) {
    CameraMachine camera(disk_->path());
    const bool said = camera.says("starting slot ", loader_limit) && camera.says("\r\n", loader_limit);
    EXPECT_TRUE(said && camera.said() == slot) << camera.said();
    EXPECT_TRUE(camera.says("Starting kernel", loader_limit)) << camera.said();
  };
  starts("a");
  disk_->write("bootstate", state("b"));
  starts("b");
  // A power cut while the first copy was written: the second, which is older, counts.
  disk_->write("bootstate", state("a"), copy_bytes);
  disk_->write("bootstate", Bytes(copy_bytes / 2, 0x55), copy_bytes / 4);
  starts("a");
  disk_->write("bootstate", Bytes(2 * copy_bytes, 0x55));
  starts("a");
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
