// From a drawn road to documents at a back office, through everything that runs on the camera.
#include <gtest/gtest.h>

#include "src/app/daemon.hpp"
#include "tests/replay/replay_scene.hpp"

namespace wayside::replay_test {
namespace {

class SameRecords : public testing::Test {
 protected:
  // The records of one whole run, in the order of their numbers.
  std::vector<std::string> run(std::uint32_t read_threads) {
    Configuration configuration;
    configuration.site.name = "Drawn road";
    configuration.camera.source = "replay:" + recorded_.video.string();
    configuration.camera.pace = "fast";
    configuration.recognition.read_threads = read_threads;
    configuration.queue.directory = office_.folder() / ("queue-" + std::to_string(runs_++));
    configuration.queue.segments = 4;
    configuration.upload.url = office_.server().url();
    configuration.identity.directory = camera_.private_key.parent_path();
    configuration.version = "0123456789abcdef";  // the same though the thread counts are not
    app::DaemonOptions options;
    options.models = from_environment("WAYSIDE_SOURCE_DIR") / "models";
    options.until_delivered = std::chrono::seconds(60);
    const Delivered before = delivered_to(office_.store());
    const Status done = app::run_daemon(configuration, options);
    EXPECT_TRUE(done) << done.error().message;
    const Delivered after = delivered_to(office_.store());
    EXPECT_EQ(after.incomplete, 0U);
    std::vector<std::string> documents;
    for (const auto& [queue, records] : after.documents) {
      if (before.documents.contains(queue)) continue;
      for (const auto& [number, document] : records)
        documents.push_back(document);
    }
    return documents;
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  backoffice::Server& server_ = office_.start();
  roadsim::Recorded recorded_ = draw_scene(office_.folder() / "scene" / "road");
  int runs_ = 0;
};

TEST_F(SameRecords, ByteForByteWithAnyNumberOfThreadsAndTrueToTheScene) {
  const std::vector<std::string> once = run(1);
  ASSERT_FALSE(once.empty());
  ASSERT_LE(once.size(), recorded_.truth.vehicles.size());
  std::size_t read_right = 0;
  for (const std::string& text : once) {
    const auto document = nlohmann::json::parse(text);
    EXPECT_EQ(document.at("device_id"), camera_.device_id);
    EXPECT_EQ(document.at("time").at("source"), "recording");
    const int first = document.at("frames").at("first").at("number");
    const int last = document.at("frames").at("last").at("number");
    for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles) {
      if (document.at("vrm") != vehicle.vrm) continue;
      ++read_right;
      EXPECT_GE(first, vehicle.views.front().frame);
      EXPECT_LE(last, vehicle.views.back().frame);
    }
  }
  EXPECT_GE(read_right, 1U);
  EXPECT_EQ(once, run(3));
}

}  // namespace
}  // namespace wayside::replay_test
