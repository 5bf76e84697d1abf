// waysided in a virtual machine, with a USB camera and a back office outside of it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/doubles/back_office_double.hpp"
#include "tests/vm/machine/camera_machine.hpp"

namespace wayside::vm {

class CameraInAMachine : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = VirtualMachine::missing(); !missing.empty()) GTEST_SKIP() << missing;
    office_.authorise(camera_);
    office_.put_authority(camera_);
    office_.start();
  }

  struct Setup {
    std::uint16_t width = 0;
    std::uint16_t height = 0;
    unsigned stall_limit_ms = 60'000;
    double close_after_s = 2;
  };
  void write_configuration(const Setup& setup) {
    std::ofstream(folder() / "camera.toml")
        << "[site]\nname = \"Drawn road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
        << "[camera]\nsource = \"libcamera\"\nmodel = \"Recorded roadside camera\"\nwidth = " << setup.width
        << "\nheight = " << setup.height
        << "\n[capture]\nring_frames = 28\nstall_limit_ms = " << setup.stall_limit_ms
        << "\n[passes]\nclose_after_s = " << setup.close_after_s
        << "\n[queue]\ndirectory = \"queue\"\nsegments = 8\n[upload]\nurl = \"https://"
        << host_seen_from_the_guest << ":" << office_.server().port() << "\"\n[identity]\ndirectory = \""
        << camera_.private_key.parent_path().string() << "\"\n";
  }
  void boot() {
    machine_ = std::make_unique<VirtualMachine>(camera_machine(folder()));
    ASSERT_TRUE(make_ready(*machine_)) << "the console: " << folder() / "console";
  }

  // What is said to the guest from now on is done there; what waysided logs, and that prints, comes back.
  void start_waysided() {
    const std::filesystem::path programs = std::filesystem::path(std::getenv("WAYSIDE_BINARY_DIR")) / "bin";
    follow(fmt::format("{}/waysided --config {}/camera.toml --report /tmp/report.json", programs.string(),
                       folder().string()));
  }
  // The same of another program, $pid there, whose output is the log. The guest says "idle" as often as its
  // processor has time for what matters least.
  void follow(const std::string& program) {
    machine_->start(program +
                    " 2>&1 & pid=$!; nice -n 19 sh -c 'while sleep 0.2; do echo idle; done' & idle=$!; "
                    "while read -r line && [ \"$line\" != end ]; do eval \"$line\"; done; "
                    "kill $idle; kill $pid; wait $pid; echo \"ended $?\"; cat /tmp/report.json");
  }
  // True: the log has it, from where the last call stopped looking. False: not within the time.
  bool says(const std::string& text, std::chrono::seconds limit = std::chrono::minutes(15)) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
      const auto found = log_.find(text, seen_);
      if (found != std::string::npos) {
        seen_ = found + text.size();
        return true;
      }
      if (std::chrono::steady_clock::now() >= until) return false;
      hear(std::chrono::milliseconds(200));
    }
  }
  void hear(std::chrono::milliseconds limit) {
    const auto line = machine_->next_line(limit);
    if (!line) return;
    if (*line == "idle") {
      if (on_idle_) on_idle_();
      return;
    }
    log_ += *line + "\n";
    // To be looked at while a long test runs.
    std::ofstream(folder() / "waysided.log", std::ios::app) << *line << "\n";
  }
  // What a command there prints, one line.
  std::string answer(const std::string& command) {
    machine_->say("echo \"answer $(" + command + ")\"");
    EXPECT_TRUE(says("answer ")) << log_;
    return log_.substr(seen_, log_.find('\n', seen_) - seen_);
  }
  // The counters of its report.
  nlohmann::json end_waysided() {
    machine_->say("end");
    EXPECT_TRUE(says("ended 0")) << log_;
    const std::size_t begin = log_.size();
    while (!machine_->exit_code())
      hear(std::chrono::seconds(5));
    const auto report =
        nlohmann::json::parse(log_.substr(log_.find('{', std::min(seen_, begin))), nullptr, false);
    EXPECT_FALSE(report.is_discarded()) << log_;
    return report.value("counters", nlohmann::json::object());
  }

  std::set<std::string> delivered_vrms() {
    std::set<std::string> vrms;
    const Status visited = office_.store().visit({}, [&](const backoffice::StoredRecord& record) -> Status {
      vrms.insert(nlohmann::json::parse(record.document).at("vrm").get<std::string>());
      return {};
    });
    EXPECT_TRUE(visited);
    return vrms;
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return office_.folder(); }

  doubles::BackOfficeDouble office_{{host_seen_from_the_guest}};
  Identity camera_ = office_.new_camera();
  std::unique_ptr<VirtualMachine> machine_;
  std::function<void()> on_idle_;
  std::string log_;
  std::size_t seen_ = 0;
};

}  // namespace wayside::vm
