// Updates by the units as they are installed, under a systemd that runs the guest, with RAUC as its service
// and bundles of the verity format. The loader is played: it is the words that the kernel is given.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/device/update/boot_state.hpp"
#include "wayside/device/update/update_folder.hpp"

#include "tests/doubles/signed_bundles.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/vm/machine/installed_camera.hpp"

namespace wayside::vm {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* divide_disk =
    "label: gpt\nfirst-lba: 2048\nname=bootstate, size=16MiB\nname=boot_a, size=2MiB\nname=root_a, size=2MiB\n"
    "name=boot_b, size=2MiB\nname=root_b, size=2MiB\nname=update, size=32MiB\n";
constexpr std::uint64_t disk_bytes = 64U << 20U;
constexpr std::uint64_t bootstate_offset = 1U << 20U;

constexpr const char* rauc_configuration =
    "[system]\ncompatible=wayside-test\nbootloader=custom\nbundle-formats=verity\nmountprefix=/run/rauc\n"
    "statusfile=/var/lib/wayside/update/rauc.status\n[keyring]\npath=/etc/rauc/keyring.pem\ncheck-crl=true\n"
    "[handlers]\nbootloader-custom-backend=/usr/lib/wayside/boot-slot\n"
    "[slot.boot.0]\ndevice=/dev/disk/by-partlabel/boot_a\ntype=raw\nbootname=a\n"
    "[slot.root.0]\ndevice=/dev/disk/by-partlabel/root_a\ntype=raw\nparent=boot.0\n"
    "[slot.boot.1]\ndevice=/dev/disk/by-partlabel/boot_b\ntype=raw\nbootname=b\n"
    "[slot.root.1]\ndevice=/dev/disk/by-partlabel/root_b\ntype=raw\nparent=boot.1\n";

class UpdateService : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = VirtualMachine::missing(); !missing.empty()) GTEST_SKIP() << missing;
    if (!fs::exists("/usr/bin/rauc") || !fs::exists("/usr/share/rauc/rauc-service.sh"))
      GTEST_SKIP() << "rauc and rauc-service are not installed; toolchains/packages-vm.txt";
    stage_ = stage_camera(folder_.path());
    std::ofstream(disk_).close();
    fs::resize_file(disk_, disk_bytes);
    std::ofstream(folder_.path() / "divide") << divide_disk;
    ASSERT_EQ(
        std::system(
            fmt::format("/sbin/sfdisk -q {} <{}/divide", disk_.string(), folder_.path().string()).c_str()),
        0);
    const Bytes state = encode(BootState{});
    std::fstream disk(disk_, std::ios::in | std::ios::out | std::ios::binary);
    for (const std::size_t at : {std::size_t{0}, boot_state_second_at})
      disk.seekp(static_cast<std::streamoff>(bootstate_offset + at))
          .write(reinterpret_cast<const char*>(state.data()), static_cast<std::streamsize>(state.size()));
    ASSERT_TRUE(doubles::make_update_keys(folder_.path()));
    std::ofstream(folder_.path() / "system.conf") << rauc_configuration;
  }

  std::string there(const std::string& command) { return must(*machine_, command); }

  // An image of that version in a slot, as its units start it; waysided is played too.
  void boot(const std::string& version, const std::string& loaders_words) {
    MachineOptions options;
    options.console = folder_.path() / "console";
    options.memory_mib = 1024;
    options.systemd = true;
    options.disks = {disk_};
    options.kernel_words = loaders_words;
    machine_.reset();
    machine_ = std::make_unique<VirtualMachine>(options);
    there(fmt::format(
        "printf 'IMAGE_ID=wayside\\nIMAGE_VERSION={}\\nVARIANT_ID=test\\n' >>/usr/lib/os-release && "
        "mkdir -p /etc/rauc && cp {}/system.conf {}/keyring.pem /etc/rauc",
        version, folder_.path().string(), folder_.path().string()));
    install_camera(*machine_, stage_);
    there(
        "modprobe ext4 && modprobe dm-verity && modprobe loop && modprobe squashfs && mkdir -p "
        "/var/lib/wayside/update && cd /dev/disk/by-partlabel && (blkid update | grep -q ext4 || mkfs.ext4 "
        "-q update) && "
        "mount "
        "update /var/lib/wayside/update");
    there("systemctl start dbus.socket wayside-update-started.service wayside-update.path");
    there("systemctl start wayside-update-deadline.timer");
  }
  // A file of the host's that the guest has not seen yet: it keeps what it has read.
  fs::path unseen() { return folder_.path() / std::to_string(++files_); }
  // As the camera's own user.
  void leave(const std::string& name, const std::string& text) {
    const fs::path file = unseen();
    std::ofstream(file) << text;
    there(
        fmt::format("cd /var/lib/wayside/update/incoming && runuser -u wayside -- sh -c 'cat >.new' <{} && "
                    "runuser -u wayside -- mv .new {}",
                    file.string(), name));
  }
  void ask_for(const std::string& version, const std::string& signer = "good") {
    doubles::BundleOptions options;
    options.version = version;
    options.signer = signer;
    options.format = "verity";
    ASSERT_TRUE(doubles::make_bundle(folder_.path(), options));
    const fs::path file = unseen();
    fs::rename(folder_.path() / "made.raucb", file);
    const std::string bundle = read_text_file(file).value();
    there(fmt::format("runuser -u wayside -- sh -c 'cat >/var/lib/wayside/update/incoming/bundle' <{}",
                      file.string()));
    leave("install", encode(InstallRequest{version, to_hex(sha256(as_bytes(bundle))), {"capture"}}));
  }
  UpdateStatus status() {
    return update_status_from(there("cat /var/lib/wayside/update/status")).value_or(UpdateStatus{});
  }
  void await(UpdateState state) {
    there(fmt::format(
        "for i in $(seq 240); do grep -q '\"state\":\"{}\"' /var/lib/wayside/update/status && exit "
        "0; sleep 0.5; done; cat /var/lib/wayside/update/status; journalctl | tail -n 40; exit 1",
        to_string(state)));
  }
  std::string primary() { return there("/usr/lib/wayside/boot-slot get-primary"); }
  // Nothing was kept from doing what it has to.
  void expect_no_refusal_by_the_system() {
    EXPECT_EQ(there("journalctl -u 'wayside-update*' | grep -iE 'denied|not permitted|Read-only|status=2' || "
                    "true"),
              "");
  }

  doubles::TemporaryFolder folder_;
  const fs::path disk_ = folder_.path() / "disk";
  fs::path stage_;
  int files_ = 0;
  std::unique_ptr<VirtualMachine> machine_;
};

