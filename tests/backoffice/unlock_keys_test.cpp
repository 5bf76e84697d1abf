// The unlock service: which camera is lent which keys, over the real server, and what the audit says of it.
#include "wayside/backoffice/unlock_keys.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/delivery/seal/secret_transfer.hpp"
#include "wayside/delivery/upload/unlock.hpp"

#include "tests/backoffice/sample_record.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class UnlockKeysTest : public testing::Test {
 protected:
  UnlockKeysTest() { office_.start(); }
  [[nodiscard]] fs::path folder() { return office_.authority().unlock(); }
  static UtcTime now() { return doubles::BackOfficeDouble::now(); }
  Recipient make(const Identity& camera, std::chrono::hours lifetime = recipient_lifetime) {
    auto made = make_unlock_key(folder(), camera.device_id, now(), now(), now() + lifetime);
    if (!made) throw std::runtime_error(made.error().message);
    return *made;
  }
  // As the camera does it.
  Result<UnlockKeys::Set> fetch(const Identity& camera, const std::string& device_id) {
    HttpsOptions options;
    options.url = office_.server().url();
    options.ca_certificate = camera.back_office_ca;
    options.certificate = camera.certificate;
    options.private_key = camera.private_key;
    auto service = make_unlock_service(options, device_id);
    if (!service) return fail(service.error());
    return (*service)->fetch();
  }
  Result<UnlockKeys::Set> fetch(const Identity& camera) { return fetch(camera, camera.device_id); }
  std::vector<json> audit() {
    std::vector<json> lines;
    std::istringstream text(read_text_file(folder() / "audit.jsonl").value_or(""));
    for (std::string line; std::getline(text, line);)
      lines.push_back(json::parse(line));
    return lines;
  }
  std::vector<std::string> audited() {
    std::vector<std::string> what;
    for (const json& line : audit())
      what.push_back(line.at("what"));
    return what;
  }

  static constexpr std::chrono::hours recipient_lifetime{24 * 730};
  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
};

TEST_F(UnlockKeysTest, ACameraIsLentItsOwnKeysAndEveryLendingIsOnRecord) {
  const Recipient first = make(camera_);
  const Recipient second = make(camera_);
  const auto keys = fetch(camera_);
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_THAT(*keys, SizeIs(2));
  const bool in_order = (*keys)[0].key == first.key;
  EXPECT_EQ((*keys)[in_order ? 0 : 1].key, first.key);
  EXPECT_EQ((*keys)[in_order ? 1 : 0].key, second.key);
  EXPECT_THAT(audited(), ElementsAre("made", "made", "lent"));
  const json lent = audit().back();
  EXPECT_EQ(lent.at("device_id"), camera_.device_id);
  EXPECT_THAT(lent.at("keys"), SizeIs(2));
  EXPECT_TRUE(lent.contains("time"));
  EXPECT_TRUE(lent.contains("certificate"));
  const auto text = read_text_file(folder() / "audit.jsonl");
  EXPECT_EQ(text->find(to_hex((*keys)[0].secret.view())), std::string::npos);
}

TEST_F(UnlockKeysTest, NobodyElsesKeysAreLent) {
  make(camera_);
  const Identity other = office_.new_camera("other");
  const auto foreign = fetch(other, camera_.device_id);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::refused);
  const auto none = fetch(other);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::refused) << "none was made for it";
  EXPECT_THAT(audited(), ElementsAre("made", "refused", "refused"));
  EXPECT_EQ(audit()[1].at("device_id"), camera_.device_id);
}

TEST_F(UnlockKeysTest, ARevokedCameraIsRefusedUntilItIsRestored) {
  make(camera_);
  ASSERT_TRUE(fetch(camera_));
  ASSERT_TRUE(revoke_unlock(folder(), camera_.device_id, now()));
  const auto refused = fetch(camera_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("revoked"));
  EXPECT_FALSE(make_unlock_key(folder(), camera_.device_id, now(), {}, now() + recipient_lifetime));
  EXPECT_TRUE(list_unlock_keys(folder())->front().revoked);
  ASSERT_TRUE(restore_unlock(folder(), camera_.device_id, now()));
  EXPECT_TRUE(fetch(camera_));
  EXPECT_THAT(audited(), ElementsAre("made", "lent", "revoked", "refused", "restored", "lent"));
  EXPECT_TRUE(audit()[2].contains("by"));
}

