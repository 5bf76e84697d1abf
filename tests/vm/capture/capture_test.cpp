// A camera on a USB bus, a stock kernel, stock libcamera, waysided, a network and a back office: everything
// is real but the camera and the road.
#include <thread>

#include <gmock/gmock.h>

#include "tests/vm/capture/camera_in_a_machine.hpp"
#include "tests/vm/road/road_pictures.hpp"

namespace wayside::vm {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Frames that are told of one way or the other.
std::uint64_t accounted_for(const nlohmann::json& counters) {
  std::uint64_t sum = 0;
  for (const char* name : {"frames_captured", "camera_frames_missed", "camera_frames_damaged",
                           "camera_frames_unbuffered", "camera_frames_out_of_order"})
    sum += counters.at(name).get<std::uint64_t>();
  return sum;
}

class CaptureInAMachine : public CameraInAMachine {};

TEST_F(CaptureInAMachine, ReadsSealsAndDeliversWhatDrivesPastAndAccountsForEveryFrame) {
  // The road's time goes by as fast as the emulated processor looks at it, which is slowly: each picture
  // waits until the one before has been looked at. The empty road at the end lasts until the last vehicle has
  // passed.
  const RoadPictures road = draw_road(2, 100);
  constexpr double frames_per_s = 5;
  write_configuration({road.width, road.height, 60'000, 15});
  ASSERT_NO_FATAL_FAILURE(boot());
  UsbCameraOptions options{folder() / "usb", road.width, road.height, frames_per_s};
  options.on_request = true;
  UsbCamera camera(options, road.pictures);
  on_idle_ = [&camera] { camera.ask(); };
  camera.plug();
  start_waysided();
  ASSERT_TRUE(says("camera_state state=\"streaming\"")) << log_;
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(20);
  while (delivered_vrms().size() < road.vrms.size() && !camera.at_end() &&
         std::chrono::steady_clock::now() < until)
    hear(500ms);
  int idle = 0;
  on_idle_ = [&idle] { ++idle; };
  while (idle < 10 && std::chrono::steady_clock::now() < until)
    hear(500ms);
  const nlohmann::json counters = end_waysided();
  EXPECT_EQ(delivered_vrms(), road.vrms) << log_;
  EXPECT_EQ(accounted_for(counters), camera.sent()) << counters;
  EXPECT_EQ(counters.at("frames_captured").get<std::uint64_t>(),
            counters.at("frames_tracked").get<std::uint64_t>() +
                counters.at("frames_dropped").get<std::uint64_t>());
  EXPECT_EQ(counters.at("capture_starts"), 1);
  EXPECT_EQ(counters.at("camera_times_refused"), 0);
  fmt::print("{} pictures sent, {} captured, {} dropped before the localiser, {} before the readers\n",
             camera.sent(), counters.at("frames_captured").dump(), counters.at("frames_dropped").dump(),
             counters.at("frames_unread").dump());
}

}  // namespace
}  // namespace wayside::vm
