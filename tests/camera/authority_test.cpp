#include <gmock/gmock.h>

#include "tests/camera/road_camera.hpp"

namespace wayside::camera_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CameraAuthority : public RoadCameraTest {
 protected:
  [[nodiscard]] fs::path authority() const { return camera_.private_key.parent_path() / "authority"; }
  std::size_t captures() { return stored(RecordType::capture).size(); }
  void revoke_on_the_card() {
    AuthorityDocument revocation;
    revocation.kind = AuthorityDocument::Kind::revocation;
    revocation.devices = {camera_.device_id};
    revocation.reason = "Need ceased";
    ASSERT_TRUE(office_.issued().issue(revocation, doubles::BackOfficeDouble::now()));
    office_.put_authority(camera_);
  }
  // Until the office has been told so many. False: a minute has passed.
  bool office_is_told(std::size_t count) {
    for (int i = 0; i < 600 && states_told().size() < count; ++i)
      ::usleep(100'000);
    return states_told().size() >= count;
  }
  std::vector<std::string> states_told() {
    std::vector<std::string> states;
    const auto told = backoffice::told_authorities(office_.store(), camera_.device_id);
    for (const auto& one : told.value().told)
      states.push_back(one.state);
    return states;
  }
};

TEST_F(CameraAuthority, WithoutOneACameraCapturesNothingAndGoesOnWithoutARestartWhenItComes) {
  fs::remove(authority() / "1.authority");
  fs::remove(office_.authority().deployment() / "1.authority");  // or the office would send it
  write_configuration("day 5 8 1280 40 0 fixed");
  replay_test::Process daemon = waysided();
  ASSERT_TRUE(daemon.wait_for_log("authority_state")) << daemon.log();
  ::sleep(3);
  EXPECT_THAT(daemon.log(), testing::Not(HasSubstr("camera_stream "))) << "the camera was not even started";
  office_.put_authority(camera_);
  EXPECT_TRUE(office_gets(1, RecordType::capture)) << daemon.log();
  // Revoked while it runs.
  const auto revoked_at = std::chrono::steady_clock::now();
  revoke_on_the_card();
  ASSERT_TRUE(daemon.wait_for_log("state=\"revoked\"")) << daemon.log();
  EXPECT_LT(std::chrono::steady_clock::now() - revoked_at, std::chrono::seconds(5));
  ::sleep(2);  // what was captured before is read, and recorded
  ASSERT_TRUE(office_is_told(3)) << daemon.log();
  const std::size_t before = captures();
  ::sleep(5);
  EXPECT_EQ(captures(), before);
  office_.authorise(camera_);
  office_.put_authority(camera_);
  EXPECT_TRUE(office_gets(before + 1, RecordType::capture)) << daemon.log();
  EXPECT_TRUE(office_is_told(4)) << daemon.log();
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  EXPECT_THAT(states_told(), testing::ElementsAre("none", "in_force", "revoked", "in_force"));
  EXPECT_FALSE(report().at("problems").contains("authority"));
  EXPECT_EQ(report().at("states").at("authority"), "in_force");
}

TEST_F(CameraAuthority, TheOfficeSendsOneWithItsAnswerToTheHeartbeatAndHealthSaysWhyNothingIsCaptured) {
  fs::remove(authority() / "1.authority");
  write_configuration("day 5 8 1280 40 0 fixed");
  replay_test::Process daemon = waysided();
  EXPECT_TRUE(office_gets(1, RecordType::capture)) << daemon.log();
  EXPECT_THAT(daemon.log(), HasSubstr("authority_taken"));
  EXPECT_TRUE(fs::exists(authority() / "1.authority"));
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

}  // namespace
}  // namespace wayside::camera_test
