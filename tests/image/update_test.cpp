// Updates of the image itself: bundles that tests/image/bundles.sh makes of it are given by the office, or
// put on the card as the camera's daemon leaves them when it has fetched one. RAUC, loader, kernel and
// services are those of a camera.
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <thread>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/updates.hpp"
#include "wayside/device/update/boot_state.hpp"
#include "wayside/device/update/update_folder.hpp"

#include "tests/image/asked_for.hpp"
#include "tests/image/camera_life.hpp"
#include "tests/image/card_files.hpp"

namespace wayside::image {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;

class ImageUpdate : public CameraLife {
 protected:
  void SetUp() override {
    CameraLife::SetUp();
    if (IsSkipped()) return;
    if (!std::filesystem::exists(image_folder() / "wayside.update"))
      GTEST_SKIP() << (image_folder() / "wayside.update").string() + " is not there: run toolchains/image.sh";
  }
  // Each as bundles.sh has it: "newer", "newer=9.1.0".
  void make_bundles(const std::string& kinds) const {
    const char* source = std::getenv("WAYSIDE_SOURCE_DIR");
    const std::string command =
        fmt::format("'{}/tests/image/bundles.sh' '{}' {} >'{}' 2>&1", source == nullptr ? "." : source,
                    bundles().string(), kinds, (folder_.path() / "bundles.log").string());
    if (std::system(command.c_str()) != 0)
      throw std::runtime_error(read_text_file(folder_.path() / "bundles.log").value_or(command));
  }
  [[nodiscard]] std::filesystem::path bundles() const { return folder_.path() / "bundles"; }
  [[nodiscard]] CardFiles update_files() const { return {*disk_, "update", folder_.path()}; }

