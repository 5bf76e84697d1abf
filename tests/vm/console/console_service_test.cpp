// The console as a service on a serial line, and what it asks of others: as they are installed, under a
// systemd that runs the guest, with the camera's state on a disk of its own. A disk outlives its machine, as
// a camera's does.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/files.hpp"
#include "wayside/device/identity/identity.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "tests/doubles/serial_cable.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/vm/machine/installed_camera.hpp"

namespace wayside::vm {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

// Eight segments of the queue, and room.
constexpr std::uint64_t disk_bytes = 128U << 20U;
// So slow that the power can be cut in the middle of a wipe.
constexpr unsigned slow_bytes_per_s = 8U << 20U;

class ConsoleService : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = VirtualMachine::missing(); !missing.empty()) GTEST_SKIP() << missing;
    stage_ = stage_camera(folder_.path());
    std::ofstream(disk_).close();
    fs::resize_file(disk_, disk_bytes);
    ASSERT_TRUE(make_identity(folder_.path() / "identity"));
    device_ = device_public_key(folder_.path() / "identity").value();
  }

  // With everything installed and nothing started.
  void boot(unsigned bytes_per_s = 0) {
    MachineOptions options;
    options.console = folder_.path() / "console";
    options.memory_mib = 1024;
    options.systemd = true;
    cable_ = std::make_unique<doubles::SerialCable>();
    for (const std::string& word :
         {std::string("-chardev"), "serial,id=line,path=" + cable_->name(), std::string("-serial"),
          std::string("chardev:line"), std::string("-drive"),
          fmt::format("if=virtio,format=raw,cache=unsafe,file={},throttling.bps-write={}", disk_.string(),
                      bytes_per_s)})
      options.more.push_back(word);
    machine_.reset();
    machine_ = std::make_unique<VirtualMachine>(options);
    there(
        "mkdir -p /var/lib/wayside && modprobe ext4 && (blkid /dev/vda || mkfs.ext4 -q /dev/vda) && "
        "mount /dev/vda /var/lib/wayside");
    install_camera(*machine_, stage_);
  }
  std::string there(const std::string& command) { return must(*machine_, command); }
  void enrol() {
    there(fmt::format("cp -r {}/identity /var/lib/wayside && chown -R wayside: /var/lib/wayside/identity",
                      folder_.path().string()));
  }
  // As systemctl enable does for every start of the machine. Where a wipe comes first, it takes waysided's
  // start back and begins another.
  void start() {
    there("systemctl enable waysided wayside-console@ttyS1");
    machine_->run("systemctl start waysided wayside-console@ttyS1 2>&1");
    cable_->type("\r");
    EXPECT_TRUE(sees("login: "));
  }
  // Until the command succeeds.
  void await(const std::string& command) {
    there(fmt::format("for i in $(seq 180); do {} && exit 0; sleep 1; done; journalctl | tail -n 50; exit 1",
                      command));
  }

  bool sees(std::string_view text) { return cable_->sees(text, 3min); }
  void type(std::string_view line, std::string_view answer) {
    cable_->type(std::string(line) + "\r");
    EXPECT_TRUE(sees(answer)) << "typed: " << line << "\nawaited: " << answer << "\nseen:\n"
                              << cable_->seen();
  }
  void log_in() {
    type(installer, "password: ");
    type(installers_password, "alice> ");
  }
  void make_installer() {
    EXPECT_THAT(cable_->seen(), HasSubstr("No account is there yet"));
    type(installer, "new password: ");
    type(installers_password, "once more: ");
    type(installers_password, "alice is an installer now");
    EXPECT_TRUE(sees("login: "));
    log_in();
  }
  void set(const std::vector<std::string>& lines) {
    type("configure", "]# ");
    for (const std::string& line : lines)
      type("set " + line, "]# ");
  }
  void ask_for_a_wipe() {
    type("wipe", "Type \"wipe\" to go on: ");
    type("wipe", "Type \"destroy everything\" to go on: ");
    type("destroy everything", "Everything is being destroyed");
  }
  // Until waysided runs it, whether the console told it or it looked by itself.
  void await_version(int number) {
    await(fmt::format("journalctl --unit=waysided | grep -q 'configuration_taken_over version={} '", number));
  }

  // The kernel's word is heard by waysided and, for the trail, by the console.
  void expect_a_kept_clock() {
    bool kept = false;
    for (int i = 0; i < 20 && !kept; ++i) {
      cable_->type("show clock\r");
      kept = cable_->sees("source          ntp", 3s);
    }
    EXPECT_TRUE(kept) << cable_->seen();
    EXPECT_THAT(there("tail -n 1 /var/lib/wayside/audit/trail.jsonl"), HasSubstr("\"source\":\"ntp\""));
  }
  // What it says to these lines.
  std::string over_the_local_socket(const std::string& lines) {
    there("systemctl start wayside-console-local.socket");
    return there(
        "perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(\"/run/wayside-console.socket\") or die $!; "
        "print $s \"" +
        lines + "\"; $s->flush; shutdown($s, 1); print while <$s>'");
  }

  // What both users have to write is both users', and nobody was ever refused anything.
  void expect_shared() {
    EXPECT_EQ(there("cd /var/lib/wayside && find accounts audit config ! -group wayside -o -type d "
                    "! -perm 2770 -o -type f ! -perm 660"),
              "");
    // Who asks for a wipe cannot take away what says that one is under way.
    EXPECT_EQ(there("stat -c '%a %G' /var/lib/wayside/wipe"), "3770 wayside\n");
    EXPECT_EQ(there("journalctl | grep -iE 'denied|not permitted|status=31' || true"), "");
  }
  // The camera knows of nothing any more, and runs.
  void expect_as_from_the_factory(const std::string& receipt) {
    await("systemctl show -P StatusText waysided | grep -q 'no configuration yet'");
    const auto checked = check_wipe_receipt(there("cat /var/lib/wayside/wipe/" + receipt), device_);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_THAT(*checked, AllOf(HasSubstr("asked for by alice (installer) at ttyS1"),
                                HasSubstr("queue: 10 files"), HasSubstr("complete: nothing is left")));
    EXPECT_EQ(there("cd /var/lib/wayside && find identity queue accounts audit config -type f | sort"),
              "config/lock\nconfig/state\nidentity/device-id\nidentity/device.csr\nidentity/device.key\n");
    // Another camera's: made when waysided started again.
    EXPECT_NE(there("cat /var/lib/wayside/identity/device-id"),
              *read_text_file(folder_.path() / "identity/device-id"));
    expect_shared();
    cable_->type("\r");
    EXPECT_TRUE(sees("No account is there yet"));
  }

  doubles::TemporaryFolder folder_;
  const fs::path disk_ = folder_.path() / "disk";
  fs::path stage_;
  VerifyingKey device_{};
  std::unique_ptr<doubles::SerialCable> cable_;
  std::unique_ptr<VirtualMachine> machine_;
};

