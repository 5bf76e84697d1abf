#include <gmock/gmock.h>

#include "tests/camera/road_camera.hpp"

namespace wayside::camera_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

using CameraClock = RoadCameraTest;

TEST_F(CameraClock, RecordsOfBeforeTheFirstSynchronisationAreMarkedAndItsRecordFollows) {
  write_configuration("day 5 8 1280 40 0 fixed");
  replay_test::Process daemon = waysided();
  ASSERT_TRUE(daemon.wait_for_log("record_stored")) << daemon.log();
  chronyd_is_synchronised();
  ASSERT_TRUE(daemon.wait_for_log("clock_synchronised")) << daemon.log();
  ASSERT_TRUE(office_gets(1, RecordType::clock)) << daemon.log();
  const auto sure = [&] {
    const auto records = stored(RecordType::capture);
    return std::any_of(records.begin(), records.end(), [](const backoffice::StoredRecord& record) {
      return json::parse(record.document).at("time").at("source") == "gnss";
    });
  };
  for (int i = 0; i < 600 && !sure(); ++i)
    ::usleep(100'000);
  EXPECT_TRUE(sure()) << daemon.log();
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();

  const backoffice::StoredRecord early = stored(RecordType::capture).at(0);
  const json first = json::parse(early.document).at("time");
  EXPECT_EQ(first.at("source"), "unsynchronised");
  EXPECT_TRUE(first.at("max_error_ms").is_null());
  const json clock = json::parse(stored(RecordType::clock).at(0).document);
  EXPECT_EQ(clock.at("kind"), "first_synchronisation");
  EXPECT_EQ(clock.at("boot_id"), first.at("boot_id"));
  EXPECT_GT(clock.at("monotonic_ms"), first.at("monotonic_ms"));
  EXPECT_EQ(stored(RecordType::clock).at(0).record_class, RecordClass::ledger);
  for (const backoffice::StoredRecord& record : stored(RecordType::capture)) {
    const json time = json::parse(record.document).at("time");
    if (time.at("source") == "unsynchronised") continue;
    EXPECT_GE(time.at("max_error_ms").get<int>(), 20);
    EXPECT_GE(time.at("synchronised_ago_s").get<int>(), 0);
    EXPECT_EQ(time.at("boot_id"), first.at("boot_id"));
  }
  // The office has dated it; the clock was right all the time, which nobody knew.
  ASSERT_TRUE(early.redated);
  EXPECT_EQ(to_iso8601(early.redated->from), first.at("captured_at"));
  EXPECT_LT(std::abs((*early.captured_at - early.redated->from).count()), 20);
  EXPECT_EQ(report().at("clock").at("source"), "gnss");
  EXPECT_FALSE(report().at("problems").contains("clock"));
  const auto beat = office_.store().heartbeat(camera_.device_id);
  ASSERT_TRUE(beat);
  EXPECT_EQ(json::parse(*beat).at("clock").at("source"), "gnss");
}

}  // namespace
}  // namespace wayside::camera_test
