// Accounts: who may log in, what a failure costs, and what no power cut, damage or wrong order may do.
#include "wayside/device/account/accounts.hpp"

#include <csignal>
#include <ctime>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/base/shared_folder.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = Login::Outcome;

constexpr std::string_view first_password = "correct horse battery";
constexpr std::string_view other_password = "staple of another kind";

class AccountsTest : public testing::Test {
 protected:
  Accounts open(std::string boot_id = std::string(32, 'a')) {
    // Which names share a slot is chance; here it is always the same.
    fs::create_directory(folder_.path() / "accounts");
    fs::permissions(folder_.path() / "accounts", fs::perms{02770});
    if (!fs::exists(file("attempts"))) {
      std::ofstream(file("attempts")) << with_checksum(
          R"({"key":"00000000000000000000000000000000","schema":"wayside-attempts-1","slots":{}})");
    }
    // As cheap as Argon2 can be.
    auto opened = Accounts::open({folder_.path() / "accounts", std::move(boot_id), {1, 8192}}, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  Accounts with_anna() {
    Accounts accounts = open();
    const auto made = accounts.make_first_installer("anna", first_password);
    EXPECT_TRUE(made) << made.error().message;
    return accounts;
  }
  Outcome log_in(Accounts& accounts, std::string_view name, std::string_view password) {
    return accounts.log_in(name, password).outcome;
  }
  fs::path file(const std::string& name) const { return folder_.path() / "accounts" / name; }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
};

// Three seconds go by from look to look.
class SlowMachine final : public Clock {
 public:
  [[nodiscard]] UtcTime utc_now() const override { return hand_.utc_now(); }
  [[nodiscard]] MonotonicTime monotonic_now() const override {
    hand_.wait_s(3);
    return hand_.monotonic_now();
  }
  [[nodiscard]] TimeQuality quality() const override { return hand_.quality(); }

 private:
  mutable doubles::HandClock hand_;
};

TEST_F(AccountsTest, AGuessIsRestedFromTwiceAsLongAsItTook) {
  const SlowMachine slow;
  auto accounts = Accounts::open({folder_.path() / "slow", std::string(32, 'a'), {1, 8192}}, slow);
  ASSERT_TRUE(accounts) << accounts.error().message;
  ASSERT_TRUE(accounts->make_first_installer("anna", first_password));
  for (const char* const name : {"anna", "nobody"}) {
    const Login login = accounts->log_in(name, "not the right one");
    EXPECT_EQ(login.outcome, Outcome::refused) << name;
    EXPECT_EQ(login.wait, milliseconds(6000)) << name;
    EXPECT_THAT(login.sentence, HasSubstr("possible in 6 s")) << name;
  }
  EXPECT_EQ(accounts->log_in("anna", first_password).wait, milliseconds(0));
}

TEST_F(AccountsTest, TheFirstInstallerIsMadeOnceAndThereIsNoDefaultPassword) {
  Accounts accounts = open();
  EXPECT_TRUE(accounts.has_none().value());
  for (const char* guess : {"", "admin", "installer", "wayside", "password1234"})
    EXPECT_EQ(log_in(accounts, guess, guess), Outcome::refused) << guess;
  ASSERT_TRUE(accounts.make_first_installer("anna", first_password));
  EXPECT_FALSE(accounts.has_none().value());
  const auto second = accounts.make_first_installer("eve", other_password);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::refused);
  clock_.wait_s(60);
  const Login login = accounts.log_in("anna", first_password);
  ASSERT_EQ(login.outcome, Outcome::accepted) << login.sentence;
  EXPECT_EQ(login.account->role, Role::installer);
  EXPECT_EQ(to_iso8601(login.account->made), "2026-11-28T10:00:00.000Z");
  EXPECT_EQ(log_in(accounts, "eve", other_password), Outcome::refused);
}

TEST_F(AccountsTest, TwoAtOnceMakeOneFirstInstaller) {
  open();
  int made[2] = {0, 0};
  {
    std::vector<std::jthread> both;
    for (int i = 0; i < 2; ++i) {
      both.emplace_back([&, i] {
        Accounts accounts = open();
        made[i] = accounts.make_first_installer(i == 0 ? "anna" : "bert", first_password) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(made[0] + made[1], 1);
  EXPECT_THAT(open().list().value().accounts, SizeIs(1));
}

TEST_F(AccountsTest, AccountsAreAddedChangedAndRemoved) {
  Accounts accounts = with_anna();
  ASSERT_TRUE(accounts.add("bert", Role::operator_, other_password));
  ASSERT_TRUE(accounts.add("cleo", Role::auditor, other_password));
  EXPECT_EQ(accounts.add("bert", Role::auditor, other_password).error().code, ErrorCode::refused);
  EXPECT_EQ(accounts.log_in("bert", other_password).account->role, Role::operator_);
  ASSERT_TRUE(accounts.change_role("bert", Role::installer));
  EXPECT_EQ(accounts.find("bert")->role, Role::installer);
  ASSERT_TRUE(accounts.change_password("bert", "a password that is new"));
  EXPECT_EQ(log_in(accounts, "bert", other_password), Outcome::refused);
  clock_.wait_s(2);
  EXPECT_EQ(log_in(accounts, "bert", "a password that is new"), Outcome::accepted);
  ASSERT_TRUE(accounts.remove("cleo"));
  EXPECT_EQ(accounts.find("cleo").error().code, ErrorCode::not_found);
  EXPECT_EQ(accounts.remove("cleo").error().code, ErrorCode::not_found);
  EXPECT_THAT(accounts.list()->accounts, SizeIs(2));
}

TEST_F(AccountsTest, TheLastInstallerCanNeitherGoNorStepDown) {
  Accounts accounts = with_anna();
  ASSERT_TRUE(accounts.add("bert", Role::operator_, other_password));
  for (const Status& refused : {accounts.remove("anna"), accounts.change_role("anna", Role::auditor)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_THAT(refused.error().message, HasSubstr("last installer"));
  }
  ASSERT_TRUE(accounts.change_role("bert", Role::installer));
  EXPECT_TRUE(accounts.change_role("anna", Role::auditor));
  EXPECT_FALSE(accounts.remove("bert"));
}

TEST_F(AccountsTest, APasswordIsOfTwelveBytesAtLeastAndNeverCut) {
  Accounts accounts = open();
  const auto refusal = accounts.make_first_installer("anna", "eleven byte");
  ASSERT_FALSE(refusal);
  EXPECT_THAT(refusal.error().message, HasSubstr("12"));
  EXPECT_THAT(refusal.error().message, testing::Not(HasSubstr("eleven")));
  EXPECT_FALSE(accounts.make_first_installer("anna", std::string(longest_password + 1, 'x')));
  ASSERT_TRUE(accounts.has_none().value());
  std::string longest(longest_password, 'x');
  ASSERT_TRUE(accounts.make_first_installer("anna", longest));
  longest.back() = 'y';
  EXPECT_EQ(log_in(accounts, "anna", longest), Outcome::refused) << "the last byte counts";
  // A NUL is a byte like any other.
  using namespace std::string_view_literals;
  ASSERT_TRUE(accounts.add("bert", Role::auditor, "behind the \0 counts too"sv));
  EXPECT_EQ(log_in(accounts, "bert", "behind the \0 counts not"sv), Outcome::refused);
  clock_.wait_s(60);
  EXPECT_EQ(log_in(accounts, "bert", "behind the \0 counts too"sv), Outcome::accepted);
}

TEST_F(AccountsTest, NoNameLeadsOutOfTheFolder) {
  Accounts accounts = with_anna();
  for (const std::string name :
       {"", "../anna", "a/b", "Anna", "a b", "1st", "a\n", "\x1b[2J", "_a", "über"}) {
    EXPECT_FALSE(accounts.add(name, Role::auditor, other_password)) << name;
    EXPECT_FALSE(accounts.remove(name)) << name;
    EXPECT_EQ(accounts.find(name).error().code, ErrorCode::not_found) << name;
  }
  EXPECT_FALSE(check_account_name(std::string(longest_account_name + 1, 'a')));
  EXPECT_TRUE(check_account_name("o-neill_2"));
}

TEST_F(AccountsTest, EachFailureDoublesTheDelayUpToAMinute) {
  Accounts accounts = with_anna();
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 9; ++i) {
    const Login login = accounts.log_in("anna", "a wrong password");
    ASSERT_EQ(login.outcome, Outcome::refused) << i;
    waits.push_back(login.wait.count() / 1000);
    clock_.monotonic = clock_.monotonic + (login.wait - milliseconds{1});
    EXPECT_EQ(log_in(accounts, "anna", first_password), Outcome::too_early) << "looked at nothing";
    clock_.monotonic = clock_.monotonic + milliseconds{1};
  }
  EXPECT_THAT(waits, ElementsAre(1, 2, 4, 8, 16, 32, 60, 60, 60));
  EXPECT_EQ(log_in(accounts, "anna", first_password), Outcome::accepted) << "no lock-out";
  EXPECT_EQ(accounts.log_in("anna", "a wrong password").wait, milliseconds{1000}) << "and it begins anew";
}

TEST_F(AccountsTest, ADelayOutlivesTheProcessAndARestart) {
  {
    Accounts accounts = with_anna();
    for (int i = 0; i < 6; ++i) {
      (void)accounts.log_in("anna", "a wrong password");
      clock_.wait_s(i == 5 ? 0 : 60);
    }
  }
  Accounts again = open();
  EXPECT_EQ(again.log_in("anna", first_password).wait, milliseconds{32'000});
  // The machine started anew, and its monotonic clock with it.
  clock_.monotonic = MonotonicTime{10'000'000'000};
  Accounts restarted = open(std::string(32, 'b'));
  const Login early = restarted.log_in("anna", first_password);
  EXPECT_EQ(early.outcome, Outcome::too_early);
  EXPECT_EQ(early.wait, milliseconds{22'000});
  clock_.wait_s(22);
  EXPECT_EQ(log_in(restarted, "anna", first_password), Outcome::accepted);
}

TEST_F(AccountsTest, AClockThatStepsNeitherLiftsNorLengthensADelay) {
  Accounts accounts = with_anna();
  (void)accounts.log_in("anna", "a wrong password");
  for (const char* step : {"1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2026-11-28T09:59:00Z"}) {
    clock_.step_to(step);
    EXPECT_EQ(accounts.log_in("anna", first_password).wait, milliseconds{1000}) << step;
  }
  clock_.wait_s(1);
  EXPECT_EQ(log_in(accounts, "anna", first_password), Outcome::accepted);
}

TEST_F(AccountsTest, AnAttemptCountsBeforeItIsLookedAt) {
  with_anna();
  // The plug is pulled while the password is checked: what the disk holds by then.
  std::string during;
  {
    Accounts accounts = open();
    ASSERT_EQ(log_in(accounts, "anna", "a wrong password"), Outcome::refused);
    during = read_text_file(file("attempts")).value();
  }
  EXPECT_THAT(during, HasSubstr("\"failures\":1"));
  clock_.wait_s(1);
  Accounts accounts = open();
  ASSERT_EQ(log_in(accounts, "anna", first_password), Outcome::accepted);
  EXPECT_THAT(read_text_file(file("attempts")).value(), testing::Not(HasSubstr("failures")));
}

TEST_F(AccountsTest, AnUnknownNameIsDelayedLikeAKnownOneAndTheFileDoesNotGrow) {
  Accounts accounts = with_anna();
  EXPECT_EQ(accounts.log_in("nobody", first_password).wait, milliseconds{1000});
  EXPECT_EQ(log_in(accounts, "nobody", first_password), Outcome::too_early);
  clock_.wait_s(1);
  const Login known = accounts.log_in("anna", "a wrong password");
  const Login unknown = accounts.log_in("nobody", "a wrong password");
  EXPECT_TRUE(known.known_name);
  EXPECT_FALSE(unknown.known_name);
  EXPECT_EQ(known.outcome, unknown.outcome);
  for (int i = 0; i < 200; ++i) {
    (void)accounts.log_in("name" + std::to_string(i), "a wrong password");
    clock_.wait_s(60);
  }
  EXPECT_LT(fs::file_size(file("attempts")), 16'000U);
  EXPECT_EQ(log_in(accounts, "anna", first_password), Outcome::accepted);
}

TEST_F(AccountsTest, AnUnknownNameTakesAsLongAsAKnownOne) {
  auto opened =
      Accounts::open({folder_.path() / "slow", std::string(32, 'a'), {2, std::size_t{16} << 20U}}, clock_);
  ASSERT_TRUE(opened);
  ASSERT_TRUE(opened->make_first_installer("anna", first_password));
  // In processor time, of which a hash takes a hundred times what is around it.
  const auto cost = [&](std::string_view name) {
    clock_.wait_s(60);
    const auto begin = std::clock();
    EXPECT_EQ(log_in(*opened, name, "a wrong password"), Outcome::refused);
    return static_cast<double>(std::clock() - begin);
  };
  const double known = cost("anna");
  for (const char* name : {"nobody", "", "../anna"})
    EXPECT_GT(cost(name), known / 10) << name << " gives itself away";
}

TEST_F(AccountsTest, ADamagedAccountIsSaidAndTheOthersLogIn) {
  Accounts accounts = with_anna();
  ASSERT_TRUE(accounts.add("bert", Role::installer, other_password));
  const std::string whole = read_text_file(file("anna.json")).value();
  for (std::size_t bit = 0; bit < 8 * whole.size(); bit += 37) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    std::ofstream(file("anna.json")) << flipped;
    const auto found = accounts.find("anna");
    ASSERT_FALSE(found) << bit;
    EXPECT_EQ(found.error().code, ErrorCode::corrupt) << bit;
  }
  const Login login = accounts.log_in("anna", first_password);
  EXPECT_EQ(login.outcome, Outcome::refused);
  EXPECT_THAT(login.sentence, HasSubstr("account anna is damaged"));
  EXPECT_EQ(log_in(accounts, "bert", other_password), Outcome::accepted);
  const auto listing = accounts.list();
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->accounts, SizeIs(1));
  ASSERT_THAT(listing->damaged, SizeIs(1));
  EXPECT_EQ(listing->damaged[0].name, "anna");
  EXPECT_EQ(accounts.remove("bert").error().code, ErrorCode::refused) << "nobody else could set it up";
  EXPECT_TRUE(accounts.remove("anna"));
}

TEST_F(AccountsTest, ADamagedFileDoesNotOpenTheDoorOfTheFirstLogin) {
  Accounts accounts = with_anna();
  for (const char* content : {"", "{}", "\n\n"}) {
    std::ofstream(file("anna.json")) << content;
    EXPECT_FALSE(accounts.has_none().value());
    EXPECT_EQ(accounts.make_first_installer("eve", other_password).error().code, ErrorCode::refused);
    EXPECT_FALSE(accounts.remove("anna"));
  }
}

TEST_F(AccountsTest, AnAccountFileCopiedToAnotherNameIsNobodys) {
  Accounts accounts = with_anna();
  fs::copy_file(file("anna.json"), file("eve.json"));
  EXPECT_EQ(accounts.find("eve").error().code, ErrorCode::corrupt);
  EXPECT_EQ(log_in(accounts, "eve", first_password), Outcome::refused);
}

TEST_F(AccountsTest, EveryWritePrefixOfAPasswordChangeLeavesTheOldPasswordOrTheNew) {
  Accounts accounts = with_anna();
  const std::string before = read_text_file(file("anna.json")).value();
  ASSERT_TRUE(accounts.change_password("anna", other_password));
  const std::string after = read_text_file(file("anna.json")).value();
  // Before the rename: the old file, and any part of the new one beside it under its temporary name.
  for (std::size_t size = 0; size <= after.size(); ++size) {
    std::ofstream(file("anna.json")) << before;
    std::ofstream(file(".wayside-a1B2c3")) << after.substr(0, size);
    Accounts again = open();
    EXPECT_EQ(log_in(again, "anna", first_password), Outcome::accepted) << size;
    EXPECT_THAT(again.list()->damaged, IsEmpty());
  }
  // After it: the new one.
  fs::rename(file(".wayside-a1B2c3"), file("anna.json"));
  Accounts again = open();
  EXPECT_EQ(log_in(again, "anna", first_password), Outcome::refused);
  clock_.wait_s(1);
  EXPECT_EQ(log_in(again, "anna", other_password), Outcome::accepted);
}

TEST_F(AccountsTest, ADiskThatIsFullAfterAnyByteLeavesTheOldPassword) {
  Accounts accounts = with_anna();
  const auto size = fs::file_size(file("anna.json"));
  for (std::size_t most = 0; most < size; most += 7) {
    const pid_t child = ::fork();
    if (child == 0) {
      // In a process of its own: what a limit refuses, a full disk refuses at the same byte.
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{most, most};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      ::_exit(accounts.change_password("anna", other_password) ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0) << "a change that could not be kept was said to be done, at " << most;
  }
  EXPECT_EQ(log_in(accounts, "anna", first_password), Outcome::accepted);
}

TEST_F(AccountsTest, OnAFullDiskTheInstallerLogsInAndFailuresStillDelay) {
  Accounts accounts = with_anna();
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_FSIZE, &none);
    const bool good = log_in(accounts, "anna", "a wrong password") == Outcome::refused &&
                      log_in(accounts, "anna", first_password) == Outcome::too_early;
    clock_.wait_s(1);
    ::_exit(good && log_in(accounts, "anna", first_password) == Outcome::accepted ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(AccountsTest, DamagedFailuresAreForgottenAndKeepNobodyOut) {
  Accounts accounts = with_anna();
  (void)accounts.log_in("anna", "a wrong password");
  std::ofstream(file("attempts")) << "{\"schema\":\"wayside-attempts-1\"";
  EXPECT_EQ(log_in(accounts, "anna", first_password), Outcome::accepted);
}

TEST_F(AccountsTest, FilesAreTheGroupsAndNobodyElses) {
  ::umask(0077);
  auto opened = Accounts::open({file(""), std::string(32, 'a'), {1, 8192}}, clock_);
  ASSERT_TRUE(opened->make_first_installer("anna", first_password));
  const auto mode = [](const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777U;
  };
  EXPECT_EQ(mode(file("")), 02770U);
  EXPECT_EQ(mode(file("anna.json")), 0660U);
  EXPECT_EQ(mode(file("lock")), 0660U);
}

TEST_F(AccountsTest, NoPasswordIsOnTheDisk) {
  Accounts accounts = with_anna();
  (void)accounts.log_in("anna", "a wrong password");
  (void)accounts.log_in("a name typed by mistake", "a wrong password");
  for (const auto& entry : fs::directory_iterator(file(""))) {
    const std::string text = read_text_file(entry.path()).value();
    EXPECT_THAT(text, testing::Not(HasSubstr("correct horse")));
    EXPECT_THAT(text, testing::Not(HasSubstr("wrong password")));
    EXPECT_THAT(text, testing::Not(HasSubstr("mistake")));
  }
}

}  // namespace
}  // namespace wayside
