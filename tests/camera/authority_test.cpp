#include <algorithm>

#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "wayside/anpr/read/occupants.hpp"

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
  // What is finer than the squares of a blurred one, above each plate in the overviews from the one on that
  // came as number `first`: in the mean.
  double detail_from(std::size_t first) {
    double sum = 0;
    std::size_t count = 0;
    const auto records = stored(RecordType::capture);
    for (std::size_t i = first; i < records.size(); ++i) {
      if (!records[i].overview) continue;
      const json document = json::parse(records[i].document);
      PlateQuad quad{};
      for (std::size_t corner = 0; corner < quad.size(); ++corner)
        quad.at(corner) = {document.at("quad").at(corner).at(0), document.at("quad").at(corner).at(1)};
      const cv::Mat overview = cv::imdecode(records[i].overview->bytes, cv::IMREAD_GRAYSCALE);
      const double scale = overview.cols / document.at("frame_size").at("width").get<double>();
      const cv::Rect2d seen = occupants_above(quad);
      const cv::Rect area =
          cv::Rect(static_cast<int>(seen.x * scale), static_cast<int>(seen.y * scale),
                   static_cast<int>(seen.width * scale), static_cast<int>(seen.height * scale)) &
          cv::Rect(0, 0, overview.cols, overview.rows);
      cv::Mat edges;
      cv::Laplacian(overview(area), edges, CV_32F);
      cv::Scalar mean;
      cv::Scalar spread;
      cv::meanStdDev(edges, mean, spread);
      sum += spread[0] * spread[0];
      ++count;
    }
    EXPECT_GT(count, 0U);
    return sum / static_cast<double>(std::max<std::size_t>(count, 1));
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

TEST_F(CameraAuthority, OccupantsAreClearOnlyOnceTheAuthoritySaysSoToo) {
  write_configuration("day 5 8 1280 40 0 fixed", "[privacy]\noverview_occupants = \"clear\"\n");
  replay_test::Process daemon = waysided();
  ASSERT_TRUE(office_gets(3, RecordType::capture)) << daemon.log();
  const double blurred = detail_from(0);
  office_.authorise(camera_, true);
  office_.put_authority(camera_);
  ::sleep(3);  // what was seen before is recorded
  const std::size_t before = captures();
  ASSERT_TRUE(office_gets(before + 3, RecordType::capture)) << daemon.log();
  const double clear = detail_from(before);
  std::printf("variance of the Laplacian: %.2f blurred, %.1f clear\n", blurred, clear);
  EXPECT_LT(blurred, clear / 5);
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
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
