#include "wayside/device/config/store/configuration_store.hpp"

#include <regex>

#include <gmock/gmock.h>

#include "wayside/device/clock/boot_id.hpp"

#include "tests/camera/road_camera.hpp"

namespace wayside::camera_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class CameraStore : public RoadCameraTest {
 protected:
  CameraStore() {
    fs::copy(camera_.private_key.parent_path(), folder() / "identity", fs::copy_options::recursive);
  }
  [[nodiscard]] fs::path place() const { return folder() / "config"; }
  [[nodiscard]] replay_test::Process waysided() {
    return {{"--store", place().string()}, folder() / "log", folder()};
  }
  // What a file says, without the places that a store gives.
  void load_into(ConfigurationStore& store) {
    std::string text = *read_text_file(folder() / "camera.toml");
    text = std::regex_replace(text, std::regex("(directory|chronyc|sensors) = \"[^\"]*\"\n"), "");
    text = std::regex_replace(text, std::regex("\\[(identity|clock|board)\\]\n"), "");
    const Status loaded = store.load(text);
    EXPECT_TRUE(loaded) << loaded.error().message << text;
  }
  void commit(ConfigurationStore& store) {
    const auto done = store.commit({"alice", "", {}});
    EXPECT_TRUE(done) << done.error().message;
  }
  bool office_gets_from(const std::string& site, const std::string& version) {
    for (int i = 0; i < 600; ++i) {
      for (const backoffice::StoredRecord& record : stored(RecordType::capture)) {
        const json document = json::parse(record.document);
        if (document.at("site").at("name") == site && document.dump().find(version) != std::string::npos)
          return true;
      }
      ::usleep(100'000);
    }
    return false;
  }

  std::unique_ptr<Clock> clock_ = make_system_clock();
};

TEST_F(CameraStore, AFreshCameraWaitsForAConfigurationAndTakesOverWhatIsCommittedWithoutAnotherProcess) {
  write_configuration("day 5 8 1280 40 0 fixed");
  auto store = ConfigurationStore::open(place(), *clock_, *read_boot_id());
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE(store->edit("alice"));
  replay_test::Process daemon = waysided();
  ASSERT_TRUE(daemon.wait_for_log("no_configuration")) << daemon.log();
  load_into(*store);
  commit(*store);
  EXPECT_TRUE(office_gets_from("Drawn road", store->running()->version)) << daemon.log();

  // At once, and nothing else is disturbed.
  ASSERT_TRUE(store->set(Words{"site", "name", "Another road"}));
  ASSERT_TRUE(store->set(Words{"exposure", "speed_limit_mph", "30"}));
  ASSERT_TRUE(store->set(Words{"upload", "time_limit_s", "20"}));
  commit(*store);
  EXPECT_TRUE(office_gets_from("Another road", store->running()->version)) << daemon.log();
  EXPECT_THAT(daemon.log(), HasSubstr("keys_at_once=2 keys_remade=1 keys_begin_anew=0"));
  const auto count = [&](const std::string& what) {
    const std::string log = daemon.log();
    std::size_t found = 0;
    for (std::size_t at = log.find(what); at != std::string::npos; at = log.find(what, at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count("camera_stream "), 1U) << "the camera went on";

  // What no part can take: the camera begins anew, in the same process.
  ASSERT_TRUE(store->set(Words{"passes", "close_after_s", "0.9"}));
  commit(*store);
  EXPECT_TRUE(office_gets_from("Another road", store->running()->version)) << daemon.log();
  EXPECT_EQ(count(" started "), 2U) << daemon.log();

  // A version that a camera cannot begin with is waited out, and mended by the next one.
  for (const char* const key : {"width", "height", "frames_per_s"})
    ASSERT_TRUE(store->unset(Words{"camera", key}));
  ASSERT_TRUE(store->set(Words{"camera", "source", "replay:" + (folder() / "no-such-recording").string()}));
  commit(*store);
  for (int i = 0; i < 600 && count("no_configuration") < 2; ++i)
    ::usleep(100'000);
  ASSERT_EQ(count("no_configuration"), 2U) << daemon.log();
  ASSERT_TRUE(store->rollback(1));
  commit(*store);
  for (int i = 0; i < 600 && count(" started ") < 3; ++i)
    ::usleep(100'000);
  EXPECT_EQ(count(" started "), 3U) << daemon.log();
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

// Nothing may go on under settings that, by every word, do not run.
TEST_F(CameraStore, AFirstCommitThatNobodyConfirmsStopsTheCameraAgain) {
  write_configuration("day 5 8 1280 40 0 fixed");
  auto store = ConfigurationStore::open(place(), *clock_, *read_boot_id());
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE(store->edit("alice"));
  load_into(*store);
  const auto done = store->commit({"alice", "", std::chrono::seconds(60)});
  ASSERT_TRUE(done) << done.error().message;
  replay_test::Process daemon = waysided();
  ASSERT_TRUE(daemon.wait_for_log(" started ")) << daemon.log();
  ASSERT_TRUE(daemon.wait_for_log("configuration_taken_back")) << daemon.log();
  EXPECT_TRUE(daemon.wait_for_log("no_configuration")) << daemon.log();
  EXPECT_THAT(daemon.log(), HasSubstr(" ended "));
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

// It would be started anew until the machine is, under the hands of who mends it.
TEST_F(CameraStore, AStoreThatCannotBeOpenedIsWaitedOutAndTakenOnceItCan) {
  write_configuration("day 5 8 1280 40 0 fixed");
  std::ofstream(place()) << "no folder";
  replay_test::Process daemon = waysided();
  ASSERT_TRUE(daemon.wait_for_log("no_configuration")) << daemon.log();
  EXPECT_THAT(daemon.log(), HasSubstr("the configuration store: "));
  fs::remove(place());
  auto store = ConfigurationStore::open(place(), *clock_, *read_boot_id());
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE(store->edit("alice"));
  load_into(*store);
  commit(*store);
  EXPECT_TRUE(daemon.wait_for_log(" started ")) << daemon.log();
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

}  // namespace
}  // namespace wayside::camera_test
