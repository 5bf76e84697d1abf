// The real waysided, asked over its control socket while it sees a road.
#include <chrono>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/control/control_client.hpp"

#include "tests/replay/replay_scene.hpp"

namespace wayside::replay_test {
namespace {

using testing::HasSubstr;
using testing::Not;

class WaysidedControl : public testing::Test {
 protected:
  [[nodiscard]] fs::path socket() const { return office_.folder() / "control"; }
  fs::path write_configuration(int segments = 8) {
    const fs::path file = office_.folder() / "camera.toml";
    std::ofstream(file) << "[site]\nname = \"Drawn road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
                        << "[camera]\nsource = \"replay:" << recorded_.video.string() << "\"\nrepeat = 0\n"
                        << "[queue]\ndirectory = \"queue\"\nsegments = " << segments << "\n"
                        << "[privacy]\nmasks = \"0,0 0.05,0 0.05,0.05\"\n"
                        << "[console]\ncontrol_socket = \"control\"\n"
                        << "[identity]\ndirectory = \"" << camera_.private_key.parent_path().string()
                        << "\"\n";
    return file;
  }
  [[nodiscard]] ControlClient client() const {
    auto connected = ControlClient::connect(socket(), std::chrono::seconds(30));
    if (!connected) throw std::runtime_error(connected.error().message);
    return std::move(*connected);
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  roadsim::Recorded recorded_ = draw_scene(office_.folder() / "scene" / "road");
};

TEST_F(WaysidedControl, SaysHowLargeTheQueueIsWhateverIsConfiguredSinceItWasMade) {
  for (const int configured : {8, 64}) {
    const Process waysided({"--config", write_configuration(configured).string()}, office_.folder() / "log");
    ASSERT_TRUE(waysided.wait_for_log("started")) << waysided.log();
    const auto queue = client().ask({.task = ControlTask::queue});
    ASSERT_TRUE(queue) << queue.error().message;
    EXPECT_EQ(queue->at("segments"), 8);
    EXPECT_EQ(queue->at("segments_configured"), configured);
    const auto privacy = client().ask({.task = ControlTask::privacy});
    ASSERT_TRUE(privacy) << privacy.error().message;
    EXPECT_THAT(privacy->dump(), HasSubstr("at most 0.1 GB"));
  }
}

TEST_F(WaysidedControl, SaysHowItIsAndWhatItSeesAndKeepsMarksToTheInstaller) {
  const Process waysided({"--config", write_configuration().string()}, office_.folder() / "log");
  ASSERT_TRUE(waysided.wait_for_log("started")) << waysided.log();
  std::string said;
  for (const ControlTask task : {ControlTask::health, ControlTask::counters, ControlTask::queue,
                                 ControlTask::authority, ControlTask::clock, ControlTask::privacy}) {
    const auto answer = client().ask({.task = task});
    ASSERT_TRUE(answer) << to_string(task) << ": " << answer.error().message;
    said += answer->dump();
  }
  EXPECT_THAT(said, HasSubstr("1 part of the view is black"));
  EXPECT_THAT(said, HasSubstr("frames_captured"));
  EXPECT_THAT(said, HasSubstr("\"segments_configured\":8"));
  EXPECT_THAT(said, HasSubstr("\"utc\":\"20"));
  const auto forgotten = client().ask({.task = ControlTask::forget_view});
  ASSERT_FALSE(forgotten);
  EXPECT_EQ(forgotten.error().message, "a recording has no commissioned view");

  ControlRequest request;
  request.task = ControlTask::aim;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  std::string plain;
  ASSERT_TRUE(client().aim(request, [&](const ControlClient::AimReport& report) {
    plain += report.text + report.figures.dump();
    return report.figures.at("plates") == 0 && std::chrono::steady_clock::now() < until;
  }));
  EXPECT_THAT(plain, HasSubstr("px wide"));
  EXPECT_THAT(plain, HasSubstr("\"plate_bright\":")) << "the light of plates is measured while somebody aims";
  for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles)
    EXPECT_THAT(plain + said, Not(HasSubstr(vehicle.vrm)));

  request.commissioning = true;
  request.actor = "installer";
  bool read = false;
  ASSERT_TRUE(client().aim(request, [&](const ControlClient::AimReport& report) {
    for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles)
      read = read || report.text.find(vehicle.vrm) != std::string::npos;
    return !read && std::chrono::steady_clock::now() < until;
  }));
  EXPECT_TRUE(read) << "the installer sees that marks are read";

  request.task = ControlTask::snapshot;
  request.commissioning = false;
  const auto snapshot = client().snapshot(request);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_TRUE(snapshot->blurred);
  const std::string log = waysided.log();
  EXPECT_THAT(log, HasSubstr("aiming"));
  EXPECT_THAT(log, HasSubstr("installer"));
  for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles)
    EXPECT_THAT(log, Not(HasSubstr(vehicle.vrm)));
}

}  // namespace
}  // namespace wayside::replay_test
