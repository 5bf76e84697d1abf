// The audit trail, from the real daemon to the office.
#include <gmock/gmock.h>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/trails.hpp"
#include "wayside/backoffice/watch_lists.hpp"
#include "wayside/device/audit/trail.hpp"
#include "wayside/device/clock/clock.hpp"

#include "tests/camera/road_camera.hpp"

namespace wayside::camera_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CameraAudit : public RoadCameraTest {
 protected:
  // Until the office has so many entries; in order.
  std::vector<TrailEntry> entries(std::size_t count) {
    std::vector<TrailEntry> found;
    for (int i = 0; i < 600 && found.size() < count; ++i, ::usleep(100'000)) {
      const auto trails = backoffice::camera_trails(office_.store(), camera_.device_id);
      if (!trails || trails->empty()) continue;
      EXPECT_THAT(trails->front().report.faults, IsEmpty());
      found = trails->front().entries;
    }
    return found;
  }
  std::vector<std::string> events(std::size_t count) {
    std::vector<std::string> found;
    for (const TrailEntry& entry : entries(count))
      found.push_back(entry.what.event);
    return found;
  }
  [[nodiscard]] fs::path trail() const { return camera_.private_key.parent_path().parent_path() / "audit"; }
};

TEST_F(CameraAudit, WhatDaemonAndConsoleDoIsWithTheOfficeWholeAndInOrder) {
  write_configuration("day 5 8 1280 40 0 fixed");
  const std::unique_ptr<Clock> clock = make_system_clock();
  auto console = AuditTrail::open({trail(), {}}, *clock);
  ASSERT_TRUE(console) << console.error().message;
  {
    replay_test::Process daemon = waysided();
    EXPECT_THAT(events(3), ElementsAre("trail_begun", "start", "authority")) << daemon.log();
    ASSERT_TRUE(console->append({std::string(trail_event::login), {"anna", "installer", "ttyS0"}, {}}));
    EXPECT_THAT(events(4), ElementsAre("trail_begun", "start", "authority", "login")) << daemon.log();
    daemon.send(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  }
  // The authority is what it was, and is told once.
  replay_test::Process daemon = waysided();
  EXPECT_THAT(events(6), ElementsAre("trail_begun", "start", "authority", "login", "stop", "start"))
      << daemon.log();
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  EXPECT_TRUE(console->verify()->good());
}

TEST_F(CameraAudit, WhatBecameOfListsAndAuthorityIsAmongIt) {
  write_configuration("day 5 8 1280 40 0 fixed");
  const fs::path table = folder() / "entries.csv";
  std::ofstream(table) << "vrm,pnc_id,action,reason\nAB12CDE,N1,STOP,look into the boot\n";
  const fs::path lists = office_.authority().watch_lists();
  const UtcTime now = doubles::BackOfficeDouble::now();
  ASSERT_TRUE(
      backoffice::issue_watch_list(lists, "north", table, now, UtcTime{0}, now + std::chrono::hours(24)));
  ASSERT_TRUE(backoffice::GivenLists(lists).give("north", camera_.device_id, now));
  replay_test::Process daemon = waysided();
  ASSERT_THAT(events(4), ElementsAre("trail_begun", "start", "authority", "watch_list")) << daemon.log();
  AuthorityDocument revocation;
  revocation.kind = AuthorityDocument::Kind::revocation;
  revocation.devices = {camera_.device_id};
  revocation.reason = "Need ceased";
  ASSERT_TRUE(office_.issued().issue(revocation, now));
  office_.put_authority(camera_);
  const std::vector<TrailEntry> found = entries(5);
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  ASSERT_EQ(found.size(), 5U) << daemon.log();
  EXPECT_EQ(found[2].what.details.at("before"), "");
  EXPECT_EQ(found[2].what.details.at("after"), "in_force 1, captures");
  EXPECT_EQ(found[3].what.details.at("list"), "north");
  EXPECT_EQ(found[3].what.details.at("state"), "in_force");
  EXPECT_EQ(found[3].what.details.at("after"), "1");
  EXPECT_EQ(found[4].what.details.at("before"), "in_force 1, captures");
  EXPECT_EQ(found[4].what.details.at("after"), "revoked 2, stopped");
  EXPECT_THAT(found[4].what.details.at("reason"), HasSubstr("Need ceased"));
  for (const TrailEntry& entry : found)
    EXPECT_THAT(entry.line, testing::Not(testing::AnyOf(HasSubstr("AB12CDE"), HasSubstr("look into"))));
}

}  // namespace
}  // namespace wayside::camera_test
