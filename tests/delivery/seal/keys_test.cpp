// Recipients' files: what is right loads, what is wrong is told with file, line, key and expected form.
#include "wayside/delivery/seal/keys.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/delivery/seal/record_parts.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string some_key(64, '3');

class RecipientFileTest : public testing::Test {
 protected:
  fs::path put(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
    fs::permissions(folder_.path() / name, fs::perms(0600));
    return folder_.path() / name;
  }
  Result<Recipient> load(const std::string& text) { return load_recipient(put("one.toml", text)); }
  void expect_refused(const std::string& text, const std::string& words) {
    const auto one = load(text);
    ASSERT_FALSE(one) << text;
    EXPECT_EQ(one.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(one.error().message, AllOf(HasSubstr("one.toml: "), HasSubstr(words)));
  }

  doubles::TemporaryFolder folder_;
};

TEST_F(RecipientFileTest, EveryKeyIsTaken) {
  const auto one = load("name = \"Traffic office\"\nkey = \"" + some_key +
                        "\"\nview = \"pseudonym\"\nvalid_from = 2026-01-01T00:00:00Z\n"
                        "valid_until = 2027-01-01T00:00:00.5Z\nsuccessor = \"0123456789abcdef\"\n"
                        "pseudonym_key = \"" +
                        std::string(64, 'A') + "\"\n");
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->name, "Traffic office");
  EXPECT_EQ(to_hex(one->key), some_key);
  EXPECT_EQ(one->view, RecordView::pseudonym);
  EXPECT_EQ(to_iso8601(one->valid_from.value()), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(one->valid_until.value()), "2027-01-01T00:00:00.500Z");
  EXPECT_EQ(to_hex(one->successor.value()), "0123456789abcdef");
  EXPECT_EQ(one->pseudonym_key.value(), Bytes(32, 0xAA));
}

TEST_F(RecipientFileTest, WhatIsWrittenIsReadBack) {
  Recipient one;
  one.name = "Caf\xc3\xa9 \"7\" \\ A14";
  one.key = make_recipient_secret().key;
  for (const RecordView view : {RecordView::full, RecordView::text, RecordView::pseudonym}) {
    one.view = view;
    if (view == RecordView::pseudonym) {
      one.pseudonym_key = Bytes(32, 9);
      one.valid_from = UtcTime{1'795'000'000'123};
      one.valid_until = UtcTime{1'795'000'000'124};
      one.successor = KeyId{1, 2, 3, 4, 5, 6, 7, 8};
    }
    const auto again = load(to_toml(one));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->name, one.name);
    EXPECT_EQ(again->key, one.key);
    EXPECT_EQ(again->view, one.view);
    EXPECT_EQ(again->valid_from, one.valid_from);
    EXPECT_EQ(again->valid_until, one.valid_until);
    EXPECT_EQ(again->successor, one.successor);
    EXPECT_EQ(again->pseudonym_key, one.pseudonym_key);
  }
}

TEST_F(RecipientFileTest, ErrorsNameLineKeyAndExpectedForm) {
  const std::string good = "name = \"a\"\nkey = \"" + some_key + "\"\nview = \"full\"\n";
  ASSERT_TRUE(load(good));
  expect_refused("key = \"" + some_key + "\"\nview = \"full\"\n",
                 "name is missing, expected a text of one line, 1 to 120 bytes, in quotes");
  expect_refused("name = 3\nkey = \"" + some_key + "\"\nview = \"full\"\n",
                 "line 1: name is wrong, expected a text");
  expect_refused("name = \"a\\nb\"\nkey = \"" + some_key + "\"\nview = \"full\"\n", "line 1: name is wrong");
  expect_refused("name = \"a\"\nkey = \"abcd\"\nview = \"full\"\n",
                 "line 2: key is wrong, expected 64 hex digits in quotes");
  expect_refused("name = \"a\"\nkey = \"" + some_key + "\"\nview = \"all\"\n",
                 "line 3: view is wrong, expected \"full\", \"text\" or \"pseudonym\"");
  for (const char* time :
       {"\"2026-01-01T00:00:00Z\"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00"})
    expect_refused(
        good + "valid_from = " + time + "\n",
        "line 4: valid_from is wrong, expected a UTC time like 2026-11-22T17:35:40Z, without quotes");
  expect_refused(good + "valid_from = 2026-01-02T00:00:00Z\nvalid_until = 2026-01-02T00:00:00Z\n",
                 "line 5: valid_until is not after valid_from");
  expect_refused(good + "successor = \"1234\"\n",
                 "line 4: successor is wrong, expected 16 hex digits in quotes");
  PublicKey key{};
  key.fill(0x33);
  expect_refused(good + "successor = \"" + to_hex(key_id(key)) + "\"\n",
                 "line 4: successor names this very key");
  expect_refused(good + "valid = 1\n", "line 4: there is no key \"valid\"");
  expect_refused(good + "valid_til = 2026-01-02T00:00:00Z\n", "did you mean \"valid_until\"?");
  expect_refused("name = \"a\n", "line 1: no valid TOML");
}

