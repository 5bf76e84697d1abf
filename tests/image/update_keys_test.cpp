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

TEST_F(UpdateKeys, AreARootWhoseKeyIsEncryptedAndASignerThatACameraTakes) {
  ASSERT_EQ(keys(""), 0) << said_;
  EXPECT_THAT(files()["root.key"], HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
  EXPECT_EQ(fs::status(keys_).permissions(), fs::perms::owner_all);
  keep_key_of("signer-01");
  EXPECT_TRUE(takes("signer-01")) << said_;
  EXPECT_EQ(keys("--list"), 0);
  EXPECT_THAT(said_, HasSubstr("signer-01 signs"));
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
  std::ofstream(passphrase_) << "another passphrase\n";
  refused("--new-signer", "is the passphrase right?");
  refused("--revoke signer-01", "is the passphrase right?");
  std::ofstream(passphrase_) << "short\n";
  refused("--new-signer", "12 bytes or more");
  EXPECT_FALSE(fs::exists(keys_.string() + ".part"));
}

TEST_F(UpdateKeys, NobodyIsAskedWhereNobodyIs) {
  EXPECT_EQ(run(script_ + " " + keys_.string()), 1);
  EXPECT_THAT(said_, HasSubstr("--passphrase-file FILE"));
  EXPECT_FALSE(fs::exists(keys_));
  EXPECT_EQ(run(script_ + " --new-signer " + keys_.string()), 1);
  EXPECT_THAT(said_, HasSubstr("holds no keys: make them"));
}

}  // namespace
}  // namespace wayside::image
