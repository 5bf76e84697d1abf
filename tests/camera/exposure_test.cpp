#include <gmock/gmock.h>

#include "tests/camera/road_camera.hpp"

namespace wayside::camera_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class CameraExposure : public RoadCameraTest {
 protected:
  // The states that the last report says.
  json states_after(replay_test::Process& daemon) {
    daemon.send(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0) << daemon.log();
    return report().at("states");
  }
};

// A camera that begins so dark that no plate is read.
TEST_F(CameraExposure, ACameraInTheWrongLightIsPutRightByThePlan) {
  const std::string road = "dusk 5 8 1280 60 20 told";
  write_configuration(road, "[exposure]\nby = \"camera\"\n");
  {
    replay_test::Process without = waysided();
    EXPECT_TRUE(without.wait_for_log("camera_stream ")) << without.log();
    ::sleep(8);
    const json states = states_after(without);
    EXPECT_FALSE(states.contains("exposure") || states.contains("light"));
    EXPECT_EQ(report().at("counters").at("passes"), 0);
  }
  write_configuration(road, "[exposure]\nspeed_limit_mph = 40\n");
  replay_test::Process daemon = waysided();
  EXPECT_TRUE(office_gets(3, RecordType::capture)) << daemon.log();
  const json states = states_after(daemon);
  EXPECT_EQ(states.at("exposure"), "planned");
  EXPECT_EQ(states.at("light"), "dusk");
  EXPECT_FALSE(states.contains("illuminator"));
}

TEST_F(CameraExposure, ACameraThatIsNotToBeToldIsUsedAsItIsAndAFlashThatIsNotThereIsSaid) {
  write_configuration("day 5 8 1280 40 0 fixed",
                      "[illuminator]\nkind = \"sensor_strobe\"\npwm_chip = \"no/pwmchip0\"\n"
                      "gpio_chip = \"no/gpiochip0\"\ntemperature = \"no/temp1_input\"\n");
  replay_test::Process daemon = waysided();
  EXPECT_TRUE(office_gets(1, RecordType::capture)) << daemon.log();
  const json states = states_after(daemon);
  EXPECT_THAT(states.at("exposure").get<std::string>(), HasSubstr("offers no exposure time"));
  EXPECT_THAT(states.at("illuminator").get<std::string>(), HasSubstr("cannot be used"));
  EXPECT_FALSE(report().at("problems").contains("exposure"));
  EXPECT_THAT(report().at("problems").at("illuminator").get<std::string>(), HasSubstr("no/gpiochip0"));
  EXPECT_THAT(daemon.log(), AllOf(HasSubstr("illuminator_unhealthy"), HasSubstr("exposure_state")));
}

}  // namespace
}  // namespace wayside::camera_test
