#include "src/app/run_report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "src/app/process.hpp"
#include "tests/doubles/hand_clock.hpp"

namespace wayside::app {
namespace {

TEST(RunReport, HoldsFiguresQueueAndEveryCounter) {
  CounterSet counters;
  counters.counter("frames_captured").add(250);
  counters.counter("frames_dropped").add(3);
  QueueDepth depth;
  depth.unacknowledged = 4;
  depth.segments = 64;
  depth.segments_free = 63;
  UploaderState upload;
  upload.circuit_open = true;
  upload.dead_lettered = 2;
  RunFigures figures;
  figures.ended = "end_of_stream";
  figures.wall_s = 10;
  figures.frames = 250;
  figures.cpu_s = 12.5;
  figures.peak_memory_bytes = 123'456'789;
  const auto json =
      nlohmann::json::parse(report_json(figures, doubles::HandClock(), {}, depth, upload, counters));
  EXPECT_EQ(json.at("ended"), "end_of_stream");
  EXPECT_DOUBLE_EQ(json.at("frames_per_s").get<double>(), 25.0);
  EXPECT_EQ(json.at("peak_memory_bytes"), 123'456'789);
  EXPECT_EQ(json.at("time"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(json.at("queue").at("unacknowledged"), 4);
  EXPECT_EQ(json.at("queue").at("segments_free"), 63);
  EXPECT_EQ(json.at("upload").at("circuit"), "open");
  EXPECT_EQ(json.at("upload").at("dead_lettered"), 2);
  EXPECT_EQ(json.at("counters").at("frames_captured"), 250);
  EXPECT_EQ(json.at("counters").at("frames_dropped"), 3);
}

TEST(RunReport, ARunOfNoTimeHasNoRate) {
  const auto json = nlohmann::json::parse(report_json({}, doubles::HandClock(), {}, {}, {}, CounterSet{}));
  EXPECT_EQ(json.at("frames_per_s"), 0.0);
}

TEST(RunReport, TheHeartbeatIsOneLineWithTimeProblemsQueueUploadAndCounters) {
  CounterSet counters;
  counters.counter("reads").add();
  doubles::HandClock clock({1000});
  clock.kernel = {TimeSource::ntp, 12, 40};
  Health health;
  health.says("exposure", "planned");
  health.ill("recognition", "reader.traineddata is damaged");
  const std::string text = heartbeat_json(clock, health, {7}, {}, {}, counters, 0);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json.size(), 8U);
  EXPECT_EQ(json.at("states").at("exposure"), "planned");
  EXPECT_EQ(json.at("clock").at("source"), "ntp");
  EXPECT_EQ(json.at("clock").at("max_error_ms"), 12);
  EXPECT_EQ(json.at("clock").at("synchronised_ago_s"), 40);
  EXPECT_EQ(json.at("queue_uuid"), "07000000000000000000000000000000");
  EXPECT_EQ(json.at("problems").at("recognition"), "reader.traineddata is damaged");
  EXPECT_EQ(json.at("time"), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(json.at("queue").size(), 6U);
  EXPECT_EQ(json.at("upload").at("circuit"), "closed");
  EXPECT_EQ(json.at("counters").at("reads"), 1);
  const auto delivered = nlohmann::json::parse(heartbeat_json(clock, health, {7}, {}, {}, counters, 17));
  EXPECT_EQ(delivered.at("queue").at("delivered_to"), 17);
}

TEST(RunReport, TheHeartbeatSaysWhatRunsAndWhatBecameOfAnUpdateWhereThereAreAny) {
  HeldForOffice held;
  const auto told = [&] {
    return nlohmann::json::parse(
        heartbeat_json(doubles::HandClock(), Health(), {7}, {}, {}, CounterSet(), 0, held));
  };
  EXPECT_FALSE(told().contains("system"));
  held.system = ToldSystem{"1.2.0", "wayside-test", "refused", "1.2.3", "signed by nobody"};
  EXPECT_EQ(told().at("system").dump(),
            R"({"compatible":"wayside-test","update":{"reason":"signed by nobody","state":"refused",)"
            R"("version":"1.2.3"},"version":"1.2.0"})");
}

TEST(Process, KnowsItsMemoryAndTime) {
  EXPECT_GT(memory_bytes(), 1'000'000U);
  EXPECT_GE(peak_memory_bytes(), memory_bytes());
  EXPECT_GT(cpu_seconds(), 0.0);
}

}  // namespace
}  // namespace wayside::app
