// A camera that is gone: let in no more, over the real server, and left with nothing of the office.
#include "wayside/backoffice/revocation.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/backoffice/updates.hpp"
#include "wayside/backoffice/watch_lists.hpp"
#include "wayside/base/files.hpp"
#include "wayside/delivery/seal/secret_transfer.hpp"

#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RevocationTest : public testing::Test {
 protected:
  RevocationTest() { office_.start(); }
  static UtcTime now() { return doubles::BackOfficeDouble::now(); }
  Revocation revoke(const std::string& device_id, const std::string& reason = "stolen") {
    return revoke_camera(office_.authority(), device_id, reason, now());
  }
  // 0: no answer.
  int status_of_a_batch(const Identity& camera) {
    SealingCamera sealing(camera.device_id, load_signing_seed(camera.certificate.parent_path()).value(),
                          load_recipients(office_.recipients()).value());
    const Bytes body = batch_of(sealing.pass().all());
    const auto result =
        client_of(camera, office_.server().port())
            ->Post("/v2/batches/" + camera.device_id, std::string(body.begin(), body.end()),
                   "application/vnd.wayside.batch");
    return result ? result->status : 0;
  }
  void give_it_all(const Identity& camera) {
    const std::string& id = camera.device_id;
    ASSERT_TRUE(make_unlock_key(office_.authority().unlock(), id, now(), now(), now() + std::chrono::hours(9)));
    std::ofstream(office_.folder() / "north.csv") << "vrm,action\nAB12CDE,STOP\n";
    for (const char* list : {"north", "south"})
      ASSERT_TRUE(issue_watch_list(lists_folder(), list, office_.folder() / "north.csv", now(), now(),
                                   now() + std::chrono::hours(9)));
    const GivenLists lists(lists_folder());
    ASSERT_TRUE(lists.give("north", id, now()));
    ASSERT_TRUE(lists.give("south", std::string(all_cameras), now()));
    ASSERT_TRUE(lists.lend_key({id, {}}, std::string(32, '\x09'), now()));
    ASSERT_TRUE(fs::exists(lists_folder() / ".keys" / id));
    const std::string bundle = "a bundle";
    std::ofstream(office_.folder() / "wayside.raucb") << bundle;
    std::ofstream(office_.folder() / "wayside.update")
        << to_json({"1.4.0", "wayside-rpi", bundle.size(), to_hex(sha256(as_bytes(bundle))), {}}).dump();
    ASSERT_TRUE(updates_.add(office_.folder() / "wayside.update", now()));
    for (const std::string& to : {id, std::string(all_cameras)})
      ASSERT_TRUE(updates_.give("1.4.0", "wayside-rpi", to, std::nullopt, now()));
    office_.authorise(camera);
  }
  [[nodiscard]] fs::path lists_folder() { return office_.authority().watch_lists(); }

  doubles::BackOfficeDouble office_;
  Updates updates_{office_.authority().updates()};
  Identity camera_ = office_.new_camera();
};

TEST_F(RevocationTest, ACameraThatIsGoneIsLetInNoMoreAndKeepsNothingOfTheOffice) {
  const std::string& id = camera_.device_id;
  give_it_all(camera_);
  EXPECT_EQ(status_of_a_batch(camera_), 200);
  const Revocation revoked = revoke(id, "stolen, crime 2026/4711");
  EXPECT_TRUE(revoked.locked_out);
  EXPECT_THAT(revoked.problems, IsEmpty());
  EXPECT_EQ(status_of_a_batch(camera_), 403);
  EXPECT_TRUE(revoked.authority);
  EXPECT_TRUE(revoked.unlock_keys);
  EXPECT_THAT(revoked.lists, ElementsAre("north"));
  EXPECT_THAT(revoked.updates, ElementsAre("wayside-rpi"));

  const auto documents = office_.issued().list().value();
  EXPECT_EQ(documents.back().document->kind, AuthorityDocument::Kind::revocation);
  EXPECT_THAT(documents.back().document->devices, ElementsAre(id));
  EXPECT_EQ(documents.back().document->reason, "stolen, crime 2026/4711");
  EXPECT_TRUE(list_unlock_keys(office_.authority().unlock()).value().at(0).revoked);
  EXPECT_FALSE(fs::exists(lists_folder() / ".keys" / id));
  const auto given = GivenLists(lists_folder()).given().value();
  EXPECT_THAT(given.at("south"), ElementsAre("all"));
  EXPECT_FALSE(given.contains("north") && !given.at("north").empty());
  const auto bundles = updates_.given().value();
  ASSERT_EQ(bundles.size(), 1U);
  EXPECT_EQ(bundles[0].to, all_cameras);
  const json line = json::parse(read_text_file(office_.authority().revoked() / "audit.jsonl").value());
  EXPECT_EQ(line.at("what"), "revoked");
  EXPECT_EQ(line.at("device_id"), id);
  EXPECT_EQ(line.at("reason"), "stolen, crime 2026/4711");
}

