// Who the camera seals to, whatever becomes of the recipients' files.
#include "src/app/sealing.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "wayside/device/identity/identity.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class SealingTest : public testing::Test {
 protected:
  SealingTest() {
    EXPECT_TRUE(make_identity(folder_.path()));
    fs::create_directory(recipients());
    fs::permissions(recipients(), fs::perms(0700));
    for (const char* name : {"office", "second"}) {
      Recipient one;
      one.name = name;
      one.key = make_recipient_secret().key;
      keys_[name] = key_id(one.key);
      texts_[name] = to_toml(one);
      put(name, texts_[name]);
    }
  }
  [[nodiscard]] fs::path recipients() const { return folder_.path() / "recipients"; }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(recipients() / (name + ".toml")) << text;
    fs::permissions(recipients() / (name + ".toml"), fs::perms(0600));
  }
  void open() {
    auto sealing = Sealing::open(folder_.path(), "0123456789abcdef", *clock_, health_);
    ASSERT_TRUE(sealing) << sealing.error().message;
    sealing_ = std::move(*sealing);
  }
  // Who could open a record made now.
  std::vector<KeyId> readers() {
    RecordParts parts;
    parts.document = {'{', '}'};
    const auto record = sealing_->sealer().seal({{}, SequenceNumber(1), {}}, parts);
    std::vector<KeyId> out;
    if (!record) return out;
    const Result<RecordHead> head = decode_head(record->head);
    EXPECT_TRUE(head);
    for (const RecordHead::Box& box : head->boxes)
      out.push_back(box.recipient);
    return out;
  }
  std::string problem() {
    const auto problems = health_.problems();
    const auto found = problems.find("sealing");
    return found == problems.end() ? std::string() : found->second;
  }

  doubles::TemporaryFolder folder_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
  Health health_;
  std::map<std::string, KeyId> keys_;
  std::map<std::string, std::string> texts_;
  std::unique_ptr<Sealing> sealing_;
};

TEST_F(SealingTest, ADamagedFileAtTheStartIsNamedAndTheOthersCount) {
  put("second", "key = \"not a key\"\n");
  open();
  EXPECT_THAT(readers(), ElementsAre(keys_["office"]));
  EXPECT_TRUE(sealing_->try_to_seal());
  EXPECT_THAT(problem(), AllOf(HasSubstr("second.toml"), HasSubstr("RECORDS ARE NOT SEALED TO ITS RECIPIENT"),
                               Not(HasSubstr("office.toml"))));
  put("second", texts_["second"]);
  sealing_->look_again();
  EXPECT_THAT(readers(), UnorderedElementsAre(keys_["office"], keys_["second"]));
  EXPECT_EQ(problem(), "");
}

TEST_F(SealingTest, WhereNoFileIsGoodNothingCanBeSealed) {
  put("second", "");
  put("office", "name = 7\n");
  open();
  EXPECT_THAT(readers(), IsEmpty());
  EXPECT_EQ(sealing_->try_to_seal().error().code, ErrorCode::unavailable);
  EXPECT_THAT(problem(), AllOf(HasSubstr("second.toml"), HasSubstr("office.toml")));
}

TEST_F(SealingTest, AFileDamagedLaterGoesOnCountingAsItWasAndIsNamed) {
  open();
  put("second", "garbage");
  fs::permissions(recipients() / "office.toml", fs::perms(0666));
  for (int look = 0; look < 3; ++look) {
    sealing_->look_again();
    EXPECT_THAT(readers(), UnorderedElementsAre(keys_["office"], keys_["second"])) << look;
  }
  EXPECT_THAT(problem(), AllOf(HasSubstr("second.toml"), HasSubstr("office.toml"),
                               HasSubstr("sealed to what it held before"), Not(HasSubstr("NOT SEALED"))));
}

// As after copying the office's folder whole.
TEST_F(SealingTest, ARecipientsSecretOnTheCameraIsTold) {
  const fs::path secret = recipients() / "0123456789abcdef.key";
  ASSERT_TRUE(save_recipient_secret(make_recipient_secret(), secret));
  open();
  EXPECT_THAT(problem(),
              AllOf(HasSubstr("0123456789abcdef.key is a recipient's secret"), HasSubstr("remove")));
  EXPECT_THAT(readers(), UnorderedElementsAre(keys_["office"], keys_["second"]));
  fs::remove(secret);
  sealing_->look_again();
  EXPECT_EQ(problem(), "");
}

TEST_F(SealingTest, AFileThatIsTakenAwayCountsNoMore) {
  open();
  fs::remove(recipients() / "second.toml");
  sealing_->look_again();
  EXPECT_THAT(readers(), ElementsAre(keys_["office"]));
  EXPECT_EQ(problem(), "");
}

TEST_F(SealingTest, AKeyThatMovedToAnotherFileCountsOnce) {
  open();
  put("third", texts_["second"]);
  put("second", "garbage");
  sealing_->look_again();
  EXPECT_THAT(readers(), UnorderedElementsAre(keys_["office"], keys_["second"]));
  EXPECT_THAT(problem(),
              AllOf(HasSubstr("second.toml"), HasSubstr("is in another file"), Not(HasSubstr("NOT SEALED"))));
}

TEST_F(SealingTest, AFolderThatOthersMayWriteToChangesNobody) {
  open();
  fs::permissions(recipients(), fs::perms(0777));
  put("third", texts_["second"]);
  fs::remove(recipients() / "second.toml");
  sealing_->look_again();
  EXPECT_THAT(readers(), UnorderedElementsAre(keys_["office"], keys_["second"]));
  EXPECT_THAT(problem(), AllOf(HasSubstr("others than its owner"), HasSubstr("known before")));
}

}  // namespace
}  // namespace wayside::app
