// The disk of the Raspberry Pi, made of stand-ins for what is not free and for what takes long to make: its
// tables, and what its firmware and U-Boot find in the first partition. Nothing is fetched or mounted.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "wayside/base/bytes.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::image {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Ended {
  int exit_code = 0;
  std::string said;
};

Ended run(const std::string& command) {
  FILE* pipe = ::popen(("{ " + command + "\n} 2>&1").c_str(), "re");
  Ended ended;
  std::array<char, 4096> part{};
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    ended.said.append(part.data(), got);
  const int status = ::pclose(pipe);
  ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ended;
}

class BoardDisk : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* program :
         {"fakeroot", "mcopy", "mkfs.vfat", "fdtput", "dtc", "mkimage", "mke2fs", "sfdisk"}) {
      if (run("PATH=$PATH:/usr/sbin:/sbin command -v " + std::string(program)).exit_code != 0)
        GTEST_SKIP() << program
                     << " is not installed: toolchains/image/boards/raspberrypi4/packages-host.txt";
    }
    for (const char* file :
         {"raspi-firmware/start4.elf", "raspi-firmware/fixup4.dat", "u-boot/rpi_arm64/u-boot.bin"})
      write(packages_ / "usr/lib" / file, std::string("stand-in for ") + file);
    const fs::path trees = packages_ / "usr/lib/linux-image-6.1.0-arm64/broadcom";
    write(trees / "tree.dts", "/dts-v1/; / { aliases { serial1 = \"/soc/serial@7e215040\"; }; };");
    for (const char* tree : {"bcm2711-rpi-4-b", "bcm2711-rpi-cm4-io", "bcm2837-rpi-3-b"}) {
      ASSERT_EQ(run("cd " + trees.string() + " && dtc -q -O dtb -o " + tree + ".dtb tree.dts").exit_code, 0);
    }
  }
  static void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  // As image.sh and root.sh call them; user: whose what they are given is.
  [[nodiscard]] Ended make(const fs::path& out, int user = 0) const {
    write(out / "slot" / "vmlinuz", "kernel");
    write(out / "slot" / "initramfs", "first program");
    write(out / "root.squashfs", "root");
    return run("export SOURCE_DATE_EPOCH=1700000000 PATH=$PATH:/usr/sbin:/sbin; cd " + source_.string() +
               " && bash -c '. toolchains/common.sh; recipe=$here/image board=raspberrypi4; . "
               "$recipe/boards/$board/board.sh;"
               " mkdir -p $2/loader; take_files $1 $2/loader $2' x " +
               packages_.string() + " " + out.string() + " && fakeroot bash -c 'chown -R " +
               std::to_string(user) + " " + out.string() + " && toolchains/image/disk.sh raspberrypi4 " +
               out.string() + "'");
  }
  [[nodiscard]] static std::string in_fat(const fs::path& out, const std::string& file) {
    return run("mtype -i " + (out / "wayside.img").string() + "@@1M ::" + file).said;
  }
  doubles::TemporaryFolder folder_;
  const fs::path source_ = std::getenv("WAYSIDE_SOURCE_DIR");
  const fs::path packages_ = folder_.path() / "packages";
  const fs::path out_ = folder_.path() / "out";
};

TEST_F(BoardDisk, HasTheTablesThatItsFirmwareAndTheKernelRead) {
  const Ended made = make(out_);
  ASSERT_EQ(made.exit_code, 0) << made.said;
  const std::string disk = (out_ / "wayside.img").string();
  const Ended verified = run("PATH=$PATH:/usr/sbin:/sbin sfdisk --verify " + disk);
  EXPECT_EQ(verified.exit_code, 0) << verified.said;
  const std::string table = run("PATH=$PATH:/usr/sbin:/sbin sfdisk -d " + disk).said;
  EXPECT_THAT(table, AllOf(HasSubstr("label: gpt"), HasSubstr("start=        2048, size=       32768"),
                           HasSubstr("name=\"loader\""), HasSubstr("name=\"boot_b\"")));
  std::ifstream in(disk, std::ios::binary);
  std::string sector(512, '\0');
  in.read(sector.data(), 512);
  // A FAT16 of 32768 sectors from 2048 on; then what is the other table's, from 1 on.
  EXPECT_EQ(to_hex(as_bytes(sector.substr(446, 64))),
            "00feffff0efeffff0008000000800000"
            "00feffffeefeffff01000000ff070000" +
                std::string(64, '0'));
  EXPECT_EQ(to_hex(as_bytes(sector.substr(510, 2))), "55aa");
}

