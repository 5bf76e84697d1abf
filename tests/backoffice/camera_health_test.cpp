#include "src/backoffice/camera_health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/backoffice/test_office.hpp"

namespace wayside::backoffice {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string silent = "fedcba9876543210";

class CameraHealthTest : public testing::Test {
 protected:
  CameraHealthTest() {
    office_.new_camera(sample_device);
    office_.new_camera(silent);
  }
  static json heartbeat() {
    return {{"time", "2026-11-28T17:00:00.000Z"},
            {"problems", json::object()},
            {"queue",
             {{"unacknowledged", 3},
              {"evicted", 0},
              {"expired", 0},
              {"damaged", 0},
              {"segments", 64},
              {"segments_free", 60}}},
            {"upload", {{"circuit", "closed"}, {"dead_lettered", 0}, {"quarantined", 0}}},
            {"counters", json::object()}};
  }
  void beat(const json& heartbeat) { beat_with(heartbeat.dump()); }
  void beat_with(const std::string& bytes) {
    ASSERT_TRUE(office_.store().put_heartbeat(sample_device, bytes, TestOffice::now));
  }
  CameraHealth health() {
    const auto all = camera_health(office_.store(), revoked_, {}, sample_device);
    EXPECT_TRUE(all) << all.error().message;
    return all && all->size() == 1 ? all->front() : CameraHealth{};
  }
  // So long after its heartbeat.
  std::string lines(std::chrono::milliseconds after = {}) {
    return to_lines(health(), TestOffice::now + after);
  }

