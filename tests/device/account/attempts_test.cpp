// Failures to log in of names that share a slot.
#include "src/device/account/attempts.hpp"

#include <gtest/gtest.h>

#include "wayside/base/shared_folder.hpp"
#include "wayside/device/account/accounts.hpp"

namespace wayside::account {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

const std::string boot(32, 'a');

MonotonicTime at(std::chrono::seconds s) {
  return MonotonicTime{std::chrono::nanoseconds(s).count()};
}

class AttemptsTest : public testing::Test {
 protected:
  // Names that share anna's slot and neither her tag nor each other's, found by what they do.
  std::vector<std::string> in_annas_slot(std::size_t count) const {
    std::vector<std::string> found;
    for (int i = 0; found.size() < count; ++i) {
      const std::string name = "name" + std::to_string(i);
      Attempts tried = attempts_;
      tried.failed("anna", boot, at(0s));
      if (tried.left(name, boot, at(0s)) == 0ms) continue;
      bool another = true;
      for (const std::string& other : found) {
        Attempts two = attempts_;
        two.failed(other, boot, at(0s));
        two.succeeded(name);
        another = another && two.left(other, boot, at(0s)) > 0ms;
      }
      tried.succeeded(name);
      if (another && tried.left("anna", boot, at(0s)) > 0ms) found.push_back(name);
    }
    return found;
  }
  // As Accounts does it: an attempt counts before it is looked at.
  void log_in(const std::string& name, std::chrono::seconds when) {
    attempts_.failed(name, boot, at(when));
    attempts_.succeeded(name);
  }
  void fail(const std::string& name, int times, std::chrono::seconds when = 0s) {
    for (int i = 0; i < times; ++i)
      attempts_.failed(name, boot, at(when));
  }
  milliseconds left(const std::string& name, std::chrono::seconds when = 0s) const {
    return attempts_.left(name, boot, at(when));
  }

  Attempts attempts_ =
      Attempts::from(
          with_checksum(
              R"({"key":"00000000000000000000000000000000","schema":"wayside-attempts-1","slots":{}})"))
          .value();
};

TEST_F(AttemptsTest, WhoLogsInTakesNobodyElsesFailuresAway) {
  const std::string carl = in_annas_slot(1).front();
  fail("anna", 5);
  log_in(carl, 0s);
  EXPECT_EQ(left("anna"), 16s) << "five failures";
  fail(carl, 2);
  log_in(carl, 0s);
  EXPECT_EQ(left("anna"), 16s);
  fail(carl, 2);
  log_in("anna", 0s);
  EXPECT_EQ(left("anna"), 2s) << "what is left is his";
  log_in(carl, 0s);
  EXPECT_EQ(left("anna"), 0s);
}

TEST_F(AttemptsTest, NorDoesItMakeThemWaitAnew) {
  const std::string carl = in_annas_slot(1).front();
  fail("anna", 5, 100s);
  log_in(carl, 120s);
  EXPECT_EQ(left("anna", 120s), 0s);
  EXPECT_EQ(left("anna", 110s), 6s) << "from her own last failure on";
  log_in("anna", 130s);
  EXPECT_EQ(left(carl, 130s), 0s);
}

TEST_F(AttemptsTest, NorDoMoreNamesThanASlotTellsApart) {
  const std::vector<std::string> others = in_annas_slot(6);
  for (const std::string& name : others)
    fail(name, 1);
  EXPECT_EQ(left("anna"), 32s) << "six failures";
  fail("anna", 1);
  EXPECT_EQ(left("anna"), 60s);
  for (int i = 0; i < 9; ++i)
    log_in(others[5], 0s);
  EXPECT_EQ(left("anna"), 60s) << "only the attempts that succeeded are taken back";
  log_in(others[0], 0s);
  EXPECT_EQ(left("anna"), 32s);
}

TEST_F(AttemptsTest, AnHourAfterTheLastTheyAreForgotten) {
  fail("anna", 9, 100s);
  fail("anna", 1, 3699s);
  EXPECT_EQ(left("anna", 3699s), 60s);
  fail("anna", 1, 3699s + 1h);
  EXPECT_EQ(left("anna", 3699s + 1h), 1s);
}

TEST_F(AttemptsTest, WhoseTheyAreIsKeptAndAFileThatDoesNotSayIsReadAllTheSame) {
  const std::string carl = in_annas_slot(1).front();
  fail("anna", 5);
  attempts_ = Attempts::from(attempts_.text()).value();
  log_in(carl, 0s);
  EXPECT_EQ(left("anna"), 16s);
  log_in("anna", 0s);
  EXPECT_EQ(left("anna"), 0s);

  fail("anna", 5);
  std::string text(without_checksum(attempts_.text()).value());
  const std::size_t of = text.find(",\"of\":{");
  ASSERT_NE(of, std::string::npos);
  std::string early = text;
  early.erase(of, early.find('}', of) + 1 - of);
  attempts_ = Attempts::from(with_checksum(early)).value();
  EXPECT_EQ(left("anna"), 16s);
  log_in(carl, 0s);
  EXPECT_EQ(left("anna"), 16s);
  for (const char* wrong : {R"({"256":1})", R"({"01":1})", R"({"1":0})", R"({"1":6})", R"({"1":3,"2":3})",
                            R"({"1":1,"2":1,"3":1,"4":1,"5":1})", "[]", R"({"1":"1"})"}) {
    std::string damaged = text;
    damaged.replace(of + 6, damaged.find('}', of) + 1 - of - 6, wrong);
    EXPECT_FALSE(Attempts::from(with_checksum(damaged))) << damaged;
  }
}

}  // namespace
}  // namespace wayside::account