TEST_F(BoardDisk, HoldsWhatTheFirmwareAndUBootLookFor) {
  const Ended made = make(out_);
  ASSERT_EQ(made.exit_code, 0) << made.said;
  ASSERT_EQ(run("dd if=" + (out_ / "wayside.img").string() + " of=" + (out_ / "fat").string() +
                " bs=1M skip=1 count=16 status=none && PATH=$PATH:/usr/sbin:/sbin fsck.vfat -n " +
                (out_ / "fat").string())
                .exit_code,
            0);
  EXPECT_EQ(in_fat(out_, "start4.elf"), "stand-in for raspi-firmware/start4.elf");
  EXPECT_EQ(in_fat(out_, "u-boot.bin"), "stand-in for u-boot/rpi_arm64/u-boot.bin");
  EXPECT_THAT(in_fat(out_, "config.txt"),
              AllOf(HasSubstr("\narm_64bit=1\n"), HasSubstr("\nkernel=u-boot.bin\n"),
                    HasSubstr("\nenable_uart=1\n")));
  // An environment of U-Boot's with its CRC, of the size that it is built for; nobody stops it, and it ends
  // in a reset.
  const std::string environment = in_fat(out_, "uboot.env");
  EXPECT_EQ(environment.size(), 0x4000U);
  EXPECT_THAT(environment.substr(4, 200), AllOf(StartsWith(std::string("bootdelay=-2\0", 13)),
                                                HasSubstr("stdin=nulldev"), HasSubstr("; reset")));
  EXPECT_THAT(in_fat(out_, "boot.scr"), AllOf(HasSubstr("mmc read ${scriptaddr}"),
                                              HasSubstr("console=ttyS1,115200n8"), Not(HasSubstr("@"))));
  for (const char* tree : {"bcm2711-rpi-4-b", "bcm2711-rpi-cm4-io", "bcm2711-rpi-cm4"}) {
    write(out_ / "tree.dtb", in_fat(out_, std::string(tree) + ".dtb"));
    EXPECT_THAT(run("fdtget " + (out_ / "tree.dtb").string() + " /aliases mmc0").said,
                StartsWith("/emmc2bus/mmc@7e340000"));
  }
}

TEST_F(BoardDisk, IsTheSameForTheSameWhoeverMakesIt) {
  ASSERT_EQ(make(out_).exit_code, 0);
  ASSERT_EQ(run("sleep 2.1").exit_code, 0);  // a FAT counts in two seconds
  const fs::path again = folder_.path() / "again";
  constexpr int another_user = 1234;
  ASSERT_EQ(make(again, another_user).exit_code, 0);
  EXPECT_EQ(run("cmp " + (out_ / "wayside.img").string() + " " + (again / "wayside.img").string()).said, "");
}

TEST_F(BoardDisk, AFileThatThePackagesLackIsNamed) {
  fs::remove(packages_ / "usr/lib/u-boot/rpi_arm64/u-boot.bin");
  const Ended made = make(out_);
  EXPECT_NE(made.exit_code, 0);
  EXPECT_THAT(made.said, AllOf(HasSubstr("raspberrypi4/packages.txt hold no"), HasSubstr("u-boot.bin")));
  EXPECT_FALSE(fs::exists(out_ / "wayside.img"));
}

}  // namespace
}  // namespace wayside::image
