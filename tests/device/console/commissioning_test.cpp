// For how long pictures are clear at the console, and that they are so no longer.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "tests/device/console/console_fixture.hpp"

namespace wayside::console {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CommissioningTest : public ConsoleTest {
 protected:
  bool is_clear() {
    const std::size_t before = camera_.camera.snapshots.size();
    expect("snapshot base64", "====\r\n");
    EXPECT_EQ(camera_.camera.snapshots.size(), before + 1);
    return camera_.camera.snapshots.back();
  }
  void begin(const char* minutes = "30") {
    expect(std::string("commissioning ") + minutes, "aiming shows reads, for");
    expect("", "alice [commissioning]> ");
  }
};

TEST_F(CommissioningTest, PicturesAreClearOnlyWhileAnInstallerHasSaidSo) {
  start();
  log_in();
  EXPECT_FALSE(is_clear()) << "an installer that has not said so";
  begin();
  EXPECT_TRUE(is_clear());
  expect("commissioning end", "nobody can be made out in a snapshot");
  expect("", "\nalice> ");
  EXPECT_FALSE(is_clear());
  std::vector<std::string> minutes;
  for (const auto& event : camera_.trail.events) {
    if (event.event == "commissioning") minutes.push_back(event.details.at("minutes"));
  }
  EXPECT_THAT(minutes, ElementsAre("30", "0"));
}

TEST_F(CommissioningTest, EndsByItself) {
  options_.commissioning_minute = 2s;
  start();
  log_in();
  begin("1");
  std::this_thread::sleep_for(2100ms);
  EXPECT_FALSE(is_clear());
  expect("", "\nalice> ");
}

TEST_F(CommissioningTest, EndsWithTheLogin) {
  start();
  log_in();
  begin();
  expect("exit", "login: ");
  log_in("alice", true);
  EXPECT_FALSE(is_clear());
}

TEST_F(CommissioningTest, EndsWhereTheInstallerIsOneNoLongerAndDoesNotComeBack) {
  start();
  log_in();
  begin();
  camera_.accounts.accounts["alice"].first = ConsoleRole::operator_;
  EXPECT_FALSE(is_clear());
  camera_.accounts.accounts["alice"].first = ConsoleRole::installer;
  EXPECT_FALSE(is_clear());
}

TEST_F(CommissioningTest, IsOnRecordFirstOrIsNot) {
  start();
  log_in();
  camera_.trail.full = true;
  expect("commissioning 30", "this cannot be put on record");
  camera_.trail.full = false;
  expect("", "\nalice> ");
  EXPECT_FALSE(is_clear());
  begin();
  camera_.trail.full = true;
  expect("commissioning end", "this cannot be put on record");
  camera_.trail.full = false;
  EXPECT_FALSE(is_clear()) << "less is shown, whatever the trail takes";
}

TEST_F(CommissioningTest, IsTheInstallersAloneAndForAWhileOnly) {
  start();
  log_in();
  for (const char* const minutes : {"0", "241", "-1", "1.5", "for ever", "+5", "99999999999"})
    expect(std::string("commissioning ") + minutes, "is no word that may stand there");
  expect("commissioning", "goes on with one of a whole number from 1 to 240 minutes, end");
  cable_->type("commissioning ?");
  EXPECT_TRUE(cable_->sees("Pictures in which nobody can be made out")) << cable_->seen();
  cable_->type("\x15");
  expect("exit", "login: ");
  for (const char* const name : {"olga", "audrey"}) {
    log_in(name, true);
    expect("commissioning 30", "is no word that may stand there");
    expect("exit", "login: ");
  }
  EXPECT_EQ(camera_.trail.count("commissioning"), 0U);
}

TEST_F(CommissioningTest, TheViewIsForgottenOnceThatIsOnRecordAndWhatFailsIsTooAndNobodyElseMay) {
  start();
  log_in();
  camera_.trail.full = true;
  expect("commissioning view forget", "this cannot be put on record");
  EXPECT_EQ(camera_.camera.views_forgotten, 0);
  camera_.trail.full = false;
  expect("commissioning view forget", "The view is forgotten.");
  EXPECT_EQ(camera_.camera.views_forgotten, 1);
  ASSERT_EQ(camera_.trail.count("commissioning"), 1U);
  EXPECT_EQ(camera_.trail.events.back().name, "alice");
  EXPECT_EQ(camera_.trail.events.back().details.at("forget_view"), "asked for at the console");
  EXPECT_FALSE(is_clear()) << "that began no commissioning";
  camera_.camera.dead = true;
  expect("commissioning view forget", "waysided does not answer");
  EXPECT_EQ(camera_.trail.events.back().event, "commissioning");
  EXPECT_THAT(camera_.trail.events.back().details.at("view_not_forgotten"), HasSubstr("does not answer"));
  expect("exit", "login: ");
  for (const char* const name : {"olga", "audrey"}) {
    log_in(name, true);
    expect("commissioning view forget", "is no word that may stand there");
    expect("exit", "login: ");
  }
  EXPECT_EQ(camera_.camera.views_forgotten, 2);
}

TEST_F(CommissioningTest, AimingThatBeganWithinItEndsWithIt) {
  options_.commissioning_minute = 2s;
  start();
  log_in();
  begin("1");
  expect("aim", "130 wanted");
  EXPECT_TRUE(cable_->sees("Commissioning is over: aiming has ended.")) << cable_->seen();
  expect("aim", "130 wanted");
  std::this_thread::sleep_for(300ms);
  EXPECT_THAT(cable_->seen().substr(cable_->seen().rfind("130 wanted")), Not(HasSubstr("over")));
  expect("x", "\nalice> ");
  EXPECT_THAT(camera_.camera.aims, ElementsAre(true, false));
}

}  // namespace
}  // namespace wayside::console
