// With the real RAUC, its service on a private bus, and files for slots: what is installed, and what is
// refused. What is installed is of the plain format, since the verity format needs a device mapper then.
#include "wayside/device/update/rauc.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/device/update/updater.hpp"

#include "tests/doubles/signed_bundles.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

bool shell(const std::string& command) {
  return std::system(("timeout 20 " + command + " >/dev/null 2>&1").c_str()) == 0;
}

// Ends with its object, and with the test.
class Running {
 public:
  explicit Running(const std::string& command) : process_(::fork()) {
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execl("/bin/sh", "sh", "-c", ("exec " + command + " >/dev/null 2>&1").c_str(), nullptr);
    ::_exit(127);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

 private:
  pid_t process_;
};

class RaucTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!shell("rauc --version") || !shell("dbus-daemon --version") ||
        !shell("test -x /usr/share/rauc/rauc-service.sh"))
      GTEST_SKIP() << "rauc, rauc-service and dbus are not installed; toolchains/packages-tests.txt";
    ASSERT_TRUE(doubles::make_update_keys(at_.path()));
    for (const char* slot : {"boot_a", "boot_b", "root_a", "root_b"})
      ASSERT_TRUE(shell(fmt::format("truncate -s 1M {}/{}", at_.path().string(), slot)));
    std::ofstream(boot_file()) << std::string(8192, '\0');
    ASSERT_TRUE(write_boot_state(boot_file(), {}));
    fs::create_directories(folder_.incoming());
    write_configuration();
    start();
  }

  void write_configuration() const {
    const std::string at = at_.path().string();
    std::ofstream backend(at_.path() / "boot-slot");
    backend << fmt::format("#!/bin/sh\nexec {}/bin/wayside-update --boot-state {} boot-slot \"$@\"\n",
                           std::getenv("WAYSIDE_BINARY_DIR"), boot_file().string());
    backend.close();
    fs::permissions(at_.path() / "boot-slot", fs::perms::owner_all);
    std::ofstream out(at_.path() / "system.conf");
    out << fmt::format(
        "[system]\ncompatible=wayside-test\nbootloader=custom\nstatusfile={0}/rauc.status\n"
        "[handlers]\nbootloader-custom-backend={0}/boot-slot\n[keyring]\npath={0}/"
        "keyring.pem\ncheck-crl=true\n",
        at);
    for (const auto& [number, letter] : {std::pair{0, 'a'}, std::pair{1, 'b'}}) {
      out << fmt::format(
          "[slot.boot.{0}]\ndevice={2}/boot_{1}\ntype=raw\nbootname={1}\n[slot.root.{0}]\ndevice={2}/"
          "root_{1}\n"
          "type=raw\nparent=boot.{0}\n",
          number, letter, at);
    }
    std::ofstream(at_.path() / "bus.conf") << fmt::format(
        "<busconfig><type>system</type><listen>unix:path={}/bus</listen><auth>EXTERNAL</auth><policy "
        "context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
        "eavesdrop=\"true\"/></policy>"
        "</busconfig>",
        at);
  }

  void start() {
    const std::string at = at_.path().string();
    ASSERT_EQ(::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + at + "/bus").c_str(), 1), 0);
    bus_ = std::make_unique<Running>("dbus-daemon --nofork --nopidfile --config-file=" + at + "/bus.conf");
    const auto soon = [&](const std::string& command) {
      for (int i = 0; i < 100; ++i) {
        if (shell("timeout 2 " + command)) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      return false;
    };
    ASSERT_TRUE(soon("test -S " + at + "/bus"));
    service_ = std::make_unique<Running>("rauc --conf=" + at + "/system.conf --mount=" + at +
                                         "/mount --override-boot-slot=a service");
    ASSERT_TRUE(soon("rauc --conf=" + at + "/system.conf status"));
  }

  fs::path boot_file() const { return at_.path() / "bootstate"; }
  fs::path made() const { return at_.path() / "made.raucb"; }
  RaucOptions rauc() const {
    RaucOptions options;
    options.configuration = at_.path() / "system.conf";
    return options;
  }
  void make(const std::string& version, const std::string& compatible = "wayside-test",
            const std::string& signer = "good", std::size_t root_bytes = 800'000,
            const std::string& format = "plain") const {
    ASSERT_TRUE(doubles::make_bundle(at_.path(), {version, compatible, signer, root_bytes, format}));
  }

  // As a camera of 1.2.0 that fetched it.
  UpdateStatus ask_for(const std::string& version) {
    const std::string bytes = read_text_file(made()).value();
    std::ofstream(folder_.bundle(), std::ios::binary) << bytes;
    EXPECT_TRUE(request_install(folder_, {version, to_hex(sha256(as_bytes(bytes))), {"capture"}}));
    RunningSystem system{{1, 2, 0}, "wayside-test", BootSlot::a, false, std::string(32, '1')};
    UpdateTools tools = real_update_tools(rauc());
    tools.install = [&, install = tools.install](const fs::path& bundle,
                                                 const std::function<void(unsigned)>& percent) {
      ++installs_;
      return install(bundle, [&](unsigned at) {
        percents_.push_back(at);
        percent(at);
      });
    };
    tools.restart = [this]() -> Status {
      restarts_ = true;
      return {};
    };
    EXPECT_TRUE(Updater(folder_, boot_file(), system, tools).due());
    return read_update_status(folder_).value();
  }
  void expect_refused(const UpdateStatus& status, const std::string& reason) const {
    EXPECT_EQ(status.state, UpdateState::refused);
    EXPECT_THAT(status.reason, HasSubstr(reason));
    EXPECT_FALSE(restarts_);
    EXPECT_EQ(read_boot_state(boot_file())->state, BootState{});
    EXPECT_FALSE(fs::exists(folder_.root / "bundle.raucb"));
  }
  bool holds(const std::string& slot, const std::string& image) const {
    const std::string want = read_text_file(at_.path() / "in" / image).value();
    return read_text_file(at_.path() / slot).value().starts_with(want);
  }

  const doubles::TemporaryFolder at_;
  const UpdateFolder folder_{at_.path() / "update"};
  std::unique_ptr<Running> bus_;
  std::unique_ptr<Running> service_;
  int installs_ = 0;  // that RAUC was asked for
  std::vector<unsigned> percents_;
  bool restarts_ = false;
};