TEST_F(RevocationTest, AgainItEndsNothingTwiceAndAnEnrolmentLetsItInAgain) {
  give_it_all(camera_);
  ASSERT_TRUE(revoke(camera_.device_id).locked_out);
  const Revocation again = revoke(camera_.device_id);
  EXPECT_TRUE(again.locked_out);
  EXPECT_FALSE(again.authority);
  EXPECT_FALSE(again.unlock_keys);
  EXPECT_THAT(again.lists, IsEmpty());
  EXPECT_THAT(again.updates, IsEmpty());
  const fs::path folder = camera_.private_key.parent_path();
  const auto enrolled =
      enrol_device(office_.authority(), office_.store(), folder / "device.csr", folder, now());
  ASSERT_TRUE(enrolled);
  EXPECT_TRUE(enrolled->was_revoked);
  EXPECT_EQ(status_of_a_batch(camera_), 200);
  EXPECT_TRUE(list_unlock_keys(office_.authority().unlock()).value().at(0).revoked);
  EXPECT_FALSE(
      enrol_device(office_.authority(), office_.store(), folder / "device.csr", folder, now())->was_revoked);
}

TEST_F(RevocationTest, AnotherCameraKeepsWhatItHas) {
  const Identity other = office_.new_camera("another");
  office_.authorise(other);
  ASSERT_TRUE(revoke(camera_.device_id).locked_out);
  EXPECT_EQ(status_of_a_batch(other), 200);
  EXPECT_EQ(office_.issued().newer_than(0, other.device_id).value().size(), 1U);
}

// As where the store cannot say who was ever enrolled.
TEST_F(RevocationTest, WhatIsNoDeviceIdWritesNowhere) {
  for (const char* id : {"", "../ca.key", "audit.jsonl", "0123456789ABCDEF"}) {
    const Revocation revoked = revoke(id);
    EXPECT_FALSE(revoked.locked_out) << id;
    EXPECT_THAT(revoked.problems, testing::Contains(HasSubstr("a device id must be"))) << id;
  }
  EXPECT_FALSE(fs::exists(office_.authority().revoked()));
  EXPECT_EQ(status_of_a_batch(camera_), 200);
}

TEST_F(RevocationTest, NoReasonStandsInItsWay) {
  for (const std::string& reason :
       {std::string(), std::string(100'000, 'x'), std::string("\xff\n"), std::string("\"quoted\"")}) {
    office_.authorise(camera_);
    const Revocation revoked = revoke(camera_.device_id, reason);
    EXPECT_TRUE(revoked.locked_out);
    EXPECT_TRUE(revoked.authority) << reason.size();
    EXPECT_THAT(revoked.problems, IsEmpty());
  }
  EXPECT_LT(fs::file_size(office_.authority().revoked() / "audit.jsonl"), 5000U);
  EXPECT_EQ(status_of_a_batch(camera_), 403);
}

// Whatever is broken, the camera is out, and what is left is told and done by the next try.
TEST_F(RevocationTest, WhatCannotBeEndedIsToldAndLetsNobodyIn) {
  give_it_all(camera_);
  const fs::path key = office_.authority().deployment() / "authority.key";
  const fs::path given = office_.authority().updates() / "given";
  fs::rename(key, office_.folder() / "authority.key");
  fs::rename(given, office_.folder() / "given");
  std::ofstream(given) << "in the way";
  fs::create_directories(office_.authority().revoked() / "audit.jsonl");
  const Revocation revoked = revoke(camera_.device_id);
  EXPECT_TRUE(revoked.locked_out);
  EXPECT_EQ(status_of_a_batch(camera_), 403);
  EXPECT_THAT(revoked.problems,
              ElementsAre(HasSubstr("audit.jsonl"), HasSubstr("authority.key"), HasSubstr("updates")));
  EXPECT_THAT(revoked.lists, ElementsAre("north"));
  fs::remove(given);
  fs::rename(office_.folder() / "given", given);
  fs::rename(office_.folder() / "authority.key", key);
  fs::remove(office_.authority().revoked() / "audit.jsonl");
  const Revocation again = revoke(camera_.device_id);
  EXPECT_THAT(again.problems, IsEmpty());
  EXPECT_TRUE(again.authority);
  EXPECT_THAT(again.updates, ElementsAre("wayside-rpi"));
}

TEST_F(RevocationTest, AnOlderStoreThatIsPutBackLetsNobodyIn) {
  const fs::path before = office_.folder() / "before.db";
  fs::copy(office_.authority().database(), before);
  ASSERT_TRUE(revoke(camera_.device_id).locked_out);
  ASSERT_TRUE(RevokedCameras(office_.authority().revoked()).contains(camera_.device_id).value());
  fs::copy(before, office_.authority().database(), fs::copy_options::overwrite_existing);
  EXPECT_TRUE(RevokedCameras(office_.authority().revoked()).contains(camera_.device_id).value());
  EXPECT_THAT(RevokedCameras(office_.authority().revoked()).all().value(), ElementsAre(camera_.device_id));
}

TEST_F(RevocationTest, WhereItCannotBeToldWhoIsRevokedNobodyIsLetIn) {
  fs::remove_all(office_.authority().revoked());
  fs::create_symlink("revoked", office_.authority().revoked());  // that leads to itself
  EXPECT_FALSE(RevokedCameras(office_.authority().revoked()).contains(camera_.device_id));
  EXPECT_EQ(status_of_a_batch(camera_), 503);
}

}  // namespace
}  // namespace wayside::backoffice
