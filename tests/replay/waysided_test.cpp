// The real waysided, stopped, killed and started again while it works.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/watch_lists.hpp"

#include "src/delivery/queue/record_format.hpp"
#include "tests/replay/replay_scene.hpp"

namespace wayside::replay_test {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

class Waysided : public testing::Test {
 protected:
  struct Setup {
    std::string pace = "fast";
    int repeat = 1;
    std::string url;
  };
  fs::path write_configuration(const std::string& name, const Setup& setup) {
    const fs::path file = office_.folder() / (name + ".toml");
    std::ofstream(file) << "[site]\nname = \"Drawn road\"\nfeed_id = 1\nsource_id = 2\ncamera_id = 3\n"
                        << "[camera]\nsource = \"replay:" << recorded_.video.string() << "\"\npace = \""
                        << setup.pace << "\"\nrepeat = " << setup.repeat
                        << "\n"
                        // The same cars come again and again.
                        << "[passes]\nsuppress_repeat_s = 0\n"
                        << "[queue]\ndirectory = \"queue\"\nsegments = 8\n"
                        << "[upload]\nurl = \"" << setup.url << "\"\n"
                        << "[identity]\ndirectory = \"" << camera_.private_key.parent_path().string()
                        << "\"\n";
    return file;
  }
  fs::path log_file(const std::string& name) { return office_.folder() / (name + ".log"); }