  // The power is off. As waysided leaves it.
  void hand_in(const std::string& kind, const Abilities& able) const {
    const auto told = nlohmann::json::parse(*read_text_file(bundles() / (kind + ".update")));
    const std::filesystem::path request = folder_.path() / "request";
    std::ofstream(request) << encode(
        InstallRequest{told.at("version").get<std::string>(), told.at("sha256").get<std::string>(), able});
    const CardFiles card = update_files();
    card.put(bundles() / (kind + ".raucb"), "incoming/bundle");
    card.put(request, "incoming/install");
  }
  // From now on, and at once; as of that version and for this camera, whatever it is.
  void office_gives(const std::string& kind, const std::string& version) {
    const std::filesystem::path offer = bundles() / (kind + ".update");
    auto told = nlohmann::json::parse(*read_text_file(offer));
    told["version"] = version;
    told["compatible"] = "wayside-qemu-virt";
    std::ofstream(offer) << told.dump();
    const backoffice::Updates updates(office_.authority().updates());
    const auto now = doubles::BackOfficeDouble::now();
    const auto added = updates.add(offer, now);
    ASSERT_TRUE(added) << added.error().message;
    const Status given = updates.give(added->version, added->compatible, device_id(), std::nullopt, now);
    ASSERT_TRUE(given) << given.error().message;
  }
  [[nodiscard]] UpdateStatus status() const {
    const auto status = update_status_from(update_files().read("status"));
    EXPECT_TRUE(status) << status.error().message;
    return status ? *status : UpdateStatus{};
  }
  [[nodiscard]] BootState boot_state() const {
    const std::filesystem::path copy = folder_.path() / "bootstate";
    disk_->copy("bootstate", copy);
    const auto read = read_boot_state(copy);
    EXPECT_TRUE(read) << read.error().message;
    return read ? read->state : BootState{};
  }
  // The first of each partition of slot B, which is where whatever is written begins.
  [[nodiscard]] std::vector<Bytes> other_slot() const {
    constexpr std::uint64_t bytes = std::uint64_t{1} << 20U;
    return {disk_->read("boot_b", 0, bytes), disk_->read("root_b", 0, bytes)};
  }
  // The loader's next word on which slot it starts, with what it says of a trial.
  [[nodiscard]] std::string next_start(std::chrono::seconds limit = patience) {
    await("starting slot ", limit);
    await("\r\n", limit);
    std::string slot = machine_->said();
    return slot.substr(0, slot.find_last_not_of(' ') + 1);
  }
  // To a line that is answered with more than a screen has room for.
  std::string paged_answer(const std::string& line) {
    std::string all;
    machine_->type(line + "\r");
    while (machine_->says("-- more: ", 20s)) {
      all += machine_->said();
      machine_->type(" ");
    }
    await("alice> ");
    return all + machine_->said();
  }
  // Logged in: until what is shown of updates has that word.
  void await_shown(const std::string& state) {
    const auto until = steady_clock::now() + patience;
    do {
      if (steady_clock::now() >= until) throw std::runtime_error("not " + state + ": " + machine_->said());
      type("update show", "alice> ");
    } while (machine_->said().find(state) == std::string::npos);
  }
  // The road goes on meanwhile; until the machine says so, or what is shown of updates has that word.
  void drive_until(vm::UsbCamera& eyes, const std::string& text, Traffic traffic) {
    bool said = false;
    const auto is_said = [&] { return said = machine_->says(text, 10ms); };
    show_road(eyes, 2 * patience, is_said, traffic);
    if (!said) throw std::runtime_error("not \"" + text + "\": " + machine_->said());
  }
  // The road goes on while something else is done.
  void drive_while(vm::UsbCamera& eyes, const std::function<void()>& work, Traffic traffic) {
    auto done = std::async(std::launch::async, work);
    show_road(
        eyes, patience, [&] { return done.wait_for(0s) == std::future_status::ready; }, traffic);
    done.get();
  }
  void drive_until_shown(vm::UsbCamera& eyes, const std::string& state, Traffic traffic) {
    bool answered = false;
    const auto nothing = [] { return false; };
    const auto is_answered = [&] { return answered = machine_->says("alice> ", 10ms); };

    const auto until = steady_clock::now() + 2 * patience;
    do {
      if (steady_clock::now() >= until) throw std::runtime_error("not " + state + ": " + machine_->said());
      show_road(eyes, 5s, nothing, traffic);
      machine_->type("update show\r");
      show_road(eyes, patience, is_answered, traffic);
      if (!answered) throw std::runtime_error("no answer but: " + machine_->said());
    } while (machine_->said().find(state) == std::string::npos);
  }

