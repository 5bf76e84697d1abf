// Whom cameras seal to: keys follow one another, secrets stay, and others are passed on as they are.
#include "wayside/backoffice/recipients.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"

#include "tests/backoffice/sample.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::SizeIs;

constexpr UtcTime later = sample_now + recipient_key_lifetime;

class RecipientsTest : public testing::Test {
 protected:
  Recipient make(std::optional<UtcTime> from = sample_now, UtcTime until = later) {
    const auto made = make_recipient_key(folder_, from, until);
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(Recipient{});
  }
  Recipient add_other(RecordView view, std::optional<UtcTime> until = {}) {
    Recipient other;
    other.name = "controller";
    other.key = make_recipient_secret().key;
    other.view = view;
    other.valid_until = until;
    if (view == RecordView::pseudonym) other.pseudonym_key = Bytes(32, 7);
    EXPECT_TRUE(replace_file(folder_ / "controller.toml", as_bytes(to_toml(other)), 0600));
    return other;
  }
  static fs::path file_of(const fs::path& folder, const Recipient& recipient, const char* extension) {
    return folder / (to_hex(key_id(recipient.key)) + extension);
  }
  static unsigned mode_of(const fs::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
  }

  doubles::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "recipients";
  fs::path out_ = temporary_.path() / "out" / "recipients";
};

TEST_F(RecipientsTest, ANewKeyIsASecretAndAPublicFile) {
  const Recipient made = make();
  EXPECT_EQ(mode_of(folder_), 0700U);
  EXPECT_EQ(mode_of(file_of(folder_, made, ".key")), 0600U);
  const auto read = load_recipient(file_of(folder_, made, ".toml"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->key, made.key);
  EXPECT_EQ(read->view, RecordView::full);
  EXPECT_EQ(read->valid_from, sample_now);
  EXPECT_EQ(read->valid_until, later);
  const auto secrets = load_recipient_secrets(folder_);
  ASSERT_TRUE(secrets);
  EXPECT_EQ(secrets->at(0).key, made.key);
}

TEST_F(RecipientsTest, EachKeyIsNamedAsTheSuccessorOfTheOneBefore) {
  const Recipient first = make();
  add_other(RecordView::full);
  const Recipient second = make(sample_now + std::chrono::hours(1));
  const Recipient third = make(sample_now + std::chrono::hours(2));
  const auto successor = [&](const Recipient& one) {
    return load_recipient(file_of(folder_, one, ".toml")).value().successor;
  };
  EXPECT_EQ(successor(first), key_id(second.key));
  EXPECT_EQ(successor(second), key_id(third.key));
  EXPECT_FALSE(successor(third));
  EXPECT_FALSE(load_recipient(folder_ / "controller.toml").value().successor);
  EXPECT_THAT(load_recipient_secrets(folder_).value(), SizeIs(3));
  EXPECT_THAT(list_recipients(folder_).value(), SizeIs(4));
}

TEST_F(RecipientsTest, TheFirstKeyMayBeValidFromEver) {
  const Recipient first = make(std::nullopt);
  EXPECT_FALSE(load_recipient(file_of(folder_, first, ".toml")).value().valid_from);
  const Recipient second = make();
  EXPECT_EQ(load_recipient(file_of(folder_, first, ".toml")).value().successor, key_id(second.key));
}

TEST_F(RecipientsTest, AKeyThatEndsBeforeItBeginsIsRefused) {
  const auto made = make_recipient_key(folder_, sample_now, sample_now);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("--valid-until must be later than --valid-from"));
}

TEST_F(RecipientsTest, AllWhoseKeyHasNotEndedArePassedOnAndNoSecretIs) {
  const Recipient ended = make(sample_now, sample_now + std::chrono::hours(1));
  const Recipient valid = make();
  const Recipient other = add_other(RecordView::pseudonym);
  ASSERT_TRUE(pass_on_recipients(folder_, out_, sample_now));
  EXPECT_THAT(load_recipients(out_).value(), SizeIs(3));
  EXPECT_EQ(mode_of(file_of(out_, other, ".toml")), 0600U) << "a pseudonym key is a secret";
  EXPECT_EQ(load_recipient(file_of(out_, other, ".toml")).value().pseudonym_key, other.pseudonym_key);
  std::ofstream(out_ / "own.toml") << "a person's own file";
  ASSERT_TRUE(pass_on_recipients(folder_, out_, sample_now + std::chrono::hours(1)));
  EXPECT_FALSE(fs::exists(file_of(out_, ended, ".toml")));
  EXPECT_TRUE(fs::exists(file_of(out_, valid, ".toml")));
  EXPECT_TRUE(fs::exists(out_ / "own.toml"));
  for (const auto& entry : fs::directory_iterator(out_))
    EXPECT_EQ(entry.path().extension(), ".toml");
}

TEST_F(RecipientsTest, NothingIsPassedOnThatNoCameraCouldRecordWith) {
  for (const bool with_other : {false, true}) {
    if (with_other) add_other(RecordView::text);
    const auto done = pass_on_recipients(folder_.string(), out_, sample_now);
    if (!with_other) fs::create_directory(folder_);
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr("run wayside-backoffice recipient-key new"));
    EXPECT_FALSE(fs::exists(out_));
  }
}

TEST_F(RecipientsTest, AFolderWithoutASecretSaysWhatToDo) {
  const auto secrets = load_recipient_secrets(folder_);
  ASSERT_FALSE(secrets);
  EXPECT_EQ(secrets.error().code, ErrorCode::not_found);
  EXPECT_THAT(secrets.error().message, HasSubstr("run wayside-backoffice recipient-key new"));
}

TEST_F(RecipientsTest, ASecretThatOthersCanReadIsRefused) {
  const Recipient made = make();
  fs::permissions(file_of(folder_, made, ".key"), fs::perms(0644));
  EXPECT_FALSE(load_recipient_secrets(folder_));
}

}  // namespace
}  // namespace wayside::backoffice