TEST_F(ConsoleService, CommissionsTheCameraKeepsItAllOverARestartAndWipesIt) {
  boot();
  enrol();
  // The kernel's clock is one that is kept (adjtimex: ADJ_MAXERROR, ADJ_STATUS; 1 ms, STA_PLL).
  there("perl -e '$t = pack(\"i x4 q4 i x172\", 0x14, 0, 0, 1000, 0, 1); syscall(159, $t) >= 0 or die $!'");
  start();
  make_installer();
  set({"site name \"A14 J31 eastbound\"", "site feed_id 4", "site source_id 12", "site camera_id 117",
       "camera source libcamera", "queue segments 8", "clock source kernel"});
  type("commit", "Version 1 is committed.");
  await("test -S /run/wayside/control");
  type("show health", "capturing       no");
  expect_a_kept_clock();
  type("set site name \"not to stay\"", "]# ");
  type("commit confirmed 5", "Version 2 is committed.");
  await_version(2);
  type("exit", "alice> ");
  expect_shared();
  // Somebody who had taken the console over.
  const std::string as_console = "setpriv --reuid wayside-console --regid wayside --clear-groups ";
  for (const char* const forbidden :
       {"cat identity/device.key", "ls queue", "mv identity others", "mv queue others", "rmdir wipe"}) {
    EXPECT_NE(machine_->run("cd /var/lib/wayside && " + as_console + forbidden + " 2>&1").exit_code, 0)
        << forbidden;
  }
  // However often it ends, it is there again.
  there("for i in $(seq 7); do systemctl kill --signal=KILL wayside-console@ttyS1; sleep 1.2; done");
  await("systemctl is-active --quiet wayside-console@ttyS1 && sleep 3");
  cable_->skip();
  type("", "login: ");
  log_in();
  type("reboot", "Type \"reboot\" to go on: ");
  type("reboot", "The machine is being started again.");
  ASSERT_TRUE(machine_->ends(180s));

  boot();
  start();
  log_in();
  type("show configuration site", "set site name \"A14 J31 eastbound\"");
  await("test -S /run/wayside/control");
  set({"site camera_id 118"});
  type("commit", "Version 3 is committed.");
  await_version(3);
  type("exit", "alice> ");
  type("audit verify", "all whole, signed and in order");
  expect_shared();
  ask_for_a_wipe();
  expect_as_from_the_factory("receipt-0001.json");
}

TEST_F(ConsoleService, AWipeAtTheSerialLineIsFinishedAfterAPowerCut) {
  std::ofstream(folder_.path() / "commission") << commissioning(
      "[site]\nname = \"A14 J31 eastbound\"\nfeed_id = 4\nsource_id = 12\ncamera_id = 117\n"
      "[camera]\nsource = \"libcamera\"\n[queue]\ndirectory = \"/var/lib/wayside/queue\"\n"
      "segments = 8\n[identity]\ndirectory = \"/var/lib/wayside/identity\"\n");
  boot(slow_bytes_per_s);
  enrol();
  there(fmt::format("wayside-console <{}/commission", folder_.path().string()));
  start();
  log_in();
  await("test -S /run/wayside/control");
  const std::string said =
      over_the_local_socket(fmt::format("{}\\n{}\\nshow health\\nwipe\\n", installer, installers_password));
  EXPECT_THAT(said, AllOf(HasSubstr("capturing       no"), HasSubstr("only done at the camera")));
  expect_shared();
  machine_->start("journalctl --follow --output=cat --unit=wayside-wipe");
  ask_for_a_wipe();
  while (const auto line = machine_->next_line(3min)) {
    if (line->ends_with("%  queue")) break;
  }
  machine_->cut_power();

  boot(slow_bytes_per_s);
  ASSERT_EQ(
      there("cd /var/lib/wayside && ls -d wipe/under-way identity/device.key config/state || true"),
      "ls: cannot access 'identity/device.key': No such file or directory\nconfig/state\nwipe/under-way\n");
  ASSERT_NE(there("ls /var/lib/wayside/queue"), "");
  start();
  expect_as_from_the_factory("receipt-0001.json");
}

}  // namespace
}  // namespace wayside::vm
