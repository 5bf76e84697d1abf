#include "src/app/authority_keeper.hpp"

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/device/authority/authority_record.hpp"

#include "tests/doubles/example_authority.hpp"
#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/memory_queue.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;
using doubles::at;
using doubles::example_authority;
using doubles::example_revocation;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

class AuthorityKeeperTest : public testing::Test {
 protected:
  AuthorityKeeperTest() {
    put("office-key", verifying_key_text(verifying_key(seed_)));
    clock_.kernel = {TimeSource::ntp, 50, 0};
  }

  void put(const std::string& name, const std::string& text) {
    std::ofstream(folder() / (name + ".new"), std::ios::binary) << text;
    fs::rename(folder() / (name + ".new"), folder() / name);
  }
  void put(const AuthorityDocument& document) { put(file_of(document.number), text_of(document)); }
  static std::string file_of(std::uint64_t number) { return std::to_string(number) + ".authority"; }
  std::string text_of(const AuthorityDocument& document) { return doubles::signed_by(seed_, document); }

  AuthorityKeeper& keeper() {
    if (!keeper_) {
      AuthorityKeeperOptions options;
      options.device_id = std::string(doubles::authorised_camera);
      options.folder = folder();
      options.not_before = at("2026-11-20T00:00:00Z");
      options.stops_where_moved = stops_where_moved_;
      options.on_change = [this](const AuthorityJudgement& judged, const std::string& before) {
        changes_.emplace_back(before, known_as(judged));
      };
      keeper_.emplace(std::move(options), clock_, health_);
    }
    return *keeper_;
  }
  void restart() { keeper_.reset(); }
  // A look a second.
  bool may_capture_after(std::chrono::seconds time) {
    for (std::int64_t s = 0; s < time.count(); ++s) {
      clock_.wait_s(1);
      keeper().look();
    }
    return keeper().may_capture();
  }
  bool may_capture() {
    keeper().look();
    return keeper().may_capture();
  }
  std::string problem() {
    const auto problems = health_.problems();
    const auto found = problems.find("authority");
    return found == problems.end() ? "" : found->second;
  }
  std::string state() { return health_.states().at("authority"); }
  // Those of the records written so far.
  std::vector<std::string> states_on_record() {
    static_cast<void>(keeper().write_records(queue_));
    std::vector<std::string> states;
    for (const auto& record :
         queue_.waiting(RecordQueue::Order::oldest_first, {}, 100, RecordClass::ledger)) {
      EXPECT_EQ(record.type, RecordType::audit);
      const json document = json::parse(*queue_.read(record.number)->part(PartKind::document));
      EXPECT_EQ(document.at("event"), "authority");
      states.push_back(document.at("authority").at("state"));
    }
    return states;
  }
  [[nodiscard]] const fs::path& folder() const { return temporary_.path(); }

  const Secret seed_ = doubles::authority_seed();
  doubles::TemporaryFolder temporary_;
  doubles::HandClock clock_{at("2027-06-01T12:00:00Z")};
  Health health_;
  doubles::MemoryQueue queue_;
  bool stops_where_moved_ = false;
  std::vector<std::pair<std::string, std::string>> changes_;  // as they were told
  std::optional<AuthorityKeeper> keeper_;
};

TEST_F(AuthorityKeeperTest, WithoutAnAuthorityNothingIsCapturedAndHealthSaysWhatToDo) {
  EXPECT_FALSE(may_capture());
  EXPECT_THAT(problem(), HasSubstr("wayside-backoffice authority issue"));
  EXPECT_EQ(state(), "none");
  EXPECT_THAT(states_on_record(), ElementsAre("none"));
}

TEST_F(AuthorityKeeperTest, AFileThatIsPutThereCountsAtTheNextLookAndEndsWhenItIsTakenAway) {
  EXPECT_FALSE(may_capture());
  put(example_authority());
  EXPECT_TRUE(may_capture_after(std::chrono::seconds(1)));
  EXPECT_EQ(problem(), "");
  EXPECT_EQ(state(), "in_force");
  EXPECT_EQ(keeper().highest_held(), 7U);
  fs::remove(folder() / file_of(7));
  EXPECT_FALSE(may_capture_after(std::chrono::seconds(1)));
  EXPECT_EQ(state(), "older_than_seen");
  EXPECT_EQ(keeper().highest_held(), 0U) << "so that the office sends it again";
  EXPECT_THAT(states_on_record(), ElementsAre("none", "in_force", "older_than_seen"));
  EXPECT_THAT(changes_, ElementsAre(Pair("", "none, stopped"), Pair("none, stopped", "in_force 7, captures"),
                                    Pair("in_force 7, captures", "older_than_seen, stopped")));
}