TEST_F(RaucTest, AGoodBundleIsWrittenIntoTheOtherSlotAndTried) {
  make("1.3.0");
  const UpdateStatus status = ask_for("1.3.0");
  EXPECT_EQ(status.state, UpdateState::installed) << status.reason;
  EXPECT_TRUE(restarts_);
  EXPECT_TRUE(holds("boot_b", "boot.img"));
  EXPECT_TRUE(holds("root_b", "root.img"));
  EXPECT_EQ(read_text_file(at_.path() / "root_a").value(), std::string(1U << 20U, '\0'));
  EXPECT_EQ(read_boot_state(boot_file())->state, (BootState{BootSlot::a, BootSlot::b, 6, 0}));
  ASSERT_GE(percents_.size(), 5U);
  EXPECT_TRUE(std::is_sorted(percents_.begin(), percents_.end()));
  EXPECT_EQ(percents_.back(), 100U);
}

TEST_F(RaucTest, AKeyOfSomebodyElseIsRefused) {
  make("1.3.0", "wayside-test", "stranger");
  expect_refused(ask_for("1.3.0"), "signed by a key that this camera trusts");
}

TEST_F(RaucTest, ARevokedKeyIsRefused) {
  make("1.3.0", "wayside-test", "revoked");
  expect_refused(ask_for("1.3.0"), "revoked");
}

