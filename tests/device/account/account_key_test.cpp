// Logging in by a key instead of a password.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/account/accounts.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using Outcome = Login::Outcome;

constexpr std::string_view password = "correct horse battery";

class AccountKeyTest : public testing::Test {
 protected:
  AccountKeyTest() { EXPECT_TRUE(accounts_.make_first_installer("anna", password)); }
  Accounts open() {
    return Accounts::open({folder_.path() / "accounts", std::string(32, 'a'), {1, 8192}}, clock_).value();
  }
  Login log_in(std::string_view name, std::string_view challenge, const Secret& seed) {
    clock_.wait_s(60);  // whatever failed before
    return accounts_.log_in(name, challenge, sign(as_bytes(login_message(name, challenge)), seed));
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  Accounts accounts_ = open();
  Secret key_{Bytes(Secret::bytes, 7)};
  Secret other_{Bytes(Secret::bytes, 8)};
};

TEST_F(AccountKeyTest, WhoHasTheKeyIsLetInAndThePasswordGoesOn) {
  ASSERT_TRUE(accounts_.change_key("anna", verifying_key(key_)));
  const Login login = log_in("anna", "c0ffee", key_);
  ASSERT_EQ(login.outcome, Outcome::accepted) << login.sentence;
  EXPECT_EQ(login.account->role, Role::installer);
  EXPECT_EQ(accounts_.log_in("anna", password).outcome, Outcome::accepted);
  // From the file too, and gone from there when it is taken away.
  EXPECT_EQ(open().find("anna")->key, verifying_key(key_));
  ASSERT_TRUE(accounts_.change_key("anna", std::nullopt));
  EXPECT_EQ(open().find("anna")->key, std::nullopt);
  EXPECT_EQ(log_in("anna", "c0ffee", key_).outcome, Outcome::refused);
}

TEST_F(AccountKeyTest, AnothersKeySignatureOrNameAndNoKeyAtAllAreRefusedAlike) {
  const std::string no_key = log_in("anna", "c0ffee", key_).sentence;
  ASSERT_TRUE(accounts_.change_key("anna", verifying_key(key_)));
  EXPECT_EQ(log_in("anna", "c0ffee", other_).outcome, Outcome::refused);
  EXPECT_EQ(log_in("bob", "c0ffee", key_).outcome, Outcome::refused);
  clock_.wait_s(60);
  // What was signed for another challenge, or in another's name.
  const Signature old = sign(as_bytes(login_message("anna", "0ld")), key_);
  EXPECT_EQ(accounts_.log_in("anna", "c0ffee", old).outcome, Outcome::refused);
  clock_.wait_s(60);
  const Signature bobs = sign(as_bytes(login_message("bob", "c0ffee")), key_);
  const Login login = accounts_.log_in("anna", "c0ffee", bobs);
  EXPECT_EQ(login.outcome, Outcome::refused);
  EXPECT_EQ(login.sentence.substr(0, 20), no_key.substr(0, 20));
}

TEST_F(AccountKeyTest, AFailureDelaysAsThatOfAPasswordDoes) {
  ASSERT_TRUE(accounts_.change_key("anna", verifying_key(key_)));
  EXPECT_EQ(accounts_.log_in("anna", "c0ffee", Signature{}).outcome, Outcome::refused);
  EXPECT_EQ(accounts_.log_in("anna", password).outcome, Outcome::too_early);
}

}  // namespace
}  // namespace wayside