TEST_F(UpdateService, InstallsWhatTheCameraAskedForTriesItAndConfirmsIt) {
  boot("1.0.0", "wayside.slot=a rauc.slot=a");
  EXPECT_EQ(there("stat -c '%U %a' /var/lib/wayside/update /var/lib/wayside/update/incoming"),
            "root 755\nwayside 700\n");
  // Nobody but root gives RAUC orders.
  EXPECT_NE(machine_->run("runuser -u wayside -- rauc status 2>&1").exit_code, 0);
  EXPECT_NE(
      machine_->run("runuser -u wayside -- mv /var/lib/wayside/update /var/lib/wayside/u 2>&1").exit_code, 0);
  ask_for("1.1.0", "stranger");
  await(UpdateState::refused);
  EXPECT_THAT(status().reason, HasSubstr("signed by a key that this camera trusts"));
  ask_for("1.1.0");
  ASSERT_TRUE(machine_->ends(4min)) << status().reason << there("journalctl | tail -n 40");
  boot("1.1.0", "wayside.slot=b rauc.slot=b wayside.trial=1");
  EXPECT_EQ(status().state, UpdateState::trial);
  EXPECT_EQ(there(fmt::format("cmp -n 800000 /dev/disk/by-partlabel/root_b {}/in/root.img",
                              folder_.path().string())),
            "");
  EXPECT_THAT(there("wayside-update status"), HasSubstr("b, on trial"));
  leave("confirm", encode(ConfirmRequest{status().boot_id, {"capture"}}));
  await(UpdateState::confirmed);
  EXPECT_EQ(primary(), "b\n");
  EXPECT_EQ(there("ls /var/lib/wayside/update/incoming"), "");
  expect_no_refusal_by_the_system();
}

TEST_F(UpdateService, GoesBackFromASystemThatNobodyConfirmed) {
  boot("1.0.0", "wayside.slot=a rauc.slot=a");
  ask_for("1.1.0");
  ASSERT_TRUE(machine_->ends(4min)) << status().reason << there("journalctl | tail -n 40");
  boot("1.1.0", "wayside.slot=b rauc.slot=b wayside.trial=1");
  EXPECT_THAT(there("systemctl list-timers --all"), HasSubstr("wayside-update-deadline.service"));
  there("systemctl start --no-block wayside-update-deadline.service");
  EXPECT_TRUE(machine_->ends(2min));
  boot("1.0.0", "wayside.slot=a rauc.slot=a");
  EXPECT_EQ(status().state, UpdateState::reverted);
  EXPECT_THAT(status().reason, HasSubstr("capture"));
  EXPECT_EQ(primary(), "a\n");
  expect_no_refusal_by_the_system();
}

}  // namespace
}  // namespace wayside::vm
