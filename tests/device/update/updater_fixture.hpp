// A machine with two slots, a loader that goes by the boot state, and a RAUC that writes versions into slots;
// its power can go before any change that lasts.
#pragma once

#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/device/update/boot_backend.hpp"
#include "wayside/device/update/updater.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::testing_update {

struct PowerCut {};

class Machine {
 public:
  Machine() {
    std::filesystem::create_directories(folder.incoming());
    std::ofstream(boot_file(), std::ios::binary).close();
    std::filesystem::resize_file(boot_file(), 2 * boot_state_second_at);
    EXPECT_TRUE(write_boot_state(boot_file(), {BootSlot::a, std::nullopt, 0, 0}));
    slots[BootSlot::a] = "1.0.0";
  }

  std::filesystem::path boot_file() const { return at_.path() / "bootstate"; }
  BootState boot() const { return read_boot_state(boot_file()).value().state; }
  UpdateStatus status() const { return read_update_status(folder).value(); }
  bool is_there(const std::filesystem::path& path) const {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
  }
  bool is_tidy() const {
    return !is_there(folder.bundle()) && !is_there(folder.install()) && !is_there(folder.confirm()) &&
           !is_there(folder.root / "bundle.raucb");
  }

  // As U-Boot's script does it.
  void load() {
    BootState state = boot();
    on_trial = state.trial && state.left > 0 && loader_counts;
    running = state.slot;
    if (on_trial) {
      --state.left;
      ASSERT_TRUE(write_boot_state(boot_file(), state));
      on_trial = state.trial != unreadable;
      if (on_trial) running = *state.trial;
    }
    if (running == unreadable) running = other(running);
    ++starts;
    restarts = false;
    guarded.reset();
  }
  std::string boot_id() const {
    return std::string(24, '0') + to_hex(Bytes{0, 0, 0, static_cast<std::uint8_t>(starts)});
  }
  std::string runs() { return slots[running]; }

  Updater updater() {
    RunningSystem system;
    system.version = update_version_from(runs()).value_or(UpdateVersion{});
    system.compatible = "wayside-test";
    system.slot = running;
    system.on_trial = on_trial;
    system.boot_id = boot_id();
    UpdateTools tools;
    tools.look = [this](const std::filesystem::path& bundle) -> Result<BundleInfo> {
      if (look_fails) return fail(ErrorCode::refused, *look_fails);
      return BundleInfo{compatible, read_text_file(bundle).value()};
    };
    tools.install = [this](const std::filesystem::path& bundle,
                           const std::function<void(unsigned)>& percent) { return install(bundle, percent); };
    tools.restart = [this]() -> Status {
      restarts = true;
      return {};
    };
    tools.guard = [this](std::chrono::seconds limit) { guarded = limit; };
    tools.unguard = [this] { guarded.reset(); };
    tools.before_change = [this] { change(); };
    tools.say = [this](std::string_view sentence) { said.emplace_back(sentence); };
    return Updater(folder, boot_file(), system, tools);
  }

  // The bundle is its version.
  void give(const std::string& version, const Abilities& able = {"capture", "deliver"}) const {
    std::ofstream(folder.bundle()) << version;
    ASSERT_TRUE(request_install(folder, {version, to_hex(sha256(as_bytes(version))), able}));
  }

  const doubles::TemporaryFolder at_{doubles::in_memory()};
  const UpdateFolder folder{at_.path() / "update"};
  std::map<BootSlot, std::string> slots;
  BootSlot running = BootSlot::a;
  bool on_trial = false;
  std::optional<BootSlot> unreadable;  // by the loader
  bool loader_counts = true;
  bool restarts = false;
  std::optional<std::chrono::seconds> guarded;  // by the machine's watchdog
  int starts = 0;
  std::string compatible = "wayside-test";
  std::optional<std::string> look_fails;
  std::optional<std::string> install_fails;
  std::function<void()> once_installed;
  std::vector<std::string> said;
  std::optional<int> cut_at;  // changes that still happen
  int changes = 0;

 private:
  void change() {
    if (cut_at && changes >= *cut_at) throw PowerCut{};
    ++changes;
  }
  Status install(const std::filesystem::path& bundle, const std::function<void(unsigned)>& percent) {
    const std::string target(to_string(other(running)));
    change();
    EXPECT_TRUE(boot_backend(boot_file(), std::vector<std::string>{"set-state", target, "bad"}));
    percent(20);
    slots[other(running)] = "torn";
    if (install_fails) return fail(ErrorCode::refused, *install_fails);
    change();
    slots[other(running)] = read_text_file(bundle).value();
    percent(99);
    change();
    EXPECT_TRUE(boot_backend(boot_file(), std::vector<std::string>{"set-primary", target}));
    if (once_installed) once_installed();
    return {};
  }
};

}  // namespace wayside::testing_update