TEST_F(UnlockKeysTest, OfALineThatAFullDiskTookInPartNothingStaysAndATornOneEndsThere) {
  make(camera_);
  const std::string before = read_text_file(folder() / "audit.jsonl").value();
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{before.size() + 20, before.size() + 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(revoke_unlock(folder(), camera_.device_id, now()) ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "what is not on record was said to be done";
  EXPECT_EQ(read_text_file(folder() / "audit.jsonl").value(), before);
  std::ofstream(folder() / "audit.jsonl", std::ios::app) << "{\"by\":\"ro";
  ASSERT_TRUE(revoke_unlock(folder(), camera_.device_id, now()));
  const std::string after = read_text_file(folder() / "audit.jsonl").value();
  EXPECT_THAT(after, HasSubstr("{\"by\":\"ro\n{"));
  EXPECT_THAT(after.substr(after.rfind("\n{")), HasSubstr("revoked"));
}

TEST_F(UnlockKeysTest, ACameraThatWasEnrolledAnewLocksOutWhoHoldsTheOldCertificate) {
  make(camera_);
  const fs::path stolen = office_.folder() / "stolen";
  fs::copy(camera_.certificate.parent_path(), stolen, fs::copy_options::recursive);
  ASSERT_TRUE(enrol_device(office_.authority(), office_.store(), stolen / "device.csr",
                           office_.folder() / "new", now()));
  EXPECT_EQ(fetch(camera_).error().code, ErrorCode::refused);
  EXPECT_THAT(audited(), ElementsAre("made", "refused"));
}

TEST_F(UnlockKeysTest, EnrolmentPutsThePublicHalfAmongTheRecipientsAndNoSecret) {
  const Recipient key = make(camera_);
  const fs::path out = office_.folder() / "again";
  ASSERT_TRUE(enrol_device(office_.authority(), office_.store(),
                           camera_.certificate.parent_path() / "device.csr", out, now()));
  const auto recipients = load_recipients(out / "recipients");
  ASSERT_TRUE(recipients);
  EXPECT_THAT(*recipients, SizeIs(2));
  EXPECT_TRUE(fs::exists(out / "recipients" / (to_hex(key_id(key.key)) + ".toml")));
  EXPECT_FALSE(fs::exists(out / "recipients" / (to_hex(key_id(key.key)) + ".key")));
  ASSERT_TRUE(revoke_unlock(folder(), camera_.device_id, now()));
  ASSERT_TRUE(enrol_device(office_.authority(), office_.store(),
                           camera_.certificate.parent_path() / "device.csr", out, now()));
  EXPECT_THAT(*load_recipients(out / "recipients"), SizeIs(1)) << "nothing more is sealed to a revoked key";
}

TEST_F(UnlockKeysTest, WhatCannotBePutOnRecordIsNotLent) {
  make(camera_);
  fs::remove(folder() / "audit.jsonl");
  fs::create_directory(folder() / "audit.jsonl");
  const auto keys = fetch(camera_);
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().code, ErrorCode::unavailable) << "a camera keeps what it has";
  EXPECT_FALSE(revoke_unlock(folder(), camera_.device_id, now()));
}

TEST_F(UnlockKeysTest, FoldersAndFilesAreTheOwnersAlone) {
  const Recipient key = make(camera_);
  const auto mode = [](const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions()) & 0777U;
  };
  EXPECT_EQ(mode(folder()), 0700U);
  EXPECT_EQ(mode(folder() / camera_.device_id), 0700U);
  EXPECT_EQ(mode(folder() / camera_.device_id / (to_hex(key_id(key.key)) + ".key")), 0600U);
  EXPECT_EQ(mode(folder() / "audit.jsonl"), 0600U);
}

TEST_F(UnlockKeysTest, WhatIsNoRequestIsRefused) {
  make(camera_);
  const auto client = client_of(camera_, office_.server().port());
  const std::string path = "/v2/unlock/" + camera_.device_id;
  const auto post = [&](const std::string& body, const char* type) { return client->Post(path, body, type); };
  EXPECT_EQ(post(std::string(31, 'x'), "application/octet-stream")->status, 400);
  EXPECT_EQ(post(std::string(32, '\0'), "application/octet-stream")->status, 400) << "a point of low order";
  EXPECT_EQ(post(std::string(33, 'x'), "application/octet-stream")->status, 413);
  EXPECT_EQ(post(std::string(32, 'x'), "text/plain")->status, 415);
  EXPECT_EQ(client->Get(path)->status, 405);
  const auto good = post(std::string(32, 'x'), "application/octet-stream");
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(good->body.size(), sealed_secret_bytes);
  EXPECT_EQ(good->get_header_value("Content-Type"), "application/octet-stream");
}

TEST_F(UnlockKeysTest, OfManyKeysTheEightThatEndLastAreLent) {
  std::vector<Recipient> made;
  for (int i = 0; i < 10; ++i)
    made.push_back(make(camera_, std::chrono::hours(100 - i)));
  const auto keys = fetch(camera_);
  ASSERT_TRUE(keys);
  ASSERT_THAT(*keys, SizeIs(8));
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ((*keys)[static_cast<std::size_t>(7 - i)].key, made[static_cast<std::size_t>(i)].key);
}

TEST_F(UnlockKeysTest, WrongIdsAndDatesAreRefusedInWords) {
  EXPECT_THAT(make_unlock_key(folder(), "../office", now(), {}, now() + recipient_lifetime).error().message,
              HasSubstr("16 lower case hex digits"));
  EXPECT_THAT(make_unlock_key(folder(), camera_.device_id, now(), now(), now()).error().message,
              HasSubstr("--valid-until must be later"));
  EXPECT_THAT(revoke_unlock(folder(), "0000000000000000", now()).error().message,
              HasSubstr("unlock-key new"));
  EXPECT_THAT(*list_unlock_keys(office_.folder() / "none"), IsEmpty());
}

}  // namespace
}  // namespace wayside::backoffice
