// The real waysided with the profile "bof2": its own back office lends the key, a double of the police
// service takes the records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/backoffice/unlock_keys.hpp"

#include "tests/doubles/police_service_double.hpp"
#include "tests/replay/replay_scene.hpp"

namespace wayside::replay_test {
namespace {

using doubles::PoliceServiceDouble;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class WaysidedBof2 : public testing::Test {
 protected:
  WaysidedBof2() {
    const UtcTime now = doubles::BackOfficeDouble::now();
    const auto key =
        backoffice::make_unlock_key(unlock_, camera_.device_id, now, {}, now + std::chrono::hours(1));
    if (!key) throw std::runtime_error(key.error().message);
    key_file_ = unlock_ / camera_.device_id / (to_hex(key_id(key->key)) + ".key");
    // Its public half goes among the camera's recipients.
    const auto enrolled = backoffice::enrol_device(office_.authority(), office_.store(),
                                                   identity_ / "device.csr", identity_, now);
    if (!enrolled) throw std::runtime_error(enrolled.error().message);
    office_.start();
    fs::create_directory(camera_folder_);
    fs::permissions(shown_.key, fs::perms(0600));
    if (!replace_file(camera_folder_ / "signature", as_bytes("something secret\n"), 0600))
      throw std::runtime_error("cannot write the signature");
    std::ofstream(camera_folder_ / "camera.toml")
        << "[site]\nname = \"Drawn road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
        << "[camera]\nsource = \"replay:" << recorded_.video.string() << "\"\npace = \"fast\"\n"
        << "[queue]\ndirectory = \"queue\"\nsegments = 8\n"
        << "[upload]\nprofile = \"bof2\"\nurl = \"" << police_.url() << "\"\nunlock_url = \""
        << office_.server().url() << "\"\nusername = \"wayside\"\nsignature_file = \"signature\"\n"
        << "ca_certificate = \"" << authority_.certificate().string() << "\"\ncertificate = \""
        << shown_.certificate.string() << "\"\nprivate_key = \"" << shown_.key.string() << "\"\n"
        << "[identity]\ndirectory = \"" << identity_.string() << "\"\n";
  }
  // Its exit code; the log is then in log_.
  int run(const std::string& name, int seconds) {
    Process camera(
        {"--config", (camera_folder_ / "camera.toml").string(), "--until-delivered", std::to_string(seconds)},
        camera_folder_ / (name + ".log"));
    const int code = camera.wait();
    log_ = camera.log();
    return code;
  }
  int captures() const {
    int times = 0;
    for (const auto& [key, stored] : police_.stored())
      times += stored.times;
    return times;
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  fs::path identity_ = camera_.certificate.parent_path();
  fs::path unlock_ = office_.authority().unlock();
  fs::path key_file_;
  fs::path camera_folder_ = office_.folder() / "box";
  doubles::TestAuthority authority_{office_.folder(), "police"};
  doubles::PemPair shown_ = authority_.issue("camera-at-the-police");
  PoliceServiceDouble police_{authority_.issue("police-server"), authority_.certificate()};
  roadsim::Recorded recorded_ = draw_scene(office_.folder() / "scene" / "road");
  std::string log_;
};

TEST_F(WaysidedBof2, SendsEveryRecordAndItsBorrowedKeyIsInNoFileOfTheCamera) {
  ASSERT_EQ(run("first", 60), 0) << log_;
  const auto numbers = stored_in(log_);
  ASSERT_GE(numbers.size(), 2U);
  EXPECT_EQ(captures(), static_cast<int>(numbers.size()));
  const auto arrived = police_.stored();
  for (const auto& [key, stored] : arrived) {
    EXPECT_EQ(stored.pictures.at("P").size(), 1U);
    EXPECT_EQ(stored.pictures.at("C").size(), 1U);
    EXPECT_THAT(log_, Not(HasSubstr(key.substr(0, key.find('|')))));
  }
  for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles)
    EXPECT_EQ(std::count_if(arrived.begin(), arrived.end(),
                            [&](const auto& one) { return one.first.starts_with(vehicle.vrm + "|1|2|3|"); }),
              1)
        << vehicle.vrm;
  EXPECT_THAT(police_.calls().front().body, HasSubstr("something secret"));
  EXPECT_TRUE(delivered_to(office_.store()).documents.empty()) << "records go to one place";
  EXPECT_TRUE(office_.store().heartbeat(camera_.device_id)) << "the operator hears how the camera is";

  const std::string hex = read_text_file(key_file_).value().substr(0, 64);
  const Bytes raw = bytes_from_hex(hex).value();
  std::size_t files = 0;
  for (const fs::path& folder : {camera_folder_, identity_}) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string content = read_text_file(entry.path()).value();
      ++files;
      EXPECT_EQ(content.find(hex), std::string::npos) << entry.path();
      EXPECT_EQ(content.find(std::string(raw.begin(), raw.end())), std::string::npos) << entry.path();
    }
  }
  EXPECT_GT(files, 10U);
}

TEST_F(WaysidedBof2, ARevokedCameraSendsNothingLosesNothingAndSaysSo) {
  ASSERT_TRUE(backoffice::revoke_unlock(unlock_, camera_.device_id, doubles::BackOfficeDouble::now()));
  EXPECT_EQ(run("revoked", 3), 1) << log_;
  EXPECT_THAT(log_, HasSubstr("unlock_key_missing"));
  EXPECT_THAT(police_.calls(), IsEmpty());
  const std::size_t waiting = stored_in(log_).size();
  ASSERT_GE(waiting, 2U);
  const std::string heartbeat = office_.store().heartbeat(camera_.device_id).value();
  EXPECT_THAT(heartbeat, HasSubstr("unlock_key"));
  ASSERT_TRUE(backoffice::restore_unlock(unlock_, camera_.device_id, doubles::BackOfficeDouble::now()));
  EXPECT_EQ(run("restored", 60), 0) << log_;
  EXPECT_EQ(captures(), static_cast<int>(waiting + stored_in(log_).size()));
}

}  // namespace
}  // namespace wayside::replay_test
