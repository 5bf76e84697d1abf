// The camera as a service: as it is installed, under a systemd that runs the guest, as its own user, with a
// USB camera and a hardware watchdog (QEMU's Intel 6300ESB). Each rung that is there to start it again is
// made to.
#include <chrono>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/vm/capture/camera_in_a_machine.hpp"
#include "tests/vm/road/road_pictures.hpp"
#include "tests/vm/machine/installed_camera.hpp"

namespace wayside::vm {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Service : public CameraInAMachine {
 protected:
  void SetUp() override {
    CameraInAMachine::SetUp();
    if (IsSkipped()) return;
    const std::filesystem::path stage = stage_camera(folder());
    road_ = draw_empty_road(5);
    std::ofstream(folder() / "commission") << commissioning(its_configuration());
    MachineOptions options = camera_machine(folder());
    options.systemd = true;
    options.more.insert(options.more.end(), {"-device", "i6300esb"});
    machine_ = std::make_unique<VirtualMachine>(options);
    ASSERT_TRUE(make_ready(*machine_)) << "the console: " << folder() / "console";
    // As an installer does it.
    install_camera(*machine_, stage);
    must(*machine_, "modprobe i6300esb && udevadm trigger --settle --subsystem-match=misc");
    must(*machine_,
         fmt::format("cp -r {} /var/lib/wayside/identity && chown -R wayside: /var/lib/wayside/identity",
                     camera_.private_key.parent_path().string()));
    must(*machine_, fmt::format("wayside-console <{}/commission", folder().string()));
  }
  [[nodiscard]] std::string its_configuration() {
    std::ostringstream toml;
    toml << "[site]\nname = \"Drawn road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
         << "[camera]\nsource = \"libcamera\"\nmodel = \"Recorded roadside camera\"\nwidth = " << road_.width
         << "\nheight = " << road_.height
         << "\n[queue]\ndirectory = \"/var/lib/wayside/queue\"\nsegments = 8\n[upload]\nurl = \"https://"
         << host_seen_from_the_guest << ":" << office_.server().port()
         << "\"\n[identity]\ndirectory = \"/var/lib/wayside/identity\"\n[supervision]\n"
         << "watchdog = \"/dev/watchdog\"\nwatchdog_limit_s = 100\nblind_limit_s = 30\nmetrics_socket = "
            "\"/run/wayside/metrics\"\n";
    return toml.str();
  }
  // Lines of the unit that a test needs otherwise.
  void drop_in(const std::string& lines) {
    machine_->run("mkdir -p /run/systemd/system/waysided.service.d && printf '" + lines +
                  "' >/run/systemd/system/waysided.service.d/test.conf && systemctl daemon-reload");
  }
  void start_service() {
    follow("journalctl --follow --lines=all --output=cat --unit=waysided");
    machine_->say("systemctl start --no-block waysided");
  }
  [[nodiscard]] UsbCameraOptions camera_options() const {
    UsbCameraOptions options{folder() / "usb", road_.width, road_.height, 3};
    options.again_from_the_start = true;
    return options;
  }
  std::string status(const std::string& field) {
    return answer("grep " + field + ": /proc/$(systemctl show -P MainPID waysided)/status");
  }
  RoadPictures road_;
};

TEST_F(Service, CapturesAsItsOwnUserConfinedAndIsStartedAgainWhenKilledAndWhenItHangs) {
  UsbCamera camera(camera_options(), road_.pictures);
  camera.plug();
  start_service();
  ASSERT_TRUE(says("watchdog_runs")) << log_;
  ASSERT_TRUE(says("state=\"streaming\"")) << log_;
  EXPECT_THAT(status("NoNewPrivs"), HasSubstr("1"));
  EXPECT_THAT(status("Seccomp"), HasSubstr("2"));
  EXPECT_THAT(status("CapEff"), HasSubstr("0000000000000000"));
  EXPECT_EQ(
      answer("for one in $(busybox pidof waysided wayside-capture); do stat -c %U /proc/$one; done | xargs"),
      "wayside wayside");
  EXPECT_EQ(answer("stat -c '%U %a' /var/lib/wayside /var/lib/wayside/queue | xargs"),
            "wayside 3770 wayside 2700");
  EXPECT_THAT(answer("curl -s --unix-socket /run/wayside/metrics http://camera/metrics | grep "
                     "'^wayside_frames_captured'"),
              HasSubstr("wayside_frames_captured"));

  machine_->say("systemctl kill --kill-whom=main --signal=KILL waysided");
  EXPECT_TRUE(says("Main process exited, code=killed, status=9/KILL")) << log_;
  EXPECT_TRUE(says("state=\"streaming\"")) << log_;
  machine_->say("systemctl kill --kill-whom=main --signal=STOP waysided");
  EXPECT_TRUE(says("Watchdog timeout")) << log_;
  EXPECT_TRUE(says("state=\"streaming\"")) << log_;
  EXPECT_EQ(answer("systemctl show -P NRestarts waysided"), "2");
  EXPECT_EQ(answer("busybox pidof wayside-capture | wc -w"), "1");

  // A clean stop lets go of the hardware watchdog, whose limit is 100 s.
  machine_->say("systemctl stop waysided; echo stopped");
  EXPECT_TRUE(says("stopped")) << log_;
  EXPECT_EQ(log_.find("state=\"crashed\""), std::string::npos) << log_;
  EXPECT_FALSE(machine_->ends(115s));
}

TEST_F(Service, MachineIsStartedAnewWhereNothingFeedsItsWatchdog) {
  UsbCamera camera(camera_options(), road_.pictures);
  camera.plug();
  drop_in("[Service]\\nWatchdogSec=0\\n");
  start_service();
  ASSERT_TRUE(says("state=\"streaming\"")) << log_;
  machine_->say("systemctl kill --signal=STOP waysided");
  EXPECT_TRUE(machine_->ends(180s));
}

TEST_F(Service, MachineIsStartedAnewWhereTheServiceDoesNotStayUp) {
  drop_in("[Unit]\\nStartLimitBurst=2\\n[Service]\\nRestartSec=1\\n");
  start_service();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(says("watchdog_runs")) << log_;
    EXPECT_FALSE(machine_->ends(1s));
    machine_->say("systemctl kill --kill-whom=main --signal=KILL waysided");
  }
  EXPECT_TRUE(machine_->ends(180s)) << log_;
}

TEST_F(Service, CameraThatStaysBlindHasTheDaemonAndThenTheMachineStartedAnew) {
  drop_in("[Service]\\nRestartSec=1\\n");
  start_service();
  ASSERT_TRUE(says("state=\"none present\"")) << log_;
  ASSERT_TRUE(says("next=\"the daemon ends, to be started anew\"")) << log_;
  ASSERT_TRUE(says("ended records_waiting")) << log_;
  // Its pictures end it, and it begins anew with the first wait.
  UsbCamera camera(camera_options(), road_.pictures);
  camera.plug();
  ASSERT_TRUE(says("camera_sees_again")) << log_;
  camera.unplug();
  ASSERT_TRUE(says("next=\"the daemon ends, to be started anew\"")) << log_;
  ASSERT_TRUE(says("watchdog_runs")) << log_;
  ASSERT_TRUE(says("next=\"the machine is restarted by its watchdog\"")) << log_;
  EXPECT_TRUE(machine_->ends(180s)) << log_;
}

}  // namespace
}  // namespace wayside::vm