TEST_F(RaucTest, ATamperedBundleIsRefused) {
  make("1.3.0");
  {
    std::fstream file(made(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5000);
    file.write("tampered", 8);
  }
  expect_refused(ask_for("1.3.0"), "verif");
  EXPECT_EQ(read_text_file(at_.path() / "root_b").value(), std::string(1U << 20U, '\0'));
}

TEST_F(RaucTest, ABundleOfTheVerityFormatIsTakenAsItWasSigned) {
  make("1.3.0", "wayside-test", "good", 800'000, "verity");
  const auto info = bundle_info(rauc(), made());
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->version, "1.3.0");
}

// RAUC's own look takes each of them, and its kernel would find them out when the slot is half overwritten.
TEST_F(RaucTest, ABundleOfTheVerityFormatThatWasChangedAnywhereIsRefusedBeforeAnythingIsWritten) {
  make("1.3.0", "wayside-test", "good", 800'000, "verity");
  const std::string whole = read_text_file(made()).value();
  constexpr std::size_t block = 4096;
  std::size_t signature = 0;
  for (const char byte : whole.substr(whole.size() - 8))
    signature = signature << 8U | static_cast<unsigned char>(byte);
  ASSERT_LT(signature, std::size_t{10'000});
  const std::size_t end = whole.size() - 8 - signature;
  const std::size_t tree = end - 4 * block;
  // Three blocks of digests, and the one above them.
  ASSERT_THAT(tree / block, testing::AllOf(testing::Gt(256U), testing::Le(384U)));
  std::vector<std::string> changed;
  for (const std::size_t at : {std::size_t{5000}, tree / 2, tree - 1, tree, end - 1}) {
    changed.push_back(whole);
    changed.back()[at] = static_cast<char>(changed.back()[at] ^ 1);
  }
  // A block of the payload less, and one of the tree.
  changed.push_back(whole.substr(0, tree - block) + whole.substr(tree));
  changed.push_back(whole.substr(0, end - block) + whole.substr(end));
  for (std::size_t i = 0; i < changed.size(); ++i) {
    SCOPED_TRACE(i);
    std::ofstream(made(), std::ios::binary) << changed[i];
    expect_refused(ask_for("1.3.0"), "not what was signed");
  }
  EXPECT_EQ(installs_, 0);
  for (const char* slot : {"boot_b", "root_b"})
    EXPECT_EQ(read_text_file(at_.path() / slot).value(), std::string(1U << 20U, '\0')) << slot;
}

TEST_F(RaucTest, ABundleCutShortIsRefused) {
  make("1.3.0");
  fs::resize_file(made(), fs::file_size(made()) / 2);
  expect_refused(ask_for("1.3.0"), "the bundle is not taken (");
}

TEST_F(RaucTest, AnOlderBundleAndOneForAnotherBoardAreRefused) {
  make("1.1.9");
  expect_refused(ask_for("1.1.9"), "the bundle is version 1.1.9, and 1.2.0 runs");
  make("1.3.0", "wayside-other");
  expect_refused(ask_for("1.3.0"), "the bundle is for \"wayside-other\"");
}

// A file would grow; a device has an end.
TEST_F(RaucTest, ASystemThatDoesNotFitIntoItsSlotIsRefused) {
  const fs::path slot = at_.path() / "root_b";
  const std::string device = at_.path() / "device";
  fs::rename(slot, at_.path() / "behind");
  if (!shell("sh -c 'losetup --find --show " + (at_.path() / "behind").string() + " >" + device + "'"))
    GTEST_SKIP() << "there are no loop devices here";
  std::string loop = read_text_file(device).value();
  loop.pop_back();
  fs::create_symlink(loop, slot);
  make("1.3.0", "wayside-test", "good", 2'000'000);
  const UpdateStatus status = ask_for("1.3.0");
  EXPECT_TRUE(shell("losetup --detach " + loop));
  expect_refused(status, "it cannot be installed (");
}

TEST_F(RaucTest, WithoutItsServiceItIsSaid) {
  make("1.3.0");
  service_.reset();
  expect_refused(ask_for("1.3.0"), "it cannot be installed (");
}

TEST(RaucInfo, OnlyABundlesKindAndVersionAreTaken) {
  const auto info = bundle_info_from(R"({"compatible":"wayside-x","version":"1.2.3","images":[]})");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->compatible, "wayside-x");
  EXPECT_EQ(info->version, "1.2.3");
  for (const char* wrong : {"", "{}", "[]", R"({"compatible":"wayside-x","version":null})",
                            R"({"compatible":7,"version":"1.2.3"})"})
    EXPECT_FALSE(bundle_info_from(wrong)) << wrong;
}

TEST(RaucProgram, OneThatIsNotThereOrHangsIsAnErrorAndNoEnd) {
  RaucOptions options;
  options.program = "/nowhere/rauc";
  EXPECT_THAT(bundle_info(options, "x").error().message, HasSubstr("/nowhere/rauc could not be started"));
  const doubles::TemporaryFolder folder;
  options.program = folder.path() / "hangs";
  std::ofstream(options.program) << "#!/bin/sh\necho '  5% Working'\nexec sleep 60\n";
  fs::permissions(options.program, fs::perms::owner_all);
  options.install_limit = std::chrono::milliseconds(300);
  unsigned percent = 0;
  const Status installed = install_bundle(options, "x", [&](unsigned at) { percent = at; });
  ASSERT_FALSE(installed);
  EXPECT_EQ(installed.error().code, ErrorCode::unavailable);
  EXPECT_EQ(percent, 5U);
}

}  // namespace
}  // namespace wayside
