// When a system on trial is said to work, and what of updates is told to the trail.
#include "src/app/update_judge.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class UpdateJudgeTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.incoming());
    trial({"capture", "deliver"});
  }
  void trial(const Abilities& able) const {
    UpdateStatus status;
    status.state = UpdateState::trial;
    status.version = "1.1.0";
    status.from = "1.0.0";
    status.boot_id = boot_id_;
    status.able = able;
    ASSERT_TRUE(write_update_status(folder_, status));
  }
  UpdateJudge judge() {
    return UpdateJudge({folder_, boot_id_, [this](const UpdateStatus& status) {
                          told_.push_back(std::string(to_string(status.state)) + " " + status.version);
                        }});
  }
  // Looks each second; frames come and are read as long as `sees`.
  void pass(UpdateJudge& judge, std::chrono::seconds time, bool sees) {
    for (auto second = 0s; second < time; second += 1s) {
      now_ = now_ + 1s;
      work_.frames_captured += 25;
      if (sees) work_.frames_tracked += 25;
      judge.look(now_, work_);
    }
  }
  bool asked() const { return fs::exists(folder_.confirm()); }

  const std::string boot_id_ = std::string(32, 'b');
  doubles::TemporaryFolder at_{doubles::in_memory()};
  UpdateFolder folder_{at_.path()};
  MonotonicTime now_{};
  CameraWork work_{0, 0, 40, 0};
  std::vector<std::string> told_;
};

TEST_F(UpdateJudgeTest, ATrialThatSeesAndDeliversForAMinuteIsSaidToWork) {
  UpdateJudge judge = this->judge();
  pass(judge, 30s, true);
  work_.highest_delivered = 41;
  pass(judge, 30s, true);
  EXPECT_FALSE(asked());
  pass(judge, 2s, true);
  ASSERT_TRUE(asked());
  const auto request = confirm_request_from(read_text_file(folder_.confirm()).value());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->boot_id, boot_id_);
  EXPECT_THAT(request->did, ElementsAre("capture", "deliver"));
  // Until its word has been heard.
  fs::remove(folder_.confirm());
  pass(judge, 31s, true);
  EXPECT_TRUE(asked());
}

TEST_F(UpdateJudgeTest, OneThatCannotSeeIsNot) {
  work_.highest_delivered = 100;
  UpdateJudge judge = this->judge();
  pass(judge, 600s, false);
  EXPECT_FALSE(asked());
  EXPECT_THAT(judge.able(), ElementsAre("deliver"));
}

TEST_F(UpdateJudgeTest, NorOneThatStopsSeeingEachMinute) {
  work_.highest_delivered = 100;
  UpdateJudge judge = this->judge();
  for (int i = 0; i < 10; ++i) {
    pass(judge, 50s, true);
    pass(judge, 7s, false);
  }
  EXPECT_FALSE(asked());
  // A short pause is none.
  pass(judge, 40s, true);
  pass(judge, 4s, false);
  pass(judge, 40s, true);
  EXPECT_TRUE(asked());
}

// A frame in two seconds, and each takes one to go all the way.
TEST_F(UpdateJudgeTest, OneThatIsSlowAndSeesAllTheTimeWorks) {
  work_.highest_delivered = 100;
  UpdateJudge judge = this->judge();
  for (int second = 0; second < 70; ++second) {
    now_ = now_ + 1s;
    ++(second % 2 == 0 ? work_.frames_captured : work_.frames_tracked);
    judge.look(now_, work_);
  }
  EXPECT_TRUE(asked());
}

TEST_F(UpdateJudgeTest, NorOneThatDeliversOnlyWhatWasThereBefore) {
  work_.highest_delivered = 40;
  UpdateJudge judge = this->judge();
  pass(judge, 600s, true);
  EXPECT_FALSE(asked());
  EXPECT_THAT(judge.able(), ElementsAre("capture"));
}

TEST_F(UpdateJudgeTest, ACameraThatCouldDoNothingHasToRunForAMinute) {
  trial({});
  UpdateJudge judge = this->judge();
  for (int second = 0; second < 60; ++second) {
    judge.look(now_, {});
    now_ = now_ + 1s;
  }
  EXPECT_FALSE(asked());
  judge.look(now_, {});
  EXPECT_TRUE(asked());
}

TEST_F(UpdateJudgeTest, ATrialOfAnotherStartAndWhatIsNoTrialAreLeft) {
  UpdateStatus status = read_update_status(folder_).value();
  status.boot_id = std::string(32, 'c');
  ASSERT_TRUE(write_update_status(folder_, status));
  work_.highest_delivered = 100;
  UpdateJudge judge = this->judge();
  pass(judge, 100s, true);
  EXPECT_FALSE(asked());
  status.boot_id = boot_id_;
  status.state = UpdateState::confirmed;
  ASSERT_TRUE(write_update_status(folder_, status));
  pass(judge, 100s, true);
  EXPECT_FALSE(asked());
  EXPECT_THAT(judge.able(), ElementsAre("capture", "deliver"));
}

TEST_F(UpdateJudgeTest, WhatBecomesOfAnUpdateIsToldOnceAcrossStarts) {
  {
    UpdateJudge judge = this->judge();
    pass(judge, 3s, true);
  }
  UpdateJudge judge = this->judge();
  pass(judge, 3s, true);
  EXPECT_THAT(told_, ElementsAre("trial 1.1.0"));
  UpdateStatus status = read_update_status(folder_).value();
  status.state = UpdateState::installing;
  ASSERT_TRUE(write_update_status(folder_, status));
  pass(judge, 1s, true);
  status.state = UpdateState::reverted;
  ASSERT_TRUE(write_update_status(folder_, status));
  pass(judge, 3s, true);
  EXPECT_THAT(told_, ElementsAre("trial 1.1.0", "reverted 1.1.0"));
}

// Whoever tries again and again under one version leaves more than one entry.
TEST_F(UpdateJudgeTest, TheSameOutcomeOfAnotherTryIsToldAgain) {
  UpdateStatus status = read_update_status(folder_).value();
  UpdateJudge judge = this->judge();
  for (int tries = 0; tries < 2; ++tries) {
    for (const UpdateState state : {UpdateState::installing, UpdateState::refused}) {
      status.state = state;
      ASSERT_TRUE(write_update_status(folder_, status));
      pass(judge, 3s, true);
    }
  }
  EXPECT_THAT(told_, ElementsAre("refused 1.1.0", "refused 1.1.0"));
}

TEST_F(UpdateJudgeTest, WithoutATrailItIsLeftToBeTold) {
  UpdateJudge mute({folder_, boot_id_});
  mute.look(now_, {});
  UpdateJudge judge = this->judge();
  judge.look(now_, {});
  EXPECT_THAT(told_, ElementsAre("trial 1.1.0"));
}

TEST_F(UpdateJudgeTest, WithoutUpdatesNothingHappens) {
  fs::remove_all(folder_.root);
  UpdateJudge judge = this->judge();
  pass(judge, 100s, true);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_FALSE(fs::exists(folder_.root));
}

TEST(UpdateFolderBeside, IsBesideTheIdentity) {
  EXPECT_EQ(update_folder_beside("/var/lib/wayside/identity").root, "/var/lib/wayside/update");
  EXPECT_EQ(update_folder_beside("/var/lib/wayside/identity/").root, "/var/lib/wayside/update");
}

}  // namespace
}  // namespace wayside::app
