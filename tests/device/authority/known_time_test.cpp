#include "wayside/device/authority/known_time.hpp"

#include <gtest/gtest.h>

#include "tests/doubles/example_authority.hpp"
#include "tests/doubles/hand_clock.hpp"

namespace wayside {
namespace {

using doubles::at;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const UtcTime kept = at("2027-03-01T00:00:00Z");

struct Camera {
  doubles::HandClock clock{at("2027-03-05T00:00:00Z")};
  TimeKnowledge time{kept, milliseconds{0}};

  void look() { time.look({clock.monotonic, clock.utc}, clock.kernel); }
  void synchronised(std::int64_t error_ms = 50) { clock.kernel = {TimeSource::ntp, error_ms, 0}; }
  void unsynchronised() { clock.kernel = {}; }
  // A look a minute.
  void run(std::chrono::minutes time_s) {
    for (int i = 0; i < time_s.count(); ++i) {
      clock.wait_s(60);
      look();
    }
  }
};

TEST(TimeKnowledge, WithoutAClockToTrustItIsNoEarlierThanWhatWasKeptPlusTheTimeRun) {
  Camera camera;
  camera.look();
  EXPECT_EQ(camera.time.now().earliest, kept);
  EXPECT_FALSE(camera.time.now().latest);
  EXPECT_EQ(camera.time.now().said, at("2027-03-05T00:00:00Z"));
  camera.run(hours(10));
  EXPECT_LE(camera.time.now().earliest, kept + hours(10));
  EXPECT_GE(camera.time.now().earliest, kept + (hours(10) - seconds(20)));
  EXPECT_EQ(camera.time.now().unsure, hours(10));
  EXPECT_EQ(camera.time.kept(), camera.time.now().earliest);
}

TEST(TimeKnowledge, ASynchronisedClockBoundsTheTimeFromBothSides) {
  Camera camera;
  camera.synchronised(50);
  camera.look();
  EXPECT_EQ(camera.time.now().earliest, camera.clock.utc + milliseconds(-50));
  EXPECT_EQ(camera.time.now().latest, camera.clock.utc + milliseconds(50));
  EXPECT_EQ(camera.time.now().unsure, milliseconds{0});
  EXPECT_EQ(camera.time.kept(), kept) << "it has not stood for an hour";
  camera.run(std::chrono::minutes(61));
  EXPECT_GE(camera.time.kept(), camera.clock.utc + seconds(-5));
}

TEST(TimeKnowledge, WhoeverSetsTheClockTheBoundsStayAndHold) {
  Camera camera;
  camera.synchronised();
  camera.look();
  const UtcTime truth = camera.clock.utc;
  camera.unsynchronised();
  for (const char* set : {"2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z"}) {
    camera.clock.step_to(set);
    camera.run(hours(12));
  }
  const UtcTime now = truth + hours(24);
  EXPECT_LE(camera.time.now().earliest, now);
  EXPECT_GE(camera.time.now().latest.value(), now);
  EXPECT_LT(*camera.time.now().latest - camera.time.now().earliest, std::chrono::minutes(3));
  EXPECT_EQ(camera.time.now().unsure, milliseconds{0});
}

TEST(TimeKnowledge, ATimeServerThatIsWrongForAMomentIsNotKept) {
  Camera camera;
  camera.synchronised();
  camera.clock.step_to("2033-01-01T00:00:00Z");
  camera.look();
  EXPECT_GE(camera.time.now().earliest, at("2032-12-31T00:00:00Z"));
  camera.run(std::chrono::minutes(30));
  camera.clock.step_to("2027-03-05T01:00:00Z");
  camera.look();
  EXPECT_LE(camera.time.now().earliest, camera.clock.utc);
  EXPECT_GE(camera.time.now().latest.value(), camera.clock.utc);
  EXPECT_LT(camera.time.kept(), at("2027-03-02T00:00:00Z"));
  // Nor do the two together make up an hour.
  camera.run(std::chrono::minutes(59));
  EXPECT_LT(camera.time.kept(), at("2027-03-02T00:00:00Z"));
  camera.run(std::chrono::minutes(2));
  EXPECT_GE(camera.time.kept(), at("2027-03-05T01:59:00Z"));
}

TEST(TimeKnowledge, TimeNeverGoesBackBehindWhatIsKnownForCertain) {
  Camera camera;
  camera.synchronised();
  camera.clock.step_to("2027-02-01T00:00:00Z");
  camera.look();
  EXPECT_TRUE(camera.time.is_behind());
  EXPECT_FALSE(camera.time.now().latest) << "the clock is not trusted";
  EXPECT_EQ(camera.time.now().earliest, kept);
  camera.run(hours(2));
  EXPECT_GE(camera.time.now().unsure, hours(2));
  camera.clock.step_to("2027-03-05T00:00:00Z");
  camera.look();
  EXPECT_FALSE(camera.time.is_behind());
  EXPECT_TRUE(camera.time.now().latest);
}

}  // namespace
}  // namespace wayside
