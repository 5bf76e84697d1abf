// A camera that is missing, in use, of the wrong kind, pulled out and plugged in again, and a capture process
// that is killed: named each time, and mended while the daemon goes on. The test run labelled "long" sets
// WAYSIDE_CAMERA_CYCLES.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include <gmock/gmock.h>

#include "tests/vm/capture/camera_in_a_machine.hpp"
#include "tests/vm/road/road_pictures.hpp"

namespace wayside::vm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

int cycles() {
  const char* asked = std::getenv("WAYSIDE_CAMERA_CYCLES");
  return asked == nullptr ? 1 : std::atoi(asked);
}

class CameraFaults : public CameraInAMachine {
 protected:
  void SetUp() override {
    CameraInAMachine::SetUp();
    if (IsSkipped()) return;
    road_ = draw_empty_road(5);
    write_configuration({road_.width, road_.height, 3000, 2});
    boot();
  }
  UsbCameraOptions camera_options() {
    UsbCameraOptions options{folder() / "usb", road_.width, road_.height, 3};
    options.again_from_the_start = true;
    return options;
  }
  // Seconds until the log has it.
  double time_until(const std::string& text) {
    const auto begin = steady_clock::now();
    EXPECT_TRUE(says(text)) << text << " in\n" << log_;
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
  }
  RoadPictures road_;
};

TEST_F(CameraFaults, NonePresentBusyAndWrongFormatAreNamedAndMendedInOneLifeOfTheDaemon) {
  start_waysided();
  EXPECT_TRUE(says("state=\"none present\"")) << log_;
  UsbCameraOptions wrong = camera_options();
  wrong.declare_yuyv = true;
  UsbCamera other(wrong, road_.pictures);
  other.plug();
  EXPECT_TRUE(says("state=\"wrong format\"")) << log_;
  other.unplug();
  EXPECT_TRUE(says("state=\"none present\"")) << log_;
  UsbCamera camera(camera_options(), road_.pictures);
  camera.plug();
  time_until("state=\"streaming\"");
  // Another program takes it in the moment in which the capture process is away.
  machine_->say(
      "kill -STOP $pid; kill -9 $(busybox pidof wayside-capture); cam -c 1 -C >/tmp/cam.log 2>&1 & cam=$!; "
      "for i in $(seq 60); do grep -q bytesused /tmp/cam.log && break; sleep 1; done; kill -CONT $pid");
  EXPECT_TRUE(says("state=\"busy\"")) << log_;
  machine_->say("kill -9 $cam");
  time_until("state=\"streaming\"");
  const nlohmann::json counters = end_waysided();
  EXPECT_GE(counters.at("capture_starts"), 4);
}

TEST_F(CameraFaults, UnpluggedAndKilledAgainAndAgainItComesBackAndNothingIsLeftBehind) {
  UsbCamera camera(camera_options(), road_.pictures);
  camera.plug();
  start_waysided();
  ASSERT_TRUE(says("state=\"streaming\"")) << log_;
  const auto open = [this] { return std::stoi(answer("ls /proc/$pid/fd | wc -l")); };
  const int most = open() + 2;  // of the uplink
  std::vector<double> replugged_s, killed_s;
  for (int i = 0; i < cycles() && !HasFailure(); ++i) {
    hear(1s);
    camera.unplug();
    EXPECT_TRUE(says("state=\"unplugged\"")) << log_;
    camera.plug();
    replugged_s.push_back(time_until("state=\"streaming\""));
    hear(1s);
    machine_->say("kill -9 $(busybox pidof wayside-capture)");
    EXPECT_TRUE(says("state=\"crashed\"")) << log_;
    killed_s.push_back(time_until("state=\"streaming\""));
  }
  // Frames of before lie in the ring until a slow machine has come to them, and in a pass that was open over
  // it all until it is closed.
  const auto over = steady_clock::now();
  int now = open();
  while (now > most && steady_clock::now() < over + 3min) {
    for (int i = 0; i < 5; ++i)
      hear(1s);
    now = open();
  }
  EXPECT_LE(now, most);
  const std::chrono::duration<double> held = steady_clock::now() - over;
  const nlohmann::json counters = end_waysided();
  std::uint64_t told = 0;
  for (const char* name : {"frames_captured", "camera_frames_missed", "camera_frames_damaged",
                           "camera_frames_unbuffered", "camera_frames_out_of_order"})
    told += counters.at(name).get<std::uint64_t>();
  // What lies in the kernel's four buffers, and one on its way, goes with the capture process; a count that
  // begins anew cannot tell of it, the time without a camera does.
  const auto cuts = static_cast<std::uint64_t>(2 * cycles() + 1);
  EXPECT_LE(told, camera.sent());
  EXPECT_LE(camera.sent() - told, 6 * cuts) << counters;
  EXPECT_GT(counters.at("camera_blind_ms"), 0);
  std::sort(replugged_s.begin(), replugged_s.end());
  std::sort(killed_s.begin(), killed_s.end());
  ASSERT_FALSE(killed_s.empty());
  fmt::print(
      "{} cycles: {} pictures sent, {} told of; {} starts; frames {:.1f} s after a replug, {:.1f} at most; "
      "{:.1f} s after a kill, {:.1f} at most; nothing of before was left after {:.0f} s\n",
      cycles(), camera.sent(), told, counters.at("capture_starts").dump(),
      replugged_s[replugged_s.size() / 2], replugged_s.back(), killed_s[killed_s.size() / 2], killed_s.back(),
      held.count());
}

}  // namespace
}  // namespace wayside::vm