TEST_F(AuthorityKeeperTest, OccupantsAreClearOnlyWhileOneThatSaysSoIsInForce) {
  put(example_authority());
  EXPECT_TRUE(may_capture());
  EXPECT_FALSE(keeper().leaves_occupants_clear()) << "it does not say so";
  AuthorityDocument clear = example_authority(8);
  clear.clear_occupants = true;
  put(clear);
  EXPECT_TRUE(may_capture());
  EXPECT_TRUE(keeper().leaves_occupants_clear());
  put(example_authority(9));
  EXPECT_TRUE(may_capture());
  EXPECT_FALSE(keeper().leaves_occupants_clear()) << "the newest decides";
  clear.number = 10;
  put(clear);
  EXPECT_TRUE(may_capture());
  EXPECT_TRUE(keeper().leaves_occupants_clear());
  clock_.wait_until("2028-01-01T00:00:01Z");
  EXPECT_FALSE(may_capture());
  EXPECT_FALSE(keeper().leaves_occupants_clear()) << "it has ended";
}

TEST_F(AuthorityKeeperTest, ItLapsesDuringCaptureWithinASecond) {
  put(example_authority());
  clock_.wait_until("2027-12-31T23:59:50Z");
  EXPECT_TRUE(may_capture());
  EXPECT_TRUE(may_capture_after(std::chrono::seconds(9)));
  EXPECT_FALSE(may_capture_after(std::chrono::seconds(1)));
  EXPECT_EQ(state(), "expired");
  EXPECT_THAT(problem(), HasSubstr("ended at 2028-01-01"));
  EXPECT_THAT(states_on_record(), ElementsAre("review_passed", "expired"));
}

