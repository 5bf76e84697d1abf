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
  Result<Revocation> revoke(const std::string& device_id, const std::string& reason = "stolen") {
    return revoke_camera(office_.authority(), office_.store(), device_id, reason, now());
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
  const auto revoked = revoke(id, "stolen, \"crime\" 2026/4711");
  ASSERT_TRUE(revoked) << revoked.error().message;
  EXPECT_EQ(status_of_a_batch(camera_), 403);
  EXPECT_TRUE(revoked->authority);
  EXPECT_TRUE(revoked->unlock_keys);
  EXPECT_THAT(revoked->lists, ElementsAre("north"));
  EXPECT_THAT(revoked->updates, ElementsAre("wayside-rpi"));

  const auto documents = office_.issued().list().value();
  EXPECT_EQ(documents.back().document->kind, AuthorityDocument::Kind::revocation);
  EXPECT_THAT(documents.back().document->devices, ElementsAre(id));
  EXPECT_TRUE(list_unlock_keys(office_.authority().unlock()).value().at(0).revoked);
  EXPECT_FALSE(fs::exists(lists_folder() / ".keys" / id));
  const auto given = GivenLists(lists_folder()).given().value();
  EXPECT_THAT(given.at("south"), ElementsAre("all"));
  EXPECT_FALSE(given.contains("north") && !given.at("north").empty());
  const auto bundles = updates_.given().value();
  ASSERT_EQ(bundles.size(), 1U);
  EXPECT_EQ(bundles[0].to, all_cameras);
  const json line = json::parse(read_text_file(office_.authority().folder() / "audit.jsonl").value());
  EXPECT_EQ(line.at("what"), "revoked");
  EXPECT_EQ(line.at("device_id"), id);
  EXPECT_EQ(line.at("reason"), "stolen, \"crime\" 2026/4711");
}

TEST_F(RevocationTest, AgainItEndsNothingTwiceAndAnEnrolmentLetsItInAgain) {
  give_it_all(camera_);
  ASSERT_TRUE(revoke(camera_.device_id));
  const auto again = revoke(camera_.device_id);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->authority);
  EXPECT_FALSE(again->unlock_keys);
  EXPECT_THAT(again->lists, IsEmpty());
  EXPECT_THAT(again->updates, IsEmpty());
  const fs::path folder = camera_.private_key.parent_path();
  ASSERT_TRUE(enrol_device(office_.authority(), office_.store(), folder / "device.csr", folder, now()));
  EXPECT_EQ(status_of_a_batch(camera_), 200);
  EXPECT_TRUE(list_unlock_keys(office_.authority().unlock()).value().at(0).revoked);
}

TEST_F(RevocationTest, AnotherCameraKeepsWhatItHas) {
  const Identity other = office_.new_camera("another");
  office_.authorise(other);
  ASSERT_TRUE(GivenLists(lists_folder()).pass_on(office_.folder() / "out"));
  ASSERT_TRUE(revoke(camera_.device_id));
  EXPECT_EQ(status_of_a_batch(other), 200);
  EXPECT_EQ(office_.issued().newer_than(0, other.device_id).value().size(), 1U);
}

// What its reason is refused for, by the document that ends the authority.
TEST_F(RevocationTest, AReasonThatCannotBeSignedRevokesNothing) {
  office_.authorise(camera_);
  for (const std::string& reason : {std::string(), std::string(100'000, 'x'), std::string("\xff\n")}) {
    const auto revoked = revoke(camera_.device_id, reason);
    ASSERT_FALSE(revoked) << reason.size();
    EXPECT_EQ(revoked.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(revoked.error().message, HasSubstr("reason"));
  }
  EXPECT_EQ(status_of_a_batch(camera_), 200);
}

TEST_F(RevocationTest, WhoWasNeverEnrolledIsNotRevoked) {
  const auto revoked = revoke("00000000000000ff");
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().code, ErrorCode::not_found);
  EXPECT_FALSE(fs::exists(office_.authority().folder() / "audit.jsonl"));
}

}  // namespace
}  // namespace wayside::backoffice
