// toolchains/update-keys.sh: a root, signers below it, rotation and revocation; what it refuses leaves the
// keys as they were.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::image {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class UpdateKeys : public testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("WAYSIDE_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    script_ = (fs::path(source) / "toolchains" / "update-keys.sh").string();
    std::ofstream(passphrase_) << "a passphrase of a test\n";
  }
  // The exit code; what was said is kept.
  int run(const std::string& command) {
    FILE* pipe =
        ::popen(("cd " + folder_.path().string() + " && { " + command + "\n} 2>&1 </dev/null").c_str(), "re");
    said_.clear();
    std::array<char, 4096> part{};
    for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
      said_.append(part.data(), got);
    const int status = ::pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int keys(const std::string& what) {
    return run(script_ + " " + what + " --passphrase-file " + passphrase_.string() + " " + keys_.string());
  }
  // As a camera looks at it: below the root, and not on the list.
  bool takes(const std::string& signer) {
    std::ofstream(folder_.path() / "update") << "an update\n";
    const std::string of = (keys_ / signer).string();
    if (run("openssl cms -sign -binary -in update -signer " + of + ".pem -inkey " +
            (folder_.path() / "kept").string() + ".key -outform DER -out update.cms") != 0)
      ADD_FAILURE() << said_;
    return run("openssl cms -verify -binary -inform DER -in update.cms -content update -out /dev/null "
               "-CAfile " +
               (keys_ / "keyring.pem").string() + " -crl_check") == 0;
  }
  void keep_key_of(const std::string& signer) const {
    fs::copy_file(keys_ / (signer + ".key"), folder_.path() / "kept.key",
                  fs::copy_options::overwrite_existing);
  }
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& file : fs::directory_iterator(keys_)) {
      std::ifstream in(file.path(), std::ios::binary);
      all[file.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return all;
  }

  doubles::TemporaryFolder folder_;
  const fs::path keys_ = folder_.path() / "keys";
  const fs::path passphrase_ = folder_.path() / "passphrase";
  std::string script_;
  std::string said_;
};

TEST_F(UpdateKeys, LieInAFolderOfAnyNameHoweverItIsWritten) {
  const auto in = [&](const std::string& folder) {
    return run(script_ + " --passphrase-file passphrase " + folder);
  };
  EXPECT_EQ(in("keys/"), 0) << said_;
  EXPECT_EQ(run(script_ + " --passphrase-file passphrase --new-signer keys/"), 0) << said_;
  EXPECT_EQ(in("\"odd #1 \\$name\""), 0) << said_;
  EXPECT_TRUE(fs::exists(folder_.path() / "odd #1 $name" / "keyring.pem"));
  fs::create_directory(folder_.path() / "here");
  EXPECT_EQ(run("cd here && " + script_ + " --passphrase-file ../passphrase ."), 0) << said_;
  EXPECT_TRUE(fs::exists(folder_.path() / "here" / "root.key"));
  EXPECT_EQ(in("/proc"), 1);
  EXPECT_THAT(said_, HasSubstr("name a folder in it"));
}

TEST_F(UpdateKeys, AreNotMadeInAGitCheckout) {
  ASSERT_EQ(run("git init -q . && echo ignored >.gitignore"), 0) << said_;
  // Also where a folder above is made with them, and where git leaves it alone today.
  for (const char* const folder : {"keys", "ignored", "not/yet/there"}) {
    EXPECT_EQ(run(script_ + " --passphrase-file passphrase " + folder), 1) << folder;
    EXPECT_THAT(said_, HasSubstr("name a folder elsewhere"));
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "not"));
}

TEST_F(UpdateKeys, RunNothingThatACheckoutNames) {
  std::ofstream(folder_.path() / "hook") << "#!/bin/sh\n: >" << (folder_.path() / "ran").string() << "\n";
  ASSERT_EQ(run("chmod +x hook && git init -q . && git config core.fsmonitor \"$PWD/hook\""), 0) << said_;
  EXPECT_EQ(keys(""), 1);
  EXPECT_FALSE(fs::exists(folder_.path() / "ran"));
  // That it would have been run.
  (void)run("git status");
  EXPECT_TRUE(fs::exists(folder_.path() / "ran"));
}