TEST_F(AuthorityKeeperTest, AMomentIsNoEarlierThanWhatIsKnownLessTheTimeSince) {
  put(example_authority());
  EXPECT_TRUE(may_capture_after(std::chrono::seconds(1)));
  const UtcTime earliest = keeper().known_earliest(clock_.monotonic);
  EXPECT_EQ(earliest, clock_.utc + std::chrono::milliseconds(-50));
  // A vehicle that passed ten seconds before.
  const MonotonicTime then = clock_.monotonic + std::chrono::seconds(-10);
  EXPECT_EQ(keeper().known_earliest(then), earliest + std::chrono::milliseconds(-10'005));
}

TEST_F(AuthorityKeeperTest, ReviewWarningsAreEachOnRecordOnce) {
  put(example_authority());
  clock_.wait_until("2027-10-01T00:00:00Z");
  for (int day = 0; day < 70; ++day) {
    EXPECT_TRUE(may_capture());
    clock_.wait_s(86'400);
  }
  EXPECT_THAT(states_on_record(), ElementsAre("in_force", "review_due", "review_due", "review_due",
                                              "review_due", "review_passed"));
}

TEST_F(AuthorityKeeperTest, WhatTheOfficeSendsIsCheckedAndReplacesWhatWasThere) {
  put(example_authority());
  EXPECT_TRUE(may_capture());
  AuthorityDocument others = example_authority(9);
  others.devices = {"fedcba9876543210"};
  std::string flipped = text_of(example_revocation(8));
  flipped[200] ^= 1;
  keeper().take(
      std::vector<std::string>{flipped, text_of(others), "", text_of(example_revocation(8)).substr(0, 180),
                               doubles::signed_by(doubles::authority_seed(8), example_revocation(8))});
  EXPECT_TRUE(may_capture());
  EXPECT_EQ(keeper().highest_held(), 7U);
  EXPECT_FALSE(fs::exists(folder() / file_of(8)));
  EXPECT_FALSE(fs::exists(folder() / file_of(9)));
  keeper().take(std::vector{text_of(example_revocation(8))});
  EXPECT_FALSE(may_capture());
  EXPECT_EQ(state(), "revoked");
  EXPECT_THAT(problem(), HasSubstr("The need has ceased"));
  EXPECT_EQ(keeper().highest_held(), 8U);
  EXPECT_FALSE(fs::exists(folder() / file_of(7))) << "it can never count again";
  keeper().take(std::vector{text_of(example_authority(9))});
  EXPECT_TRUE(may_capture()) << "without a restart";
}

TEST_F(AuthorityKeeperTest, WhatTheConsoleOffersIsCheckedAtOnceAndTaken) {
  std::string forged = text_of(example_authority());
  forged[30] = forged[30] == '0' ? '1' : '0';
  AuthorityDocument others = example_authority();
  others.devices = {"ffffffffffffffff"};
  for (const std::string& text : {forged, std::string(9000, 'a'), std::string(), text_of(others)}) {
    EXPECT_FALSE(keeper().offer(text));
    EXPECT_FALSE(may_capture());
  }
  EXPECT_THAT(keeper().offer(text_of(others)).error().message, HasSubstr("it is for another camera"));
  const auto number = keeper().offer(text_of(example_authority()));
  ASSERT_TRUE(number) << number.error().message;
  EXPECT_EQ(*number, 7U);
  EXPECT_TRUE(may_capture());
  EXPECT_TRUE(fs::exists(folder() / file_of(7)));
}

TEST_F(AuthorityKeeperTest, RevokedStaysRevokedWhateverFilesArePutBack) {
  put(example_authority());
  put(example_revocation(8));
  EXPECT_FALSE(may_capture());
  restart();
  put(example_authority());
  EXPECT_FALSE(may_capture());
  fs::remove(folder() / file_of(8));
  put(example_authority());
  EXPECT_FALSE(may_capture());
  restart();
  EXPECT_FALSE(may_capture());
  EXPECT_EQ(state(), "older_than_seen");
  put(example_authority(9));
  EXPECT_TRUE(may_capture());
}

TEST_F(AuthorityKeeperTest, ADamagedFileIsSaidAndTheOfficesOneTakesItsPlace) {
  std::string text = text_of(example_authority());
  text[300] ^= 1;
  put(file_of(7), text);
  EXPECT_FALSE(may_capture());
  EXPECT_THAT(problem(), HasSubstr("7.authority: the deployment authority was changed"));
  keeper().take(std::vector{text_of(example_authority())});
  EXPECT_TRUE(may_capture());
  put(file_of(6), text.substr(0, 100));
  EXPECT_TRUE(may_capture()) << "what is damaged beside it does no harm";
}

TEST_F(AuthorityKeeperTest, AnotherCamerasAuthorityIsNone) {
  AuthorityDocument others = example_authority();
  others.devices = {"fedcba9876543210"};
  put(others);
  EXPECT_FALSE(may_capture());
  EXPECT_EQ(state(), "other_device");
}

TEST_F(AuthorityKeeperTest, AKeyThatIsMissingOrThatOthersCanReplaceCountsForNothing) {
  put(example_authority());
  fs::permissions(folder() / "office-key", fs::perms(0666));
  EXPECT_FALSE(may_capture());
  EXPECT_THAT(problem(), HasSubstr("mode 0666"));
  restart();
  fs::remove(folder() / "office-key");
  EXPECT_FALSE(may_capture());
  EXPECT_THAT(problem(), HasSubstr("enrol the camera"));
  put("office-key", verifying_key_text(verifying_key(doubles::authority_seed(8))));
  EXPECT_FALSE(may_capture());
  EXPECT_THAT(problem(), HasSubstr("signed by another key"));
}

TEST_F(AuthorityKeeperTest, ARestartWithoutAClockGoesOnAndSettingTheClockChangesNothing) {
  put(example_authority());
  EXPECT_TRUE(may_capture_after(std::chrono::hours(2)));
  restart();
  clock_.kernel = {};
  clock_.step_to("1970-01-01T00:00:00Z");
  EXPECT_TRUE(may_capture());
  clock_.kernel = {TimeSource::ntp, 50, 0};
  clock_.step_to("2027-06-02T12:00:00Z");
  EXPECT_TRUE(may_capture());
  clock_.kernel = {};
  for (const char* set : {"2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z"}) {
    clock_.step_to(set);
    EXPECT_TRUE(may_capture_after(std::chrono::minutes(2))) << set;
  }
  EXPECT_THAT(states_on_record(), ElementsAre("in_force"));
}

TEST_F(AuthorityKeeperTest, AnAuthorityThatEndedIsNotStartedByAClockThatWasSetBack) {
  put(example_authority());
  clock_.wait_until("2028-02-01T00:00:00Z");
  EXPECT_FALSE(may_capture_after(std::chrono::minutes(61)));
  EXPECT_EQ(state(), "expired");
  restart();
  clock_.kernel = {};
  clock_.step_to("2027-06-01T00:00:00Z");
  EXPECT_FALSE(may_capture());
  EXPECT_EQ(state(), "expired");
  clock_.kernel = {TimeSource::ntp, 50, 0};
  EXPECT_FALSE(may_capture()) << "nor by a time server that is behind what is known";
}

TEST_F(AuthorityKeeperTest, SevenDaysOfRunningWithoutAClockCountAcrossRestarts) {
  put(example_authority());
  EXPECT_TRUE(may_capture());
  clock_.wait_s(3600);
  EXPECT_TRUE(may_capture());
  clock_.kernel = {};
  for (int restarts = 0; restarts < 7; ++restarts) {
    restart();
    EXPECT_TRUE(may_capture()) << restarts;
    for (int hour = 0; hour < 24; ++hour) {
      clock_.wait_s(3600);
      keeper().look();
    }
  }
  restart();
  EXPECT_FALSE(may_capture());
  EXPECT_EQ(state(), "clock_unsure");
  clock_.kernel = {TimeSource::gnss, 50, 0};
  EXPECT_TRUE(may_capture());
}

TEST_F(AuthorityKeeperTest, ACameraThatWasMovedIsAnAlarmOrStops) {
  put(example_authority());
  EXPECT_TRUE(may_capture());
  const auto move_away = [&] {
    for (int i = 0; i < 60; ++i)
      keeper().saw_position({52.2395, 0.1532, 5.0});
  };
  move_away();
  EXPECT_TRUE(may_capture());
  EXPECT_EQ(state(), "moved");
  EXPECT_THAT(problem(), HasSubstr("1112 m"));
  restart();
  stops_where_moved_ = true;
  EXPECT_TRUE(may_capture()) << "nothing is known of where it is";
  move_away();
  EXPECT_FALSE(may_capture());
}

TEST_F(AuthorityKeeperTest, ARecordThatTheQueueDoesNotTakeIsTriedAgainAndARestartTellsNothingTwice) {
  queue_.before_append = [](std::span<const RecordParts>) -> Status { return fail(ErrorCode::io, "broken"); };
  put(example_authority());
  EXPECT_TRUE(may_capture());
  EXPECT_FALSE(keeper().write_records(queue_));
  queue_.before_append = {};
  EXPECT_THAT(states_on_record(), ElementsAre("in_force"));
  EXPECT_TRUE(may_capture());
  restart();
  EXPECT_TRUE(may_capture());
  EXPECT_THAT(states_on_record(), ElementsAre("in_force"));
  EXPECT_THAT(changes_, ElementsAre(Pair("", "in_force 7, captures")));
}

TEST_F(AuthorityKeeperTest, AChangeOfTheLastMomentIsToldOnceToo) {
  put(example_authority());
  EXPECT_TRUE(may_capture());
  EXPECT_THAT(states_on_record(), ElementsAre("in_force"));
  keeper().keep();  // without another look
  restart();
  EXPECT_TRUE(may_capture());
  EXPECT_THAT(states_on_record(), ElementsAre("in_force"));
  EXPECT_THAT(changes_, SizeIs(1));
}

TEST_F(AuthorityKeeperTest, WhatNoRecordWasWrittenOfIsToldAgainByTheNextStart) {
  put(example_authority());
  EXPECT_TRUE(may_capture());
  EXPECT_TRUE(may_capture());
  restart();
  EXPECT_TRUE(may_capture());
  EXPECT_THAT(states_on_record(), ElementsAre("in_force"));
  EXPECT_THAT(changes_, SizeIs(2));
}

TEST_F(AuthorityKeeperTest, MemoryThatIsDamagedIsSaidAndTheDocumentsStillCount) {
  put(example_authority());
  put("seen", "damaged");
  EXPECT_TRUE(may_capture());
  EXPECT_NE(*read_text_file(folder() / "seen"), "damaged") << "it is kept anew";
}

TEST_F(AuthorityKeeperTest, RunsByItself) {
  EXPECT_FALSE(may_capture());
  keeper().start();
  keeper().take(std::vector{text_of(example_authority())});
  for (int i = 0; i < 100 && !keeper().may_capture(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  keeper().stop();
  EXPECT_TRUE(keeper().may_capture());
}

}  // namespace
}  // namespace wayside::app