TEST_F(RecipientFileTest, AllErrorsAreToldTogetherAndNoValueIsRepeated) {
  const auto one = load("key = \"c0ffee\"\nview = \"c0ffee\"\npseudonym_kex = \"" + some_key + "\"\n");
  ASSERT_FALSE(one);
  EXPECT_THAT(one.error().message,
              AllOf(HasSubstr("name is missing"), HasSubstr("line 1: key is wrong"),
                    HasSubstr("line 2: view is wrong"), HasSubstr("did you mean \"pseudonym_key\"?")));
  EXPECT_THAT(one.error().message, AllOf(Not(HasSubstr("c0ffee")), Not(HasSubstr(some_key))));
}

TEST_F(RecipientFileTest, APseudonymKeyIsDemandedForExactlyThatView) {
  const std::string start = "name = \"a\"\nkey = \"" + some_key + "\"\nview = ";
  expect_refused(start + "\"pseudonym\"\n", "line 3: pseudonym_key is missing");
  for (const char* view : {"\"full\"\n", "\"text\"\n"}) {
    expect_refused(start + view + "pseudonym_key = \"" + some_key + "\"\n",
                   "line 4: pseudonym_key is for the view \"pseudonym\" only");
  }
}

TEST_F(RecipientFileTest, KeysOfLowOrderAreRefused) {
  for (const std::string& key :
       {std::string(64, '0'), "01" + std::string(62, '0'),
        std::string("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        std::string("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        std::string("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")}) {
    expect_refused("name = \"a\"\nkey = \"" + key + "\"\nview = \"full\"\n", "line 2: key is of low order");
  }
}

TEST_F(RecipientFileTest, AFolderGivesAllByFileName) {
  Recipient one;
  for (const char* name : {"b", "a", "c"}) {
    one.name = name;
    one.key = make_recipient_secret().key;
    put(std::string(name) + ".toml", to_toml(one));
  }
  put("readme.txt", "not a recipient");
  const auto all = load_recipients(folder_.path());
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ(all->front().name, "a");
  EXPECT_EQ(all->back().name, "c");
}

TEST_F(RecipientFileTest, WhereOthersMayWriteNobodyIsSealedTo) {
  Recipient one;
  one.name = "a";
  one.key = make_recipient_secret().key;
  const fs::path file = put("a.toml", to_toml(one));
  for (const unsigned mode : {0644U, 0444U}) {
    fs::permissions(file, fs::perms(mode));
    EXPECT_TRUE(load_recipients(folder_.path())) << mode;
  }
  for (const auto& [mode, words] : {std::pair{0620U, "(mode 0620)"}, std::pair{0606U, "(mode 0606)"}}) {
    fs::permissions(file, fs::perms(mode));
    const auto all = load_recipients(folder_.path());
    ASSERT_FALSE(all) << mode;
    EXPECT_EQ(all.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(all.error().message, AllOf(HasSubstr("a.toml: others than its owner may write"),
                                           HasSubstr(words), HasSubstr("chmod go-w " + file.string())));
  }
  fs::permissions(file, fs::perms(0644));
  for (const unsigned mode : {0770U, 01777U}) {
    fs::permissions(folder_.path(), fs::perms(mode));
    const auto all = load_recipients(folder_.path());
    ASSERT_FALSE(all) << mode;
    EXPECT_THAT(all.error().message, HasSubstr("chmod go-w " + folder_.path().string()));
  }
  fs::permissions(folder_.path(), fs::perms(0755));
  EXPECT_TRUE(load_recipients(folder_.path()));
}

TEST_F(RecipientFileTest, APseudonymKeyThatOthersMayReadIsRefused) {
  Recipient one;
  one.name = "a";
  one.key = make_recipient_secret().key;
  one.view = RecordView::pseudonym;
  one.pseudonym_key = Bytes(32, 9);
  const fs::path file = put("a.toml", to_toml(one));
  EXPECT_TRUE(load_recipient(file));
  for (const unsigned mode : {0640U, 0604U}) {
    fs::permissions(file, fs::perms(mode));
    const auto loaded = load_recipient(file);
    ASSERT_FALSE(loaded) << mode;
    EXPECT_EQ(loaded.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(loaded.error().message, AllOf(HasSubstr("a.toml: pseudonym_key is a secret"),
                                              HasSubstr("chmod 600 " + file.string())));
    EXPECT_THAT(loaded.error().message, Not(HasSubstr(to_hex(*one.pseudonym_key))));
  }
}

TEST_F(RecipientFileTest, AnAbsentFolderHasNoneAndAFileIsNoFolder) {
  EXPECT_TRUE(load_recipients(folder_.path() / "absent").value().empty());
  EXPECT_FALSE(load_recipients(put("file", "x")));
}

TEST_F(RecipientFileTest, AFolderTellsTheErrorsOfAllFilesTogether) {
  put("a.toml", "name = 1\n");
  put("b.toml", "vew = 1\n");
  const auto all = load_recipients(folder_.path());
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().message, AllOf(HasSubstr("a.toml: line 1"), HasSubstr("b.toml: line 1")));
}

TEST_F(RecipientFileTest, TwoFilesWithOneKeyOrTwoPseudonymKeysAreRefused) {
  Recipient one;
  one.name = "a";
  one.key = make_recipient_secret().key;
  put("a.toml", to_toml(one));
  put("b.toml", to_toml(one));
  const auto twice = load_recipients(folder_.path());
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, AllOf(HasSubstr("b.toml: key is that of "), HasSubstr("a.toml")));

  one.view = RecordView::pseudonym;
  one.pseudonym_key = Bytes(32, 1);
  put("a.toml", to_toml(one));
  one.key = make_recipient_secret().key;
  put("b.toml", to_toml(one));
  EXPECT_TRUE(load_recipients(folder_.path()));
  one.pseudonym_key = Bytes(32, 2);
  put("b.toml", to_toml(one));
  const auto differ = load_recipients(folder_.path());
  ASSERT_FALSE(differ);
  EXPECT_THAT(differ.error().message, HasSubstr("b.toml: pseudonym_key differs"));
}

TEST_F(RecipientFileTest, ASecretIsKeptForItsOwnerOnlyAndReadBack) {
  const RecipientSecret secret = make_recipient_secret();
  const fs::path file = folder_.path() / "secret";
  ASSERT_TRUE(save_recipient_secret(secret, file));
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  const auto again = load_recipient_secret(file);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->key, secret.key);
  EXPECT_TRUE(std::ranges::equal(again->secret.view(), secret.secret.view()));
}