  static constexpr const char* is_long = "it takes long: ctest -L long -R image";
  const std::uint64_t cuts_ = asked_for("WAYSIDE_UPDATE_CUTS", 0);
};

// Signed by a stranger, changed, for another board, or older: that a bundle is what its office says of it is
// not believed.
TEST_F(ImageUpdate, WhatItsOfficeGivesIsFetchedJudgedAndConfirmedOnceItHasDeliveredARecordAndStays) {
  make_bundles("wrong-key=8.0.0 incompatible=8.1.0 older tampered=8.3.0 newer");
  road_ = vm::draw_road(4, 20);
  more_settings_ = {"update kib_per_s 0", "passes close_after_s 3"};
  vm::UsbCameraOptions options = eyes();
  options.again_from_the_start = true;
  // Nobody drives past until it is confirmed: a frame with plates can take the emulated processor more than
  // the five seconds after which a camera shows anew, for a minute, that it captures.
  vm::UsbCamera eyes(options, {road_.pictures.back()});
  const std::vector<Bytes> before_refusals = other_slot();
  switch_on();
  await("login: ");
  eyes.plug();
  commission();
  tell("commissioned");
  const std::tuple<const char*, const char*, const char*> refusals[] = {
      {"wrong-key", "8.0.0", "signature"},
      {"incompatible", "8.1.0", "wayside-another"},
      {"older", "8.2.0", "0.0.1"},
      {"tampered", "8.3.0", "damaged"}};
  // Nothing is taken before it has done its work.
  Traffic traffic = Traffic::dense;
  for (const auto& [kind, version, reason] : refusals) {
    drive_while(
        eyes, [&, kind = kind, version = version] { office_gives(kind, version); }, traffic);
    type("update check", "alice> ");
    drive_until_shown(eyes, reason, traffic);
    traffic = Traffic::sparse;
    EXPECT_THAT(machine_->said(), AllOf(HasSubstr("refused"), HasSubstr(version)));
    tell(fmt::format("{} is refused", kind));
  }
  drive_while(
      eyes,
      [&] {
        make_bundles("older");
        office_gives("older", "0.0.1");
      },
      traffic);
  type("update check", "alice> ");
  drive_until_shown(eyes, "only go up", traffic);
  EXPECT_THAT(machine_->said(), HasSubstr("0.0.1"));
  tell("what says itself that it is older is not taken");
  EXPECT_TRUE(other_slot() == before_refusals) << "what was refused has changed the slot that does not run";
  drive_while(
      eyes, [&] { office_gives("newer", "9.0.0"); }, traffic);
  type("update check", "alice> ");
  drive_until_shown(eyes, "installing", traffic);
  tell("it is being installed, and the power is cut");
  cut_power();
  eyes.unplug();
  switch_on();
  EXPECT_EQ(next_start(), "a");
  await("Starting kernel");
  eyes.plug();
  drive_until(eyes, "starting slot ", traffic);
  tell("it goes on by itself, and the new one starts");
  eyes.unplug();
  await("\r\n");
  EXPECT_EQ(machine_->said(), "b wayside.trial=1");
  await("login: ");
  tell("its login, and the power is cut");
  cut_power();
  switch_on();
  EXPECT_EQ(next_start(), "b wayside.trial=1");
  await("login: ");
  eyes.plug();
  log_in();
  await_shown("trial");
  const std::size_t before = captures().size();
  drive_until_shown(eyes, "confirmed", Traffic::dense);
  EXPECT_THAT(machine_->said(), HasSubstr("9.0.0"));
  tell("confirmed");
  // Frames and a record of its own making confirmed it; and vehicles are read.
  eyes.unplug();
  vm::UsbCamera road(options, road_.pictures);
  road.plug();
  const auto until = steady_clock::now() + patience;
  while (captures().size() <= before) {
    ASSERT_LT(steady_clock::now(), until) << "nothing of the road arrived";
    show_road(road, 5s);
  }
  tell("delivers");
  const std::string trail = paged_answer("audit show 100");
  EXPECT_THAT(trail, AllOf(HasSubstr("8.0.0"), HasSubstr("8.3.0"), HasSubstr("refused"), HasSubstr("9.0.0"),
                           HasSubstr("confirmed")));
  cut_power();
  EXPECT_EQ(boot_state(), (BootState{BootSlot::b, std::nullopt, 0, 0}));
  EXPECT_EQ(status().state, UpdateState::confirmed);
  EXPECT_FALSE(update_files().exists("incoming/bundle"));
  EXPECT_FALSE(update_files().exists("bundle.raucb"));
  switch_on();
  EXPECT_EQ(next_start(), "b");
  await("Starting kernel");
}

TEST_F(ImageUpdate, ASystemThatBootsAndCannotCaptureGoesBackByItself) {
  make_bundles("blind");
  hand_in("blind", {std::string(ability_capture)});
  switch_on();
  EXPECT_EQ(next_start(), "a");
  EXPECT_EQ(next_start(), "b wayside.trial=1");
  await("login: ");
  EXPECT_EQ(next_start(), "a");
  await("login: ");
  cut_power();
  EXPECT_EQ(boot_state(), BootState{});
  const UpdateStatus found = status();
  EXPECT_EQ(found.state, UpdateState::reverted);
  EXPECT_THAT(found.reason, AllOf(HasSubstr("minutes"), HasSubstr("capture")));
}

// Nobody is there to restart it but the watchdog; the loader ends it.
TEST_F(ImageUpdate, ASystemThatHangsAtItsStartGoesBackByItself) {
  if (cuts_ == 0) GTEST_SKIP() << is_long;
  make_bundles("stuck");
  hand_in("stuck", {});
  switch_on();
  EXPECT_EQ(next_start(), "a");
  EXPECT_EQ(next_start(), "b wayside.trial=1");
  const auto hangs = steady_clock::now();
  EXPECT_EQ(next_start(8min), "b wayside.trial=1");
  EXPECT_GT(steady_clock::now() - hangs, 4min);
  // The other starts that it has, without the wait.
  for (unsigned left = boot_state().left; left > 0; --left) {
    cut_power();
    switch_on();
    EXPECT_EQ(next_start(), "b wayside.trial=1");
  }
  cut_power();
  switch_on();
  EXPECT_EQ(next_start(), "a");
  await("login: ");
  const auto until = steady_clock::now() + patience;
  while (boot_state().trial && steady_clock::now() < until)
    std::this_thread::sleep_for(1s);
  cut_power();
  EXPECT_EQ(boot_state(), BootState{});
  EXPECT_EQ(status().state, UpdateState::reverted);
  EXPECT_THAT(status().reason, HasSubstr("did not come as far as its services"));
}

// Whatever was half written: the system that ran starts, or the whole new one, which can end confirmed.
TEST_F(ImageUpdate, PowerCutsWhileItInstallsTriesAndConfirmsLeaveACameraThatStarts) {
  if (cuts_ == 0) GTEST_SKIP() << is_long;
  const std::uint64_t seed = asked_for("WAYSIDE_POWER_SEED", std::random_device{}());
  fmt::print("seed {}\n", seed);
  std::mt19937_64 random(seed);
  make_bundles("newer");
  const CameraDisk as_built(folder_.path() / "as-built");
  // What an update takes without a cut, from power to its trial's services and on to its confirmation.
  milliseconds whole{0};
  const auto one_update = [&](std::optional<milliseconds> cut_at) {
    hand_in("newer", {});
    const auto begin = steady_clock::now();
    switch_on();
    if (cut_at) {
      std::this_thread::sleep_for(*cut_at);
      cut_power();
      switch_on();
    }
    std::string slot = next_start();
    if (slot == "a") slot = next_start();
    EXPECT_EQ(slot.substr(0, 1), "b");
    await("login: ");
    while (slot == "b wayside.trial=1" && boot_state().trial) {
      ASSERT_LT(steady_clock::now(), begin + whole + patience);
      std::this_thread::sleep_for(1s);
    }
    if (!cut_at) whole = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    cut_power();
    EXPECT_EQ(boot_state(), (BootState{BootSlot::b, std::nullopt, 0, 0}));
    // The boot state is written first: the power went before it was said, and the next start says it.
    if (status().state == UpdateState::trial) {
      fmt::print("confirmed, and not said yet\n");
      switch_on();
      EXPECT_EQ(next_start(), "b");
      const auto until = steady_clock::now() + patience;
      while (status().state == UpdateState::trial && steady_clock::now() < until)
        std::this_thread::sleep_for(1s);
      cut_power();
    }
    EXPECT_EQ(status().state, UpdateState::confirmed);
  };
  one_update(std::nullopt);
  for (std::uint64_t cut = 1; cut <= cuts_ && !HasFailure(); ++cut) {
    disk_->become(as_built);
    const milliseconds at(random() % static_cast<std::uint64_t>(whole.count()));
    SCOPED_TRACE(fmt::format("cut {} at {} ms of {}", cut, at.count(), whole.count()));
    one_update(at);
  }
}

}  // namespace
}  // namespace wayside::image