  // No plate of the scene, and none that was read into a record, may stand in a log.
  void expect_no_plates_in(const std::string& log) {
    for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles)
      EXPECT_THAT(log, Not(HasSubstr(vehicle.vrm)));
    for (const auto& [queue, records] : delivered_to(office_.store()).documents) {
      for (const auto& [number, text] : records) {
        EXPECT_THAT(log, Not(HasSubstr(nlohmann::json::parse(text).at("vrm").get<std::string>())));
      }
    }
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  roadsim::Recorded recorded_ = draw_scene(office_.folder() / "scene" / "road");
};

TEST_F(Waysided, ToldToStopItLosesNothingAndDeliversTheRestNextTime) {
  // Nobody answers there yet: everything waits in the queue.
  office_.start();
  const std::uint16_t port = office_.server().port();
  const std::string url = office_.server().url();
  office_.stop();

  Process first({"--config", write_configuration("first", {"fast", 0, url}).string(), "--report",
                 (office_.folder() / "first.json").string()},
                log_file("first"));
  ASSERT_TRUE(first.wait_for_log("record_stored")) << first.log();
  first.send(SIGTERM);
  EXPECT_EQ(first.wait(), 0) << first.log();
  const auto report = nlohmann::json::parse(*read_text_file(office_.folder() / "first.json"));
  const auto& counters = report.at("counters");
  EXPECT_EQ(report.at("ended"), "stopped");
  EXPECT_EQ(counters.at("frames_captured"), counters.at("frames_tracked"));
  EXPECT_EQ(counters.at("passes"), counters.at("records_stored"));
  EXPECT_EQ(report.at("queue").at("unacknowledged"), counters.at("records_stored"));

  backoffice::ServerOptions again;
  again.port = port;
  office_.start(again);
  Process second(
      {"--config", write_configuration("second", {"fast", 1, url}).string(), "--until-delivered", "60"},
      log_file("second"));
  EXPECT_EQ(second.wait(), 0) << second.log();
  std::set<std::uint64_t> accepted = stored_in(first.log());
  accepted.merge(stored_in(second.log()));
  const Delivered delivered = delivered_to(office_.store());
  EXPECT_EQ(delivered.numbers(), accepted);
  EXPECT_EQ(delivered.incomplete, 0U);
  EXPECT_EQ(delivered.documents.size(), 1U);  // one queue
  expect_no_plates_in(first.log());
  expect_no_plates_in(second.log());
}

TEST_F(Waysided, MatchesAgainstTheListsThatItsOfficeGivesItAndKeepsNothingOfThemInClear) {
  const fs::path entries = office_.folder() / "entries.csv";
  std::ofstream table(entries);
  table << "vrm,pnc_id,action,reason\n";
  for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles)
    table << vehicle.vrm << ",N" << vehicle.vrm.size() << ",STOP,look into the boot\n";
  table.close();
  const fs::path lists = office_.authority().watch_lists();
  const UtcTime now = doubles::BackOfficeDouble::now();
  ASSERT_TRUE(
      backoffice::issue_watch_list(lists, "north", entries, now, UtcTime{0}, now + std::chrono::hours(24)));
  ASSERT_TRUE(backoffice::GivenLists(lists).give("north", camera_.device_id, now));
  office_.start();
  const std::string url = office_.server().url();
  Process endless({"--config", write_configuration("endless", {"fast", 0, url}).string()},
                  log_file("endless"));
  ASSERT_TRUE(endless.wait_for_log("watch_list_in_force")) << endless.log();
  const std::size_t before = stored_in(endless.log()).size();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (stored_in(endless.log()).size() < before + 6 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  endless.send(SIGTERM);
  EXPECT_EQ(endless.wait(), 0) << endless.log();
  Process last(
      {"--config", write_configuration("endless", {"fast", 1, url}).string(), "--until-delivered", "60"},
      log_file("last"));
  EXPECT_EQ(last.wait(), 0) << last.log();

  std::size_t hits = 0;
  backoffice::Selection chosen;
  chosen.hits = true;
  ASSERT_TRUE(office_.store().visit(chosen, [&](const backoffice::StoredRecord& record) -> Status {
    const auto first = nlohmann::json::parse(record.document).at("hits").at(0);
    EXPECT_EQ(first.at("list"), "north");
    EXPECT_EQ(first.at("revision"), 1);
    ++hits;
    return {};
  }));
  EXPECT_GE(hits, 3U);
  for (const char* name : {"endless", "last"}) {
    const std::string log = read_text_file(log_file(name)).value();
    expect_no_plates_in(log);
    EXPECT_THAT(log, Not(HasSubstr("boot")));
  }
  const fs::path identity = camera_.private_key.parent_path();
  for (const fs::path& kept : {identity / "watchlists", office_.folder() / "queue"}) {
    for (const auto& file : fs::recursive_directory_iterator(kept)) {
      if (!file.is_regular_file()) continue;
      const std::string bytes = read_text_file(file.path()).value();
      EXPECT_THAT(bytes, Not(HasSubstr("look into the boot")));
      for (const roadsim::VehicleTruth& vehicle : recorded_.truth.vehicles)
        EXPECT_EQ(bytes.find(vehicle.vrm), std::string::npos) << file.path();
    }
  }
}

// A file stands for the device. What is killed lets go of nothing.
TEST_F(Waysided, FeedsTheWatchdogAndLetsGoOfItAtACleanEnd) {
  const std::filesystem::path device = office_.folder() / "watchdog";
  const std::filesystem::path configuration = write_configuration("fed", {"fast", 0, ""});
  std::ofstream(configuration, std::ios::app) << "[supervision]\nwatchdog = \"" << device.string() << "\"\n";
  const auto fed = [&](int signal) {
    std::ofstream(device, std::ios::trunc).close();
    Process camera({"--config", configuration.string()}, log_file("fed"));
    EXPECT_TRUE(camera.wait_for_log("record_stored")) << camera.log();
    EXPECT_THAT(camera.log(), testing::HasSubstr("watchdog_runs"));
    while (std::filesystem::file_size(device) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    camera.send(signal);
    camera.wait();
    return *read_text_file(device);
  };
  const std::string stopped = fed(SIGTERM);
  EXPECT_EQ(stopped.back(), 'V');
  EXPECT_EQ(std::count(stopped.begin(), stopped.end(), 'V'), 1);
  EXPECT_EQ(fed(SIGKILL).find('V'), std::string::npos);

  std::filesystem::remove(device);
  Process without({"--config", configuration.string()}, log_file("without"));
  EXPECT_TRUE(without.wait_for_log("watchdog_unhealthy")) << without.log();
  EXPECT_TRUE(without.wait_for_log("record_stored")) << "it captures all the same";
  without.send(SIGTERM);
  EXPECT_EQ(without.wait(), 0);
}

TEST_F(Waysided, KilledAndStartedAgainEveryAcceptedRecordArrivesOnce) {
  office_.start();
  const std::string url = office_.server().url();
  std::set<std::uint64_t> accepted;
  for (int kill = 0; kill < 2; ++kill) {
    Process running({"--config", write_configuration("endless", {"fast", 0, url}).string()},
                    log_file("endless"));
    ASSERT_TRUE(running.wait_for_log("record_stored")) << running.log();
    running.send(SIGKILL);
    EXPECT_EQ(running.wait(), -SIGKILL);
    accepted.merge(stored_in(running.log()));
    expect_no_plates_in(running.log());
  }
  Process last(
      {"--config", write_configuration("last", {"fast", 1, url}).string(), "--until-delivered", "60"},
      log_file("last"));
  EXPECT_EQ(last.wait(), 0) << last.log();
  accepted.merge(stored_in(last.log()));
  const Delivered delivered = delivered_to(office_.store());
  // A record may have been safe without the log having had the time to say so.
  EXPECT_THAT(delivered.numbers(), IsSupersetOf(accepted));
  EXPECT_EQ(delivered.incomplete, 0U);
  // One queue throughout. Where it was killed numbers are left out: those it had set aside are not used
  // again.
  EXPECT_EQ(delivered.documents.size(), 1U);
}

TEST_F(Waysided, WhatTheOfficeWillNotHaveStaysInTheQueueAndTheRunEndsWithOne) {
  office_.start();
  const std::uint16_t port = office_.server().port();
  const std::string url = office_.server().url();
  office_.stop();
  Process first({"--config", write_configuration("first", {"fast", 1, url}).string()}, log_file("first"));
  EXPECT_EQ(first.wait(), 0) << first.log();
  const std::set<std::uint64_t> stored = stored_in(first.log());
  ASSERT_GE(stored.size(), 2U);

  // The office has something else under the first one's key.
  std::string header(4096, '\0');
  std::ifstream(office_.folder() / "queue" / "seg-0000").read(header.data(), 4096);
  const auto segment = flash::decode_segment_header(as_bytes(header));
  ASSERT_TRUE(segment) << segment.error().message;
  const backoffice::RecordId id{camera_.device_id, to_hex(segment->uuid), *stored.begin()};
  backoffice::NewText other;
  other.id = id;
  other.head = {'h'};
  other.key = Bytes(32);
  other.document = R"({"time":{"captured_at":"2026-06-01T12:00:00.000Z"}})";
  other.captured_at = UtcTime{0};
  // So many that there is no room for one more.
  for (std::uint32_t i = 0; i < backoffice::most_twins; ++i) {
    other.sha256 = {static_cast<std::uint8_t>(i + 1)};
    const std::vector<backoffice::NewShipment> shipments{other};
    ASSERT_TRUE(office_.store().put(shipments, {}));
  }
  backoffice::ServerOptions again;
  again.port = port;
  office_.start(again);
  Process second(
      {"--config", write_configuration("second", {"fast", 1, url}).string(), "--until-delivered", "60"},
      log_file("second"));
  EXPECT_EQ(second.wait(), 1) << second.log();
  EXPECT_THAT(second.log(),
              testing::AllOf(HasSubstr("the back office will not have 1 record; it stays in the queue"),
                             HasSubstr("record_quarantined")));
  EXPECT_EQ(office_.store().known(id).value()->document, other.document);
  const std::set<std::uint64_t> delivered = delivered_to(office_.store()).numbers();
  for (const std::uint64_t number : stored)
    EXPECT_TRUE(delivered.contains(number)) << number;
}

TEST_F(Waysided, AQueueWithRecordsOfAnotherIdentityIsLeftAlone) {
  office_.start();
  Process first({"--config", write_configuration("first", {"fast", 1, ""}).string()}, log_file("first"));
  EXPECT_EQ(first.wait(), 0) << first.log();
  doubles::BackOfficeDouble elsewhere;
  const Identity before = std::exchange(camera_, elsewhere.new_camera());
  Process second({"--config", write_configuration("second", {"fast", 1, office_.server().url()}).string(),
                  "--until-delivered", "60"},
                 log_file("second"));
  EXPECT_EQ(second.wait(), 2);
  EXPECT_THAT(second.log(), testing::AllOf(HasSubstr("holds records of device " + before.device_id),
                                           HasSubstr("deliver them with their own identity first")));
  EXPECT_TRUE(delivered_to(office_.store()).documents.empty());
  camera_ = before;
  Process third({"--config", write_configuration("third", {"fast", 1, office_.server().url()}).string(),
                 "--until-delivered", "60"},
                log_file("third"));
  EXPECT_EQ(third.wait(), 0) << third.log();
  std::set<std::uint64_t> stored = stored_in(first.log());
  stored.merge(stored_in(third.log()));
  EXPECT_EQ(delivered_to(office_.store()).numbers(), stored);
}

TEST_F(Waysided, ADamagedRecordingDeliversWhatCameBeforeAndEndsWithOne) {
  office_.start();
  std::ofstream(recorded_.sidecar, std::ios::app) << "100000,1780319999000,400000000000000,500,0.0,0.0\n";
  Process process({"--config", write_configuration("damaged", {"fast", 1, office_.server().url()}).string(),
                   "--until-delivered", "60"},
                  log_file("damaged"));
  EXPECT_EQ(process.wait(), 1) << process.log();
  EXPECT_THAT(process.log(), HasSubstr("source_failed"));
  EXPECT_THAT(process.log(), HasSubstr(recorded_.video.filename().string()));
  EXPECT_THAT(process.log(), HasSubstr(std::to_string(recorded_.truth.frames) + " frames"));
  const std::set<std::uint64_t> accepted = stored_in(process.log());
  EXPECT_FALSE(accepted.empty());
  EXPECT_EQ(delivered_to(office_.store()).numbers(), accepted);
}

TEST_F(Waysided, WithoutAnIdentityItCapturesAndSaysWhatIsMissing) {
  fs::remove(camera_.certificate);
  Process process({"--config", write_configuration("unknown", {"fast", 1, "https://127.0.0.1:9"}).string(),
                   "--until-delivered", "1"},
                  log_file("unknown"));
  EXPECT_EQ(process.wait(), 1) << process.log();
  EXPECT_FALSE(stored_in(process.log()).empty());
  EXPECT_THAT(process.log(), HasSubstr("uplink_unhealthy"));
  EXPECT_THAT(process.log(), HasSubstr("device.crt"));
  EXPECT_THAT(process.log(), HasSubstr("were not delivered within 1 s"));
}

TEST_F(Waysided, WithNothingToDeliverItWaitsForNobody) {
  const fs::path pictures = office_.folder() / "pictures";
  fs::create_directory(pictures);
  ASSERT_TRUE(cv::imwrite((pictures / "1.png").string(), cv::Mat(240, 320, CV_8UC1, cv::Scalar(90))));
  recorded_.video = pictures;
  fs::remove(camera_.private_key.parent_path() / "device.crt");  // so that it never connects
  Process process({"--config", write_configuration("nothing", {"fast", 1, "https://localhost:1"}).string(),
                   "--until-delivered", "1"},
                  log_file("nothing"));
  EXPECT_EQ(process.wait(), 0) << process.log();
}

TEST_F(Waysided, WithNobodyToSealToWhoeverWaitsIsToldAtOnce) {
  fs::remove_all(camera_.private_key.parent_path() / "recipients");
  office_.start();
  Process process({"--config", write_configuration("nobody", {"fast", 1, office_.server().url()}).string(),
                   "--until-delivered", "60"},
                  log_file("nobody"));
  EXPECT_EQ(process.wait(), 1) << process.log();
  EXPECT_THAT(process.log(), HasSubstr("recipient"));
  EXPECT_TRUE(stored_in(process.log()).empty());
}

TEST_F(Waysided, RecordsThatNobodysKeyCouldSealEndTheRunWithOne) {
  fs::remove_all(camera_.private_key.parent_path() / "recipients");
  Process process({"--config", write_configuration("nobody", {"fast", 1, ""}).string()}, log_file("nobody"));
  ASSERT_TRUE(process.wait_for_log("store_failed")) << process.log();
  process.send(SIGTERM);
  EXPECT_EQ(process.wait(), 1) << process.log();
  EXPECT_THAT(process.log(), testing::AllOf(HasSubstr("records_lost"), HasSubstr("sealing_unhealthy")));
  expect_no_plates_in(process.log());
}

class WaysidedWithADamagedModel : public Waysided {
 protected:
  WaysidedWithADamagedModel() {
    fs::create_directories(installed_ / "bin");
    fs::create_directories(installed_ / "share" / "wayside");
    fs::copy_file(from_environment("WAYSIDE_BINARY_DIR") / "bin" / "waysided",
                  installed_ / "bin" / "waysided");
    fs::copy(models_, model_.parent_path(), fs::copy_options::recursive);
    std::fstream damaged(model_, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(1000);
    damaged << "damage";
  }
  void repair() { fs::copy_file(models_ / model_.filename(), model_, fs::copy_options::overwrite_existing); }

  fs::path installed_ = office_.folder() / "installed";
  fs::path models_ = from_environment("WAYSIDE_SOURCE_DIR") / "models";
  fs::path model_ = installed_ / "share" / "wayside" / "models" / "reader.traineddata";
};

TEST_F(WaysidedWithADamagedModel, StaysUpUnhealthyDeliversAndCapturesOnceItIsMended) {
  office_.start();
  const std::string url = office_.server().url();
  const fs::path configuration = write_configuration("endless", {"fast", 0, url});
  {
    // What a sound camera has left in the queue.
    office_.stop();
    Process before({"--config", configuration.string()}, log_file("before"));
    ASSERT_TRUE(before.wait_for_log("record_stored")) << before.log();
    before.send(SIGTERM);
    ASSERT_EQ(before.wait(), 0);
  }
  const std::set<std::uint64_t> left = stored_in(read_text_file(log_file("before")).value());
  backoffice::ServerOptions again;
  again.port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  office_.start(again);

  Process process({"--config", configuration.string()}, log_file("damaged"), installed_);
  ASSERT_TRUE(process.wait_for_log("recognition_unhealthy")) << process.log();
  EXPECT_THAT(process.log(), HasSubstr("reader.traineddata: the model"));
  EXPECT_THAT(process.log(), HasSubstr("is damaged: its sha256 is"));
  EXPECT_THAT(process.log(), HasSubstr("install the package's models again"));
  ASSERT_TRUE(process.wait_for_log("started")) << process.log();
  for (int i = 0; i < 600 && delivered_to(office_.store()).numbers().size() < left.size(); ++i)
    ::usleep(50'000);
  EXPECT_EQ(delivered_to(office_.store()).numbers(), left);
  const auto beat = nlohmann::json::parse(office_.store().heartbeat(camera_.device_id).value());
  EXPECT_THAT(beat.at("problems").at("recognition").get<std::string>(), HasSubstr("reader.traineddata"));

  repair();
  ASSERT_TRUE(process.wait_for_log("record_stored")) << process.log();
  process.send(SIGTERM);
  EXPECT_EQ(process.wait(), 0) << process.log();
}

TEST_F(WaysidedWithADamagedModel, ToldToStopItStopsThoughTheModelWasMendedMeanwhile) {
  office_.start();
  const fs::path configuration = write_configuration("endless", {"fast", 0, office_.server().url()});
  Process process({"--config", configuration.string()}, log_file("damaged"), installed_);
  ASSERT_TRUE(process.wait_for_log("started")) << process.log();
  repair();
  process.send(SIGTERM);
  EXPECT_EQ(process.wait(), 0) << process.log();
  EXPECT_TRUE(stored_in(process.log()).empty()) << "nothing is begun any more";
}

TEST_F(WaysidedWithADamagedModel, EndsWithOneWhereSomebodyWaitsForARecording) {
  office_.start();
  Process process({"--config", write_configuration("once", {"fast", 1, office_.server().url()}).string(),
                   "--until-delivered", "60"},
                  log_file("once"), installed_);
  EXPECT_EQ(process.wait(), 1) << process.log();
  EXPECT_THAT(process.log(), HasSubstr("reader.traineddata"));
}

}  // namespace
}  // namespace wayside::replay_test