TEST_F(RecipientFileTest, ASecretThatOthersCanReadOrThatIsNoneIsRefused) {
  const fs::path file = folder_.path() / "secret";
  EXPECT_EQ(load_recipient_secret(file).error().code, ErrorCode::not_found);
  ASSERT_TRUE(save_recipient_secret(make_recipient_secret(), file));
  fs::permissions(file, fs::perms(0640));
  EXPECT_THAT(load_recipient_secret(file).error().message, HasSubstr("has mode 0640"));
  for (const std::string& text :
       {std::string(), std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'x')}) {
    put("secret", text);
    fs::permissions(file, fs::perms(0600));
    const auto none = load_recipient_secret(file);
    ASSERT_FALSE(none) << text;
    EXPECT_EQ(none.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(none.error().message, HasSubstr("must hold a recipient's secret key, 64 hex digits"));
  }
}

TEST(KeyId, IsTheBeginningOfTheKeysHash) {
  const PublicKey key{};
  const Sha256 hash = sha256(key);
  EXPECT_TRUE(std::ranges::equal(key_id(key), std::span(hash).first(8)));
}

TEST(RecordParts, WipedTheyAreEmptyAndTheirMemoryIsZero) {
  RecordParts parts;
  parts.document = Bytes(1000, 7);
  parts.document.resize(10);  // the rest stays in the memory behind it
  parts.plate = parts.overview = parts.pseudonymous = Bytes(500, 7);
  wipe(parts);
  for (Bytes* part : {&parts.document, &parts.plate, &parts.overview, &parts.pseudonymous}) {
    EXPECT_TRUE(part->empty());
    const std::size_t room = part->capacity();
    ASSERT_GE(room, 500U);
    const volatile std::uint8_t* at = part->data();
    for (std::size_t i = 0; i < room; ++i)
      ASSERT_EQ(at[i], 0);
  }
}

}  // namespace
}  // namespace wayside