  TestOffice office_;
  RevokedCameras revoked_{office_.folder() / "revoked"};
};

TEST_F(CameraHealthTest, EachEnrolledCameraIsListedAlsoOneThatNeverSentAHeartbeat) {
  beat(heartbeat());
  ASSERT_TRUE(office_.store().put_heartbeat("0000000000000000", heartbeat().dump(), TestOffice::now));
  const auto all = camera_health(office_.store(), revoked_, {}, {});
  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_EQ(all->front().device_id, sample_device);
  EXPECT_EQ(to_lines(all->back(), TestOffice::now), silent + "  never sent a heartbeat");
  EXPECT_FALSE(all->back().is_ill());
  EXPECT_THAT(camera_health(office_.store(), revoked_, {}, "0000000000000000").value(), IsEmpty());
}

TEST_F(CameraHealthTest, ALineSaysWhenItWasHeardWhetherItWasWellAndWhatWaits) {
  beat(heartbeat());
  EXPECT_EQ(lines(), sample_device + "  said " + to_iso8601(TestOffice::now) +
                         ", within the minute: well  3 records waiting");
  EXPECT_FALSE(health().is_ill());
  EXPECT_THAT(lines(std::chrono::seconds(119)), HasSubstr(", 1 minute ago: well"));
  EXPECT_THAT(lines(std::chrono::minutes(119)), HasSubstr(", 1 hour ago: well"));
  EXPECT_THAT(lines(std::chrono::hours(71)), HasSubstr(", 2 days ago: well"));
  EXPECT_THAT(lines(std::chrono::hours(-1)), HasSubstr(", within the minute: well"));
}

TEST_F(CameraHealthTest, ACertificateThatEndsWithinThreeMonthsIsToldUntilTheCameraIsEnrolledAgain) {
  beat(heartbeat());
  const UtcTime end = TestOffice::now + certificate_lifetime;
  const std::string told = "\n  certificate: ends at " + to_iso8601(end) +
                           ", and the camera delivers nothing from then on: enrol it again";
  const UtcTime soon = end + -ending_warned_before;
  EXPECT_THAT(to_lines(health(), soon + std::chrono::milliseconds(-1)), Not(HasSubstr("certificate")));
  EXPECT_FALSE(health().ends_soon(soon + std::chrono::milliseconds(-1)));
  EXPECT_THAT(to_lines(health(), soon), testing::EndsWith(told));
  EXPECT_TRUE(health().ends_soon(soon));
  EXPECT_FALSE(health().is_ill());
  EXPECT_THAT(to_lines(camera_health(office_.store(), revoked_, {}, silent).value().at(0), soon),
              silent + "  never sent a heartbeat" + told);
  ASSERT_TRUE(office_.store().enrol(sample_device, Sha256{1}, PublicKey{2}, soon));
  EXPECT_FALSE(health().ends_soon(soon));
  // It would end no later than the office's own authority.
  EXPECT_FALSE(camera_health(office_.store(), revoked_, end, silent).value().at(0).ends_soon(soon));
  EXPECT_TRUE(camera_health(office_.store(), revoked_, end + std::chrono::milliseconds(1), silent)
                  .value()
                  .at(0)
                  .ends_soon(soon));
  ASSERT_TRUE(revoked_.add(silent, "stolen", soon));
  EXPECT_FALSE(camera_health(office_.store(), revoked_, {}, silent).value().at(0).ends_soon(soon));
}

TEST_F(CameraHealthTest, EachPartThatIsIllHasALineWithItsReason) {
  json ill = heartbeat();
  ill["queue"]["unacknowledged"] = 1;
  ill["problems"] = {{"camera", "none present"}, {"clock", "it follows nothing"}};
  beat(ill);
  EXPECT_TRUE(health().is_ill());
  EXPECT_THAT(lines(), HasSubstr("within the minute: 2 parts ill  1 record waiting"
                                 "\n  camera: none present\n  clock: it follows nothing"));
  EXPECT_THAT(lines(), Not(HasSubstr("well")));
}

TEST_F(CameraHealthTest, WhatRunsAndHowItsUpdateStandsIsToldOfACameraThatRunsFromAnImage) {
  json of_image = heartbeat();
  of_image["system"] = {{"version", "1.3.0"},
                        {"compatible", "wayside-rpi"},
                        {"update", {{"state", "refused"}, {"version", "1.4.0"}, {"reason", "not signed"}}}};
  beat(of_image);
  EXPECT_THAT(lines(), HasSubstr("waiting  wayside-rpi runs 1.3.0  refused 1.4.0: not signed"));
  of_image["system"]["update"] = json::object();
  beat(of_image);
  EXPECT_THAT(lines(), testing::EndsWith("waiting  wayside-rpi runs 1.3.0"));
}

TEST_F(CameraHealthTest, OneThatHasNotBeenHeardForLongIsSilentHoweverWellItWas) {
  beat(heartbeat());
  EXPECT_FALSE(health().is_silent(TestOffice::now + silent_after));
  EXPECT_TRUE(health().is_silent(TestOffice::now + (silent_after + std::chrono::seconds(1))));
  EXPECT_THAT(lines(std::chrono::hours(71)),
              testing::StartsWith(sample_device + "  SILENT, last said " + to_iso8601(TestOffice::now)));
  EXPECT_TRUE(camera_health(office_.store(), revoked_, {}, silent).value().at(0).is_silent(TestOffice::now));
  ASSERT_TRUE(revoked_.add(sample_device, "stolen", TestOffice::now));
  EXPECT_FALSE(health().is_silent(TestOffice::now + std::chrono::hours(71)));
}

TEST_F(CameraHealthTest, OneThatIsRevokedIsNotIllWhateverItSaidLast) {
  json ill = heartbeat();
  ill["problems"] = {{"camera", "none present"}};
  beat(ill);
  ASSERT_TRUE(revoked_.add(sample_device, "stolen", TestOffice::now));
  EXPECT_FALSE(health().is_ill());
  EXPECT_EQ(lines(), sample_device + "  revoked");
}

TEST_F(CameraHealthTest, NothingThatACameraSaysDrivesATerminalOrMakesALineOfItsOwn) {
  json ill = heartbeat();
  ill["problems"] = {{"camera\n" + silent + "  said", "none\x1b[2J\n" + silent + ": well\r"}};
  ill["system"] = {{"version", "1\n\x1b"},
                   {"compatible", "a\n"},
                   {"update", {{"state", "b\n"}, {"version", "c\n"}, {"reason", "d\xe2\x80\xae\n"}}}};
  beat(ill);
  const std::string told = lines();
  for (const char* what : {"\x1b", "\r", "\xe2\x80\xae"})
    EXPECT_THAT(told, Not(HasSubstr(what)));
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1);
}

TEST_F(CameraHealthTest, WhatIsStoredAndNoHeartbeatIsNotTakenForAWellCamera) {
  for (const char* bytes : {"", "{}", "[1]", "\xff", R"({"problems":{}})"}) {
    beat_with(bytes);
    EXPECT_THAT(lines(), testing::EndsWith("what is stored is no heartbeat")) << bytes;
  }
  office_.run_sql("UPDATE heartbeats SET received_at = -9223372036854775808");
  EXPECT_THAT(lines(), HasSubstr("days ago"));
}

}  // namespace
}  // namespace wayside::backoffice
