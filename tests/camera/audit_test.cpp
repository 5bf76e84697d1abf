// The audit trail, from the real daemon to the office.
#include <gmock/gmock.h>

#include "wayside/backoffice/trails.hpp"
#include "wayside/device/audit/trail.hpp"
#include "wayside/device/clock/clock.hpp"

#include "tests/camera/road_camera.hpp"

namespace wayside::camera_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CameraAudit : public RoadCameraTest {
 protected:
  // Until the office has so many entries. Events, in order.
  std::vector<std::string> events(std::size_t count) {
    std::vector<std::string> found;
    for (int i = 0; i < 600 && found.size() < count; ++i, ::usleep(100'000)) {
      found.clear();
      const auto trails = backoffice::camera_trails(office_.store(), camera_.device_id);
      if (!trails || trails->empty()) continue;
      EXPECT_THAT(trails->front().report.faults, IsEmpty());
      for (const TrailEntry& entry : trails->front().entries)
        found.push_back(entry.what.event);
    }
    return found;
  }
};

TEST_F(CameraAudit, WhatDaemonAndConsoleDoIsWithTheOfficeWholeAndInOrder) {
  write_configuration("day 5 8 1280 40 0 fixed");
  const std::unique_ptr<Clock> clock = make_system_clock();
  auto console = AuditTrail::open({camera_.private_key.parent_path().parent_path() / "audit", {}}, *clock);
  ASSERT_TRUE(console) << console.error().message;
  {
    replay_test::Process daemon = waysided();
    EXPECT_THAT(events(2), ElementsAre("trail_begun", "start")) << daemon.log();
    ASSERT_TRUE(console->append({std::string(trail_event::login), {"anna", "installer", "ttyS0"}, {}}));
    EXPECT_THAT(events(3), ElementsAre("trail_begun", "start", "login")) << daemon.log();
    daemon.send(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  }
  replay_test::Process daemon = waysided();
  EXPECT_THAT(events(5), ElementsAre("trail_begun", "start", "login", "stop", "start")) << daemon.log();
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  EXPECT_TRUE(console->verify()->good());
}

}  // namespace
}  // namespace wayside::camera_test