// What a stick that was pulled out between two names has left.
TEST_F(UpdateKeys, TheOnlyCopyOfKeysIsNeverRemoved) {
  ASSERT_EQ(keys(""), 0) << said_;
  const auto before = files();
  for (const char* const left : {".part-of-update-keys", ".replaced-by-update-keys"}) {
    const fs::path copy = keys_.string() + left;
    fs::rename(keys_, copy);
    fs::create_directory(keys_);
    for (const char* const what : {"--list", "--new-signer", ""}) {
      EXPECT_EQ(keys(what), 1) << what;
      EXPECT_THAT(said_,
                  AllOf(HasSubstr(copy.string() + " does, since a run was cut off"), HasSubstr("rename")));
    }
    fs::remove(keys_);
    fs::rename(copy, keys_);
    EXPECT_TRUE(files() == before);
  }
  fs::rename(keys_, keys_.string() + ".replaced-by-update-keys");
  EXPECT_EQ(keys("--list"), 0) << said_;
  EXPECT_TRUE(files() == before);
}

TEST_F(UpdateKeys, TwoAtATimeTakeTurns) {
  ASSERT_EQ(keys(""), 0) << said_;
  const std::string one = script_ + " --new-signer --passphrase-file passphrase keys";
  EXPECT_EQ(run(one + " & first=$!\n" + one + " && wait $first"), 0) << said_;
  EXPECT_EQ(files()["signs"], "signer-03\n");
  keep_key_of("signer-03");
  EXPECT_TRUE(takes("signer-03")) << said_;
}

TEST_F(UpdateKeys, NothingOfAChangeThatWasCutOffStaysNorDoesAnythingElseGo) {
  ASSERT_EQ(keys(""), 0) << said_;
  const fs::path cut_off = keys_.string() + ".part-of-update-keys";
  const fs::path own = keys_.string() + ".part";
  for (const fs::path& folder : {cut_off, own}) {
    fs::create_directory(folder);
    std::ofstream(folder / "notes") << "of somebody\n";
  }
  EXPECT_EQ(keys("--list"), 0) << said_;
  EXPECT_FALSE(fs::exists(cut_off));
  EXPECT_EQ(keys("--new-signer"), 0) << said_;
  EXPECT_TRUE(fs::exists(own / "notes"));
}

TEST_F(UpdateKeys, WithoutTheRootsKeyNobodyIsAskedForItsPassphrase) {
  ASSERT_EQ(keys(""), 0) << said_;
  fs::remove(keys_ / "root.key");
  for (const char* const what : {"--new-signer", "--revoke signer-01"}) {
    EXPECT_EQ(run(script_ + " " + what + " " + keys_.string()), 1);
    EXPECT_THAT(said_, HasSubstr("where the root's key is kept")) << what;
  }
}

TEST_F(UpdateKeys, TwelveBytesAreAPassphraseWithAndWithoutAnEndOfLine) {
  std::ofstream(passphrase_) << "eleven byte";
  EXPECT_EQ(keys(""), 1);
  EXPECT_THAT(said_, HasSubstr("12 bytes or more"));
  std::ofstream(passphrase_) << "twelve bytes";
  EXPECT_EQ(keys(""), 0) << said_;
}

