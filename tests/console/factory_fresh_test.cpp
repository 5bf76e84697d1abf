// From the factory to the first record at the back office with nothing but a serial cable: the real waysided
// with a drawn road for a camera, the real console, and an office over TLS, each program seeing /var/lib and
// /run as a camera has them.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/clock/boot_id.hpp"
#include "wayside/device/config/store/configuration_store.hpp"
#include "wayside/device/control/control_client.hpp"

#include "tests/camera/road_camera.hpp"
#include "tests/doubles/serial_cable.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* new_password = "correct horse battery";

// Runs a program with folders of its own in the place of /var/lib and /run. $0: the folder they are in.
constexpr const char* own_places =
    R"(mount --bind "$0/lib" /var/lib && mount --bind "$0/run" /run && exec "$@")";

class FactoryFresh : public camera_test::RoadCameraTest {
 protected:
  void SetUp() override {
    for (const char* const place : {"lib/wayside", "run/wayside", "run/wayside-console"})
      fs::create_directories(folder() / place);
    if (::geteuid() != 0) unshare_.emplace_back("--map-root-user");
    std::string tried;
    for (const std::string& word : unshare_)
      tried += word + " ";
    tried += "sh -c '" + std::string(own_places) + "' " + folder().string() + " true 2> /dev/null";
    if (std::system(tried.c_str()) != 0)
      GTEST_SKIP() << "this machine lets nobody mount for himself (unshare --mount): not tested here";
    write_configuration("day 5 8 1280 40 0 fixed");  // the road that the camera sees
  }
  [[nodiscard]] std::vector<std::string> in_place(const std::vector<std::string>& program) const {
    std::vector<std::string> all = unshare_;
    all.insert(all.end(), {"sh", "-c", own_places, folder().string()});
    all.insert(all.end(), program.begin(), program.end());
    return all;
  }
  static pid_t start(const std::vector<std::string>& words, int terminal, const fs::path& log) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::setsid();
    if (terminal < 0) terminal = ::open(log.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
      ::dup2(terminal, standard);
    std::vector<char*> arguments;
    for (const std::string& word : words)
      arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  // The camera is switched on, and somebody plugs the cable in once it has started.
  void power_up() {
    daemon_ = start(in_place({(folder() / "bin/waysided").string(), "--store", "/var/lib/wayside/config"}),
                    -1, folder() / "waysided.log");
    for (int i = 0; i < 600 && !fs::exists(folder() / "run/wayside/control"); ++i)
      std::this_thread::sleep_for(100ms);
    const fs::path console = replay_test::from_environment("WAYSIDE_BINARY_DIR") / "bin/wayside-console";
    cable_ = std::make_unique<doubles::SerialCable>(115200);
    console_ = start(in_place({console.string(), "--rates", "115200,9600"}), cable_->far_end(), {});
    cable_->close_far();
    ASSERT_TRUE(cable_->sees("login: ", 30s)) << cable_->seen() << log();
  }
  void make_installer() {
    type("alice", "new password: ");
    type(new_password, "once more: ");
    type(new_password, "alice is an installer now");
    ASSERT_TRUE(cable_->sees("login: "));
    type("alice", "password: ");
    type(new_password, "alice> ");
  }
  void TearDown() override {
    if (cable_) cable_->pull();
    for (const pid_t process : {console_, daemon_}) {
      if (process <= 0) continue;
      ::kill(process, SIGTERM);
      ::waitpid(process, nullptr, 0);
    }
  }

  // A line by a person: looked up, typed key by key, and thought about.
  void type(std::string_view line, std::string_view answer, std::chrono::milliseconds within = 20s) {
    ++typed_;
    if (human_) {
      std::this_thread::sleep_for(2s);
      for (const char c : line) {
        cable_->type(std::string(1, c));
        std::this_thread::sleep_for(std::chrono::milliseconds(100 + random_() % 300));
      }
      cable_->type("\r");
    } else {
      cable_->type(std::string(line) + "\r");
    }
    EXPECT_TRUE(cable_->sees(answer, within)) << "typed: " << line << "\nawaited: " << answer << "\nseen:\n"
                                              << cable_->seen() << "\nwaysided:\n"
                                              << log();
  }
  // By the terminal program, as fast as the line goes.
  void paste(const std::string& text, std::string_view answer) {
    std::string typed;
    for (const char c : text)
      typed += c == '\n' ? '\r' : c;
    cable_->type(typed);
    type(".", answer);
  }
  [[nodiscard]] std::string log() const { return *read_text_file(folder() / "waysided.log"); }
  const bool human_ = std::getenv("WAYSIDE_HUMAN_PACE") != nullptr;
  std::minstd_rand random_{7};
  std::vector<std::string> unshare_ = {"unshare", "--mount"};
  std::unique_ptr<doubles::SerialCable> cable_;
  pid_t console_ = 0, daemon_ = 0;
  int typed_ = 0;
};

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.rfind(from);
  const std::size_t end = text.find(to, begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return text.substr(begin, end + to.size() - begin);
}

TEST_F(FactoryFresh, DeliversItsFirstRecordAfterTwentyFiveLinesOverASerialCable) {
  const auto begin = std::chrono::steady_clock::now();
  power_up();
  make_installer();

  type("enrol show", "-----END CERTIFICATE REQUEST-----");
  ASSERT_TRUE(cable_->sees("alice> "));
  std::string shown = cable_->seen();
  shown.erase(std::remove(shown.begin(), shown.end(), '\r'), shown.end());
  const std::string device = between(shown, "This camera is ", ".").substr(15, 16);
  const std::string request =
      between(shown, "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----") + "\n";
  const auto [enrolment, office_number] = office_.enrol(device, request);
  type("enrol load", "a line with only a full stop");
  paste(enrolment, "This camera belongs to the office " + office_number);
  --typed_;  // the full stop belongs to what was pasted

  type("configure", "]# ");
  type("set site name \"A14 J31 eastbound lane 1\"", "]# ");
  type("set site feed_id 4", "]# ");
  type("set site source_id 12", "]# ");
  type("set site camera_id 117", "]# ");
  type("set camera source libcamera", "]# ");
  type("set upload url " + office_.server().url(), "]# ");
  type("commit confirmed 5", "Version 1 is committed.");
  type("confirm", "Version 1 stays.");
  type("exit", "alice> ");
  // Meanwhile the camera begins with it: the first time it makes its queue, as fast as the disk is.
  for (int i = 0; i < 600 && log().find(" started ") == std::string::npos; ++i)
    std::this_thread::sleep_for(100ms);
  type("show authority", "Example Constabulary");
  type("aim", "px wide", 60s);
  type("", "alice> ");
  EXPECT_TRUE(office_gets(1, RecordType::capture)) << log();
  const auto took = std::chrono::steady_clock::now() - begin;
  type("show queue", "alice> ");
  const int typed = typed_ + 1;  // and to log out
  type("test", "clock");         // and of nothing else
  EXPECT_TRUE(cable_->sees("alice> "));
  type("authority load", "a line with only a full stop");
  paste(*read_text_file(camera_.private_key.parent_path() / "authority/1.authority"),
        "it is for another camera");
  type("audit show 3", "not_taken");
  ASSERT_TRUE(cable_->sees("alice> "));
  type("commissioning view forget", "There is no commissioned view yet: it is learnt from");
  type("audit show 3", "forget_view:");
  ASSERT_TRUE(cable_->sees("alice> "));
  type("exit", "login: ");

  EXPECT_LE(typed, 25);
  EXPECT_LE(took, 10min);
  std::printf("%d lines, %.0f s from power to the first record at the office\n", typed,
              std::chrono::duration<double>(took).count());
  RecordProperty("lines", typed);
  for (const backoffice::StoredRecord& record : stored(RecordType::capture)) {
    EXPECT_TRUE(record.complete());
    EXPECT_THAT(record.document, HasSubstr("A14 J31 eastbound lane 1"));
  }
  EXPECT_THAT(log(), Not(HasSubstr(new_password)));
}

TEST_F(FactoryFresh, BeforeItIsConfiguredItSaysSoAndTakesNoEnrolmentOfAnothersMaking) {
  power_up();
  make_installer();
  type("show health", "configuration");
  type("test upload", "no configuration yet");
  type("show queue", "the camera has no configuration that it can begin with yet");
  type("commissioning view forget", "the camera has no configuration that it can begin with yet");
  type("enrol show", "It belongs to no office yet");
  std::string another = *read_text_file(camera_.private_key.parent_path() / "camera.enrolment");
  type("enrol load", "a line with only a full stop");
  paste(another, "it is for the camera " + camera_.device_id);
  another[another.find("BEGIN CERTIFICATE") + 40] ^= 1;
  type("enrol load", "a line with only a full stop");
  paste(another, "changed on its way");
  type("audit show", "not_taken");
}

// Whichever of the two is quicker.
TEST_F(FactoryFresh, ACommitThatWasTakenBackIsToldAndTheCameraStopsWhereThereIsNone) {
  power_up();
  make_installer();
  type("configure", "]# ");
  for (const char* const line : {"site name A14", "site feed_id 4", "site source_id 12", "site camera_id 117",
                                 "camera source libcamera", "queue segments 8"})
    type("set " + std::string(line), "]# ");
  type("commit confirmed 1", "It goes back by itself in 1 min");
  EXPECT_TRUE(cable_->sees("Version 1 was not confirmed in time: none runs again.", 90s))
      << cable_->seen() << log();
  type("exit", "alice> ");
  const auto stopped = [&] {
    return log().find("no_configuration", log().find(" started ")) != std::string::npos;
  };
  for (int i = 0; i < 300 && !stopped(); ++i)
    std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(stopped()) << log();
  type("show health", "the camera has no configuration yet");
  ASSERT_TRUE(cable_->sees("alice> "));
  type("audit show 4", "taken_back");
}

TEST_F(FactoryFresh, WhoAsksAfterTheCameraLookedByItselfIsToldWhatItTookOverAndOnlyOnce) {
  const auto clock = make_system_clock();
  auto store = ConfigurationStore::open(folder() / "lib/wayside/config", *clock, *read_boot_id());
  ASSERT_TRUE(store) << store.error().message;
  const auto commit = [&] {
    const auto done = store->commit({"alice", "", {}});
    EXPECT_TRUE(done) << done.error().message;
  };
  ASSERT_TRUE(store->edit("alice"));
  ASSERT_TRUE(
      store->load("[site]\nname = \"A road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
                  "[camera]\nsource = \"libcamera\"\n[queue]\nsegments = 8\n"));
  commit();
  power_up();
  const auto has_log = [&](const std::string& text) {
    for (int i = 0; i < 600 && log().find(text) == std::string::npos; ++i)
      std::this_thread::sleep_for(100ms);
    return log().find(text) != std::string::npos;
  };
  ASSERT_TRUE(has_log(" started ")) << log();
  ASSERT_TRUE(store->set(std::vector<std::string>{"site", "name", "Another road"}));
  commit();
  ASSERT_TRUE(has_log("configuration_taken_over")) << log();
  const auto applied = [&] {
    auto client = ControlClient::connect(folder() / "run/wayside/control");
    EXPECT_TRUE(client);
    if (!client) return nlohmann::json();
    const auto answer = client->ask({.task = ControlTask::reload});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->at("applied") : nlohmann::json();
  };
  EXPECT_EQ(applied(), nlohmann::json({"site.name"}));
  EXPECT_EQ(applied(), nlohmann::json::array());
}

}  // namespace
}  // namespace wayside
