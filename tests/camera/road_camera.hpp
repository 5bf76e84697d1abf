// The real waysided with a camera that is a drawn road, an office over TLS, and a chronyd that a test speaks
// for.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/replay/replay_scene.hpp"

namespace wayside::camera_test {

namespace fs = std::filesystem;

class RoadCameraTest : public testing::Test {
 protected:
  RoadCameraTest() {
    // waysided looks for what belongs to it beside itself.
    const fs::path built = replay_test::from_environment("WAYSIDE_BINARY_DIR");
    fs::create_directories(folder() / "bin");
    fs::create_directories(folder() / "share/wayside");
    fs::copy_file(built / "bin/waysided", folder() / "bin/waysided");
    fs::copy_file(built / "tests/road_capture", folder() / "bin/wayside-capture");
    fs::create_directory_symlink(replay_test::from_environment("WAYSIDE_SOURCE_DIR") / "models",
                                 folder() / "share/wayside/models");
    std::ofstream(folder() / "chronyc")
        << "#!/bin/sh\nread -r line < " << (folder() / "tracking").string() << " && echo \"$line\"\n";
    fs::permissions(folder() / "chronyc", fs::perms::owner_all);
    chronyd_says("00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,Not synchronised");
    office_.authorise(camera_);
    office_.put_authority(camera_);
    office_.start();
  }

  void chronyd_says(const std::string& line) {
    std::ofstream(folder() / "tracking.new") << line << "\n";
    fs::rename(folder() / "tracking.new", folder() / "tracking");
  }
  // From a receiver's pulse, just now.
  void chronyd_is_synchronised() {
    chronyd_says("50505300,PPS,1," + std::to_string(doubles::BackOfficeDouble::now().ms / 1000) +
                 ".0,0.0,0.0,0.0,0.0,0.0,0.0,0.000001,0.001,16.0,Normal");
  }
  // more: sections of the configuration.
  void write_configuration(const std::string& road, const std::string& more = {}) {
    std::ofstream(folder() / "bin/road") << road;
    std::ofstream(folder() / "camera.toml")
        << "[site]\nname = \"Drawn road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
        << "[camera]\nsource = \"libcamera\"\nwidth = 1280\nheight = 720\nframes_per_s = 8\n"
        << "[capture]\nring_frames = 4\nstall_limit_ms = 20000\n[passes]\nclose_after_s = 1\n"
        << "[queue]\ndirectory = \"queue\"\nsegments = 8\n[upload]\nurl = \"" << office_.server().url()
        << "\"\n[identity]\ndirectory = \"" << camera_.private_key.parent_path().string() << "\"\n"
        << "[clock]\nchronyc = \"chronyc\"\n[board]\nsensors = \"sysfs\"\n"
        << board_ << more;
  }
  [[nodiscard]] replay_test::Process waysided() {
    return {
        {"--config", (folder() / "camera.toml").string(), "--report", (folder() / "report.json").string()},
        folder() / "log",
        folder()};
  }
  [[nodiscard]] nlohmann::json report() const {
    return nlohmann::json::parse(*read_text_file(folder() / "report.json"));
  }
  std::vector<backoffice::StoredRecord> stored(RecordType type) {
    std::vector<backoffice::StoredRecord> records;
    const Status visited = office_.store().visit_all([&](const backoffice::StoredRecord& record) -> Status {
      if (record.type == type) records.push_back(record);
      return {};
    });
    EXPECT_TRUE(visited);
    return records;
  }
  // Until so many records of the type are with the office. False: a minute has passed.
  bool office_gets(std::size_t count, RecordType type) {
    for (int i = 0; i < 600; ++i) {
      if (stored(type).size() >= count) return true;
      ::usleep(100'000);
    }
    return false;
  }
  [[nodiscard]] const fs::path& folder() const { return office_.folder(); }

  std::string board_;  // more keys of [board]; its sensors are what lies in folder() / "sysfs"
  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
};

}  // namespace wayside::camera_test