TEST_F(UpdateKeys, AreARootWhoseKeyIsEncryptedAndASignerThatACameraTakes) {
  ASSERT_EQ(keys(""), 0) << said_;
  const std::string made = said_;
  EXPECT_THAT(files()["root.key"], HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
  EXPECT_EQ(fs::status(keys_).permissions(), fs::perms::owner_all);
  keep_key_of("signer-01");
  EXPECT_TRUE(takes("signer-01")) << said_;
  EXPECT_EQ(keys("--list"), 0);
  EXPECT_THAT(said_, HasSubstr("signer-01 signs"));
  // Two who hold copies compare them by it.
  const std::string listed = said_;
  ASSERT_EQ(run("openssl x509 -in keys/root.pem -noout -fingerprint -sha256 | sed 's/.*=//'"), 0);
  EXPECT_EQ(said_.size(), 3U * 32);
  EXPECT_THAT(made, HasSubstr(said_));
  EXPECT_THAT(listed, HasSubstr("root " + said_));
  // A signer makes no signers.
  EXPECT_EQ(run("openssl x509 -in keys/signer-01.pem -noout -ext basicConstraints,keyUsage"), 0);
  EXPECT_THAT(said_, AllOf(HasSubstr("CA:FALSE"), HasSubstr("Digital Signature"),
                           Not(HasSubstr("Certificate Sign"))));
}

TEST_F(UpdateKeys, ASignerThatWasReplacedIsTakenUntilItIsRevoked) {
  ASSERT_EQ(keys(""), 0) << said_;
  keep_key_of("signer-01");
  ASSERT_EQ(keys("--new-signer"), 0) << said_;
  EXPECT_EQ(files()["signs"], "signer-02\n");
  EXPECT_TRUE(takes("signer-01")) << said_;
  ASSERT_EQ(keys("--revoke signer-01"), 0) << said_;
  EXPECT_FALSE(takes("signer-01"));
  EXPECT_THAT(said_, HasSubstr("certificate revoked"));
  EXPECT_EQ(files().count("signer-01.key"), 0U);
  keep_key_of("signer-02");
  EXPECT_TRUE(takes("signer-02")) << said_;
  EXPECT_EQ(keys("--list"), 0);
  EXPECT_THAT(said_, AllOf(HasSubstr("signer-01 revoked"), HasSubstr("signer-02 signs")));
}

TEST_F(UpdateKeys, WhatIsRefusedChangesNothing) {
  ASSERT_EQ(keys(""), 0) << said_;
  ASSERT_EQ(keys("--new-signer"), 0) << said_;
  const auto before = files();
  const auto refused = [&](const std::string& what, const std::string& why) {
    EXPECT_EQ(keys(what), 1) << what;
    EXPECT_THAT(said_, HasSubstr(why));
    EXPECT_TRUE(files() == before) << what;
  };
  refused("", "is not empty");
  refused("--revoke signer-02", "is the one that signs: add another first");
  refused("--revoke signer-07", "has no signer signer-07");
  refused("--revoke root", "has no signer root");
  refused("--rotate", "no option --rotate");
  refused("--revoke signer-01 --new-signer", "do one, then the other");
  refused("--revoke signer-01 --list", "do one, then the other");
  refused("--list --passphrase-file " + passphrase_.string(), "is there twice");
  std::ofstream(passphrase_) << "another passphrase\n";
  refused("--new-signer", "is the passphrase right?");
  refused("--revoke signer-01", "is the passphrase right?");
  std::ofstream(passphrase_) << "short\n";
  refused("--new-signer", "12 bytes or more");
  EXPECT_FALSE(fs::exists(keys_.string() + ".part-of-update-keys"));
  fs::remove(keys_ / "signs");
  EXPECT_EQ(keys("--list"), 1);
  EXPECT_THAT(said_, HasSubstr("holds no keys"));
}

TEST_F(UpdateKeys, NobodyIsAskedWhereNobodyIs) {
  EXPECT_EQ(run(script_ + " " + keys_.string()), 1);
  EXPECT_THAT(said_, HasSubstr("--passphrase-file FILE"));
  EXPECT_FALSE(fs::exists(keys_));
  EXPECT_EQ(run(script_ + " --new-signer " + keys_.string()), 1);
  EXPECT_THAT(said_, HasSubstr("holds no keys: make them"));
}

// RAUC with the configuration of the camera's root.
class UpdateBundle : public UpdateKeys {
 protected:
  void SetUp() override {
    UpdateKeys::SetUp();
    if (run("command -v rauc mksquashfs") != 0)
      GTEST_SKIP() << "rauc or mksquashfs is not installed: run toolchains/image.sh";
    const fs::path toolchains = fs::path(script_).parent_path();
    ASSERT_EQ(run("sed 's/@BOARD@/test/; s#/etc/rauc/keyring.pem#" + (keys_ / "keyring.pem").string() +
                  "#' " + (toolchains / "image/overlay/etc/rauc/system.conf").string() + " >conf"),
              0);
    ASSERT_EQ(run("head -c 8192 /dev/zero >boot && head -c 8192 /dev/urandom >root"), 0);
    std::ofstream(folder_.path() / "make.sh")
        << ". " << (toolchains / "common.sh").string() << "\n. " << (toolchains / "image/slot.sh").string()
        << "\nmake_update boot root wayside-test 1.2.3 a-commit \"$1\" \"$PWD/$2\" -Xcompression-level 1\n";
    ASSERT_EQ(keys(""), 0) << said_;
    ASSERT_EQ(run("bash make.sh keys good"), 0) << said_;
  }
  bool taken(const std::string& bundle) { return run("rauc --conf=conf info " + bundle + ".raucb") == 0; }
};

TEST_F(UpdateBundle, IsTakenWithWhatItSaysOfItself) {
  EXPECT_TRUE(taken("good")) << said_;
  EXPECT_THAT(said_, AllOf(HasSubstr("'wayside-test'"), HasSubstr("'1.2.3'"), HasSubstr("verity")));
  std::ifstream in(folder_.path() / "good.update");
  const std::string line{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::to_string(fs::file_size(folder_.path() / "good.raucb"));
  ASSERT_EQ(run("sha256sum good.raucb"), 0);
  EXPECT_EQ(line, "{\"version\":\"1.2.3\",\"compatible\":\"wayside-test\",\"bytes\":" + bytes +
                      ",\"sha256\":\"" + said_.substr(0, 64) + "\"}\n");
}

TEST_F(UpdateBundle, OfARevokedSignerOrAStrangerIsRefused) {
  ASSERT_EQ(keys("--new-signer"), 0) << said_;
  EXPECT_TRUE(taken("good")) << said_;
  ASSERT_EQ(keys("--revoke signer-01"), 0) << said_;
  EXPECT_FALSE(taken("good"));
  EXPECT_THAT(said_, HasSubstr("certificate revoked"));
  ASSERT_EQ(run("bash make.sh keys next"), 0) << said_;
  EXPECT_TRUE(taken("next")) << said_;
  ASSERT_EQ(run(script_ + " --passphrase-file " + passphrase_.string() + " strangers"), 0) << said_;
  ASSERT_EQ(run("bash make.sh strangers strange"), 0) << said_;
  EXPECT_FALSE(taken("strange"));
  EXPECT_THAT(said_, HasSubstr("signature verification failed"));
}

TEST_F(UpdateBundle, ThatIsCheckedOnlyOnceBeforeItIsReadIsRefused) {
  // RAUC's format "plain": what is read later need not be what was checked.
  ASSERT_EQ(run("mkdir plain && cp boot plain/boot.img && printf "
                "'[update]\\ncompatible=wayside-test\\nversion=1.2.3\\n"
                "[image.boot]\\nfilename=boot.img\\n' >plain/manifest.raucm && rauc bundle "
                "--cert=keys/signer-01.pem --key=keys/signer-01.key plain plain.raucb"),
            0)
      << said_;
  EXPECT_FALSE(taken("plain"));
  EXPECT_THAT(said_, HasSubstr("'plain' not allowed"));
}

}  // namespace
}  // namespace wayside::image
