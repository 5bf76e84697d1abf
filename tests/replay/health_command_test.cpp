// How cameras are, as the office tells a person, and what that person does about one that is gone.
#include <chrono>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "tests/replay/other_commands.hpp"

namespace wayside::replay_test {
namespace {

using testing::HasSubstr;

TEST_F(OtherCommandLines, HealthSaysHowEachEnrolledCameraIs) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const auto health = [&](std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"health", at("office")});
    return answer("wayside-backoffice", more);
  };
  EXPECT_EQ(health().text, "No camera is enrolled.\n");
  const std::string camera = "0123456789abcdef";
  const std::string silent = "fedcba9876543210";
  EXPECT_EQ(health({"--device", camera}).code, 1);
  EXPECT_EQ(health({"--device", "camera"}).code, 2);
  enrol(camera);
  enrol(silent);
  UtcTime said{};
  const auto beat = [&](const std::string& problems) {
    const auto store = backoffice::Store::open_existing(at("office") + "/records.db").value();
    ASSERT_TRUE(store->put_heartbeat(
        camera, R"({"time": "2026-11-28T17:00:00.000Z", "problems": )" + problems + R"(, "queue": {
          "unacknowledged": 3, "evicted": 0, "expired": 0, "damaged": 0, "segments": 64, "segments_free": 60},
          "upload": {"circuit": "closed", "dead_lettered": 0, "quarantined": 0}, "counters": {}})",
        said));
  };
  said = utc_now();
  beat("{}");
  const Answer well = health({"--device", camera});
  EXPECT_EQ(well.code, 0) << well.text;
  EXPECT_THAT(well.text, HasSubstr(camera + "  said " + to_iso8601(said)));
  EXPECT_THAT(well.text, HasSubstr(", within the minute: well  3 records waiting\n"));

  beat(R"({"camera": "none present\u001b[2J"})");
  const Answer ill = health();
  EXPECT_EQ(ill.code, 1);
  EXPECT_THAT(ill.text, HasSubstr("1 part ill"));
  EXPECT_THAT(ill.text, HasSubstr("\n  camera: none present"));
  EXPECT_THAT(ill.text, HasSubstr(silent + "  never sent a heartbeat\n"));
  EXPECT_THAT(ill.text, HasSubstr("of 2 cameras 1 ill and 1 silent"));
  EXPECT_THAT(ill.text, testing::Not(HasSubstr("\x1b")));

  said = said + -std::chrono::hours(26);
  beat("{}");
  const Answer gone = health({"--device", camera});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.text, HasSubstr(camera + "  SILENT, last said " + to_iso8601(said) + ", 1 day ago: well"));
}

TEST_F(OtherCommandLines, HealthSaysWhenTheKeyThatCamerasSealToEndsSoon) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const auto new_key = [&](std::chrono::hours lifetime) {
    return answer("wayside-backoffice",
                  {"recipient-key", "new", at("office"), "--valid-until", date_in(lifetime)})
        .code;
  };
  const auto health = [&] { return answer("wayside-backoffice", {"health", at("office")}); };
  EXPECT_EQ(health().code, 0);
  std::filesystem::remove_all(at("office") + "/recipients");
  ASSERT_EQ(new_key(std::chrono::hours(24 * 30)), 0);
  const Answer soon = health();
  EXPECT_EQ(soon.code, 1);
  EXPECT_THAT(soon.text, HasSubstr("The office's last key ends at "));
  EXPECT_THAT(soon.text, HasSubstr("wayside-backoffice recipient-key new " + at("office")));
  ASSERT_EQ(new_key(std::chrono::hours(24 * 400)), 0);
  EXPECT_EQ(health().code, 0);
}

TEST_F(OtherCommandLines, HealthSaysWhichCamerasCertificateEndsSoon) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const std::string camera = "0123456789abcdef";
  const auto enrol_then = [&](UtcTime then) {
    const auto store = backoffice::Store::open_existing(at("office") + "/records.db").value();
    ASSERT_TRUE(store->enrol(camera, Sha256{1}, PublicKey{2}, then));
    ASSERT_TRUE(store->put_heartbeat(camera,
                                     R"({"time": "2026-11-28T17:00:00.000Z", "problems": {}, "queue": {
          "unacknowledged": 0, "evicted": 0, "expired": 0, "damaged": 0, "segments": 64, "segments_free": 60},
          "upload": {"circuit": "closed", "dead_lettered": 0, "quarantined": 0}, "counters": {}})",
                                     utc_now()));
  };
  enrol_then(utc_now() + -std::chrono::hours(24 * 700));
  const Answer soon = answer("wayside-backoffice", {"health", at("office")});
  EXPECT_EQ(soon.code, 1);
  EXPECT_THAT(soon.text, HasSubstr("\n  certificate: ends at "));
  EXPECT_THAT(soon.text, HasSubstr("what is said above to end needs somebody"));
  enrol_then(utc_now());
  const Answer well = answer("wayside-backoffice", {"health", at("office")});
  EXPECT_EQ(well.code, 0) << well.text;
}

TEST_F(OtherCommandLines, WhereTheStoreIsDamagedACameraIsRevokedAllTheSame) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const std::string camera = "0123456789abcdef";
  enrol(camera);
  std::ofstream(at("office") + "/records.db") << "no store";
  const Answer revoked =
      answer("wayside-backoffice", {"revoke", at("office"), "--device", camera, "--reason", "stolen"});
  EXPECT_EQ(revoked.code, 0) << revoked.text;
  EXPECT_THAT(revoked.text, HasSubstr("whether it was ever enrolled cannot be told"));
  EXPECT_THAT(revoked.text, HasSubstr(camera + " is revoked"));
  EXPECT_NE(
      answer("wayside-backoffice", {"revoke", at("office"), "--device", "../ca.key", "--reason", "x"}).code,
      0);
}

TEST_F(OtherCommandLines, ACameraThatIsGoneIsRevoked) {
  ASSERT_EQ(answer("wayside-backoffice", {"init", at("office")}).code, 0);
  const std::string camera = "0123456789abcdef";
  enrol(camera);
  const auto revoke = [&](const std::string& device) {
    return answer("wayside-backoffice",
                  {"revoke", at("office"), "--device", device, "--reason", "Stolen \xff"});
  };
  EXPECT_EQ(revoke("camera").code, 2);
  const Answer unknown = revoke("fedcba9876543210");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.text, HasSubstr("no camera fedcba9876543210 is enrolled here"));
  const Answer revoked = revoke(camera);
  EXPECT_EQ(revoked.code, 0) << revoked.text;
  EXPECT_EQ(revoked.text, camera + " is revoked: nothing more is taken from it\n");
  EXPECT_EQ(answer("wayside-backoffice", {"health", at("office")}).text, camera + "  revoked\n");
  for (const char* what : {"audit", "sight"})
    EXPECT_EQ(answer("wayside-backoffice", {what, at("office"), "--device", "fedcba9876543210"}).code, 1);
}

}  // namespace
}  // namespace wayside::replay_test
