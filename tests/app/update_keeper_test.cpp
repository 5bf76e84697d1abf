// What a camera makes of the updates that its office gives it.
#include "src/app/update_keeper.hpp"

#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/update_fixture.hpp"

namespace wayside::app {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t bundle_mib = std::uint64_t{1} << 20U;

Status cut() {
  return fail(ErrorCode::unavailable, "the link broke");
}

TEST_F(UpdateKeeperTest, AnUpdateThatIsGivenIsFetchedAndHandedOverWithWhatTheCameraIsAbleToDo) {
  const UpdateOffer offer = bundle("1.2.3");
  settle();
  EXPECT_EQ(state(), "none");
  gives(offer);
  settle();
  ASSERT_TRUE(request()) << problem();
  EXPECT_EQ(*request(), (InstallRequest{"1.2.3", offer.sha256, {"capture", "deliver"}}));
  EXPECT_EQ(content(folder_.bundle()), way_.bundles[offer.sha256]);
  EXPECT_FALSE(there(folder_.part()));
  EXPECT_EQ(state(), "asked");
  EXPECT_EQ(problem(), "");
  EXPECT_EQ(counters_.counter("update_bytes_fetched").value(), offer.bytes);
  for (std::size_t i = 0; i < way_.asked.size(); ++i)
    EXPECT_EQ(way_.asked[i], i * largest_update_piece);
}

TEST_F(UpdateKeeperTest, AFetchThatBreaksOffGoesOnWhereItWas) {
  int asked = 0;
  way_.before = [&](std::uint64_t) { return ++asked % 2 == 0 ? cut() : Status{}; };
  const UpdateOffer offer = bundle("1.2.3");
  gives(offer);
  go_on(10min);
  ASSERT_TRUE(request()) << problem();
  EXPECT_EQ(content(folder_.bundle()), way_.bundles[offer.sha256]);
  EXPECT_EQ(counters_.counter("update_bytes_fetched").value(), offer.bytes);  // nothing twice
}

TEST_F(UpdateKeeperTest, APieceThatIsCutShortIsNotTaken) {
  int asked = 0;
  way_.after = [&](std::string& piece, std::uint64_t) {
    if (++asked % 3 == 0) piece.resize(piece.size() / 2);
  };
  const UpdateOffer offer = bundle("1.2.3");
  gives(offer);
  go_on(10min);
  ASSERT_TRUE(request()) << problem();
  EXPECT_EQ(content(folder_.bundle()), way_.bundles[offer.sha256]);
}

TEST_F(UpdateKeeperTest, AnOfficeThatIsAwayForLongIsSaidAndComesBack) {
  bool away = true;
  way_.before = [&](std::uint64_t) { return away ? cut() : Status{}; };
  gives(bundle("1.2.3"));
  static_cast<void>(keeper_->look());
  EXPECT_EQ(problem(), "");  // once is nothing to look into
  go_on(59min);
  EXPECT_EQ(problem(), "");  // it goes on by itself
  EXPECT_EQ(state(), "fetching");
  EXPECT_THAT(keeper_->state().reason, HasSubstr("the link broke"));
  EXPECT_THAT(hooks_of(*keeper_).offered().at("problem").get<std::string>(), HasSubstr("the link broke"));
  go_on(2min);
  EXPECT_THAT(problem(), HasSubstr("the link broke"));
  EXPECT_EQ(state(), "fetching");
  EXPECT_LT(way_.asked.size(), 120U);  // the pauses grow
  away = false;
  go_on(10min);
  EXPECT_TRUE(request());
  EXPECT_EQ(problem(), "");
}

TEST_F(UpdateKeeperTest, AFetchThatGoesOnNowAndThenIsNoProblem) {
  UtcTime came = clock_.utc;
  way_.before = [&](std::uint64_t) {
    if (clock_.utc - came < 40min) return cut();
    came = clock_.utc;
    return Status{};
  };
  gives(bundle("1.2.3"));
  for (int i = 0; i < 12; ++i) {
    go_on(30min);
    EXPECT_EQ(problem(), "") << i;
  }
  EXPECT_GT(keeper_->state().percent, 10U);
  EXPECT_EQ(state(), "fetching");
}

TEST_F(UpdateKeeperTest, ABundleThatIsWrongOnceAndFetchedAgainIsNoProblem) {
  const UpdateOffer offer = bundle("1.2.3", 1'000'000);
  int asked = 0;
  way_.after = [&](std::string& piece, std::uint64_t) {
    if (++asked == 1) piece.front() = static_cast<char>(piece.front() ^ 1);
    EXPECT_EQ(problem(), "");
  };
  gives(offer);
  for (int i = 0; i < 60; ++i) {
    go_on(1s);
    EXPECT_EQ(problem(), "") << i;
  }
  EXPECT_EQ(counters_.counter("updates_wrong").value(), 1U);
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, AfterAPowerCutWhatMayBeTornIsFetchedAgainAndNothingBeforeIt) {
  const UpdateOffer offer = bundle("1.2.3");
  gives(offer);
  until_asked(2 * bundle_mib + bundle_mib / 2);
  keeper_.reset();
  {
    std::fstream torn(folder_.part(), std::ios::in | std::ios::out | std::ios::binary);
    torn.seekp(2 * bundle_mib + 100);
    torn << std::string(300'000, '\0');  // as a disk leaves what was written and not flushed
  }
  way_.asked.clear();
  start_anew();
  answers_ = false;
  settle();
  EXPECT_EQ(state(), "waiting") << problem();
  EXPECT_EQ(way_.asked.front(), 2 * bundle_mib);
  EXPECT_EQ(content(folder_.bundle()), way_.bundles[offer.sha256]);
}

TEST_F(UpdateKeeperTest, AnOfficeThatChangesItsMindIsFollowed) {
  const UpdateOffer first = bundle("1.2.3"), second = bundle("1.2.4", 2'000'000);
  gives(first);
  until_asked(bundle_mib);
  gives(second);
  way_.asked.clear();
  settle();
  ASSERT_TRUE(request()) << problem();
  EXPECT_EQ(request()->version, "1.2.4");
  EXPECT_EQ(way_.asked.front(), 0U);
  EXPECT_EQ(content(folder_.bundle()), way_.bundles[second.sha256]);
}

TEST_F(UpdateKeeperTest, WhatIsWithdrawnGoesFromFlash) {
  gives(bundle("1.2.3"));
  until_asked(bundle_mib);
  EXPECT_TRUE(there(folder_.part()));
  gives(std::nullopt);
  settle();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.incoming()));
  gives(bundle("1.2.4"));
  settle();
  ASSERT_TRUE(request());
  gives(std::nullopt);  // and nobody has begun with it
  settle();
  // But the note that it was handed over.
  std::filesystem::remove(folder_.incoming() / "tried");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.incoming()));
  EXPECT_EQ(state(), "none");
}

TEST_F(UpdateKeeperTest, ABundleWithAnotherHashIsThrownAwayAndSaidAndFetchedNoMoreThanTwice) {
  const UpdateOffer offer = bundle("1.2.3", 1'000'000);
  way_.bundles[offer.sha256][500'000] ^= 1;
  gives(offer);
  go_on(12h);
  EXPECT_FALSE(request());
  EXPECT_FALSE(there(folder_.bundle()));
  EXPECT_FALSE(there(folder_.part()));
  EXPECT_THAT(problem(), HasSubstr("SHA-256"));
  EXPECT_THAT(problem(), HasSubstr("1.2.3"));
  EXPECT_EQ(counters_.counter("updates_wrong").value(), 2U);
  const UpdateOffer sound = bundle("1.2.4");
  gives(sound);
  settle();
  EXPECT_TRUE(request());
  EXPECT_EQ(problem(), "");
}

TEST_F(UpdateKeeperTest, ABundleShorterThanItWasSaidToBeIsNeverHandedOver) {
  const UpdateOffer offer = bundle("1.2.3", 1'000'000);
  way_.bundles[offer.sha256].resize(900'000);
  gives(offer);
  go_on(1h + 5min);
  EXPECT_FALSE(request());
  EXPECT_THAT(problem(), HasSubstr("bytes"));
}

TEST_F(UpdateKeeperTest, WithoutRoomNothingIsFetchedUntilThereIs) {
  free_ = 1'000'000;
  gives(bundle("1.2.3"));
  settle();
  EXPECT_TRUE(way_.asked.empty());
  EXPECT_THAT(problem(), HasSubstr("1000000 are free"));
  EXPECT_EQ(state(), "fetching");
  free_ = std::uint64_t{1} << 30U;
  go_on(10min);
  EXPECT_TRUE(request());
  EXPECT_EQ(problem(), "");
}

TEST_F(UpdateKeeperTest, NoMoreOfTheLinkIsTakenThanTheCapLets) {
  bytes_per_s_ = 128 * 1024;
  start_anew();
  const UtcTime begun = clock_.utc;
  way_.after = [&](std::string&, std::uint64_t from) {
    // A second's worth ahead, and the piece under way.
    const double s = std::chrono::duration<double>(clock_.utc - begun).count();
    EXPECT_LE(static_cast<double>(from), (s + 1) * static_cast<double>(bytes_per_s_));
  };
  const UpdateOffer offer = bundle("1.2.3");
  gives(offer);
  go_on(20s);
  EXPECT_FALSE(request());
  EXPECT_GT(way_.asked.back(), 18 * bytes_per_s_);  // and all of it is used
  EXPECT_GT(keeper_->state().percent, 70U);
  go_on(8s);
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, AnotherCapCountsAtOnce) {
  bytes_per_s_ = 8 * 1024;
  start_anew();
  gives(bundle("1.2.3"));
  go_on(1min);
  EXPECT_LT(keeper_->state().percent, 30U);
  keeper_->cap(0);
  settle();
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, AnUpdateWaitsForItsHourAndForAClockThatIsRight) {
  UpdateOffer offer = bundle("1.2.3");
  offer.not_before = utc_from_iso8601("2026-11-29T02:00:00Z").value();
  clock_.kernel.source = TimeSource::unsynchronised;
  gives(offer);
  go_on(24h);
  EXPECT_FALSE(request());
  EXPECT_EQ(state(), "waiting");
  EXPECT_THAT(keeper_->state().reason, HasSubstr("not synchronised"));
  clock_.step_to("2026-11-29T01:00:00Z");
  clock_.kernel.source = TimeSource::gnss;
  go_on(59min);
  EXPECT_FALSE(request());
  EXPECT_THAT(keeper_->state().reason, HasSubstr("2026-11-29T02:00:00"));
  EXPECT_EQ(problem(), "");
  way_.asked.clear();
  start_anew();
  go_on(2min);
  EXPECT_TRUE(request());
  EXPECT_TRUE(way_.asked.empty());
}

TEST_F(UpdateKeeperTest, AnUpdateWaitsUntilTheOfficeAnswersWhereTheTrialHasToShowThatItDelivers) {
  UpdateOffer offer = bundle("1.2.3");
  offer.not_before = clock_.utc + 1h;
  gives(offer);
  go_on(50min);
  answers_ = false;
  go_on(10min + 1s);
  EXPECT_FALSE(request());
  EXPECT_EQ(state(), "waiting");
  EXPECT_THAT(keeper_->state().reason, HasSubstr("has not answered for 10 minutes"));
  heartbeats_asked_ = 0;
  go_on(10min);
  EXPECT_FALSE(request());
  EXPECT_GE(heartbeats_asked_, 9);
  EXPECT_LE(heartbeats_asked_, 11);
  EXPECT_EQ(problem(), "");
  ASSERT_TRUE(keeper_->install_now());  // which the trial needs all the same
  go_on(10min);
  EXPECT_FALSE(request());
  answers_ = true;
  settle();
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, ForAWhileWithoutAnAnswerNothingWaits) {
  UpdateOffer offer = bundle("1.2.3");
  offer.not_before = clock_.utc + 1h;
  gives(offer);
  go_on(59min);
  answers_ = false;
  go_on(1min + 30s);
  EXPECT_TRUE(request());
  EXPECT_EQ(heartbeats_asked_, 0);
}

TEST_F(UpdateKeeperTest, AfterAStartAndWithAnotherOfficeAnAnswerIsWaitedFor) {
  UpdateOffer offer = bundle("1.2.3");
  offer.not_before = clock_.utc + 1h;
  gives(offer);
  go_on(30min);
  answers_ = false;
  start_anew();
  go_on(1h);
  EXPECT_FALSE(request());
  EXPECT_THAT(keeper_->state().reason, HasSubstr("has not answered yet"));
  offer.not_before = clock_.utc + 1min;
  gives(offer);
  go_on(30s);
  keeper_->connect_anew({});
  go_on(1min);
  EXPECT_FALSE(request());
  answer();
  go_on(10s);
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, ACameraThatDoesNotDeliverWaitsForNoAnswer) {
  able_ = {"capture"};
  gives(bundle("1.2.3"));
  answers_ = false;
  go_on(16min);
  ASSERT_TRUE(request());
  EXPECT_EQ(heartbeats_asked_, 0);
}

TEST_F(UpdateKeeperTest, AnOperatorNeedNotWaitForTheHour) {
  UpdateOffer offer = bundle("1.2.3");
  EXPECT_EQ(keeper_->install_now().error().code, ErrorCode::refused);
  EXPECT_EQ(keeper_->waiting().error().code, ErrorCode::refused);
  EXPECT_THAT(keeper_->waiting().error().message, HasSubstr("none"));
  offer.not_before = utc_from_iso8601("2026-11-29T02:00:00Z").value();
  gives(offer);
  settle();
  EXPECT_FALSE(request());
  EXPECT_THAT(keeper_->waiting().value(), HasSubstr("1.2.3"));
  EXPECT_THAT(keeper_->waiting().value(), HasSubstr("2026-11-29T02:00:00"));
  const auto said = keeper_->install_now();
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("1.2.3"));
  settle();
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, SoonAfterItsStartTheCameraWaitsUntilItKnowsWhatItIsAbleToDo) {
  able_ = {};
  gives(bundle("1.2.3"));
  go_on(1min);
  able_ = {"capture"};
  go_on(5min);
  EXPECT_FALSE(request());
  EXPECT_EQ(state(), "waiting");
  ASSERT_TRUE(keeper_->install_now());  // nor does an operator get a trial that shows less
  go_on(1min);
  EXPECT_FALSE(request());
  able_ = {"capture", "deliver"};
  settle();
  ASSERT_TRUE(request());
  EXPECT_EQ(request()->able, able_);
}

TEST_F(UpdateKeeperTest, ACameraThatCannotDoAllForAQuarterOfAnHourIsUpdatedAsItIs) {
  UpdateOffer offer = bundle("1.2.3");
  offer.not_before = clock_.utc + 1h;
  gives(offer);
  go_on(59min);
  able_ = {"deliver"};  // for a moment only
  go_on(2min);
  EXPECT_FALSE(request());
  go_on(14min);
  ASSERT_TRUE(request());
  EXPECT_EQ(request()->able, Abilities{"deliver"});
}

TEST_F(UpdateKeeperTest, AnotherHourForTheSameBundleFetchesNothingAgain) {
  UpdateOffer offer = bundle("1.2.3");
  offer.not_before = utc_from_iso8601("2026-11-29T02:00:00Z").value();
  gives(offer);
  settle();
  way_.asked.clear();
  offer.not_before.reset();
  gives(offer);
  settle();
  EXPECT_TRUE(request());
  EXPECT_TRUE(way_.asked.empty());
}

TEST_F(UpdateKeeperTest, WhatTheOfficeDoesNotHaveAnyMoreIsGivenUpForAnHour) {
  const UpdateOffer offer = bundle("1.2.3");
  way_.bundles.clear();
  gives(offer);
  go_on(59min);
  EXPECT_EQ(way_.asked.size(), 1U);
  EXPECT_THAT(problem(), HasSubstr("not given"));
  bundle("1.2.3");
  go_on(10min);
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, AskingByHandTriesAtOnceAndAsksTheOffice) {
  const UpdateOffer offer = bundle("1.2.3");
  way_.bundles.clear();
  gives(offer);
  settle();
  bundle("1.2.3");
  ASSERT_TRUE(keeper_->check_now());
  EXPECT_EQ(heartbeats_asked_, 1);
  settle();
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, WhatIsNotForThisCameraIsNotFetched) {
  UpdateOffer other = bundle("1.2.3");
  other.compatible = "wayside-other";
  gives(other);
  settle();
  EXPECT_EQ(state(), "unfit");
  EXPECT_THAT(problem(), HasSubstr("wayside-other"));
  gives(bundle("1.1.9"));
  settle();
  EXPECT_THAT(problem(), HasSubstr("only go up"));
  EXPECT_TRUE(way_.asked.empty());
  gives(bundle("1.2.0"));  // what runs
  settle();
  EXPECT_EQ(problem(), "");
  EXPECT_EQ(state(), "none");
  UpdateStatus confirmed;
  confirmed.confirmed = "1.3.0";  // and something older runs again
  ASSERT_TRUE(write_update_status(folder_, confirmed));
  gives(bundle("1.2.9"));
  settle();
  EXPECT_THAT(problem(), HasSubstr("1.3.0 was confirmed"));
  EXPECT_TRUE(way_.asked.empty());
}

TEST_F(UpdateKeeperTest, WhatWasRefusedOrGivenUpIsNotFetchedAgainUntilAnotherIsGiven) {
  for (const UpdateState ended : {UpdateState::refused, UpdateState::reverted}) {
    const std::string version = ended == UpdateState::refused ? "1.2.3" : "1.2.5";
    UpdateOffer offer = bundle(version);
    gives(offer);
    settle();
    ASSERT_TRUE(request()) << version;
    becomes(ended, version, "it is signed by nobody");
    way_.asked.clear();
    start_anew();
    gives(offer);
    go_on(24h);
    EXPECT_TRUE(way_.asked.empty());
    EXPECT_THAT(problem(), HasSubstr("it is signed by nobody"));
    EXPECT_EQ(state(), to_string(ended));
    // Withdrawn, and another start: it is the giving that counts.
    gives(std::nullopt);
    settle();
    EXPECT_EQ(problem(), "");
    start_anew();
    gives(offer);
    settle();
    EXPECT_FALSE(request());
    // Given again, whether or not anybody saw it withdrawn: somebody wants it.
    offer.given = clock_.utc;
    gives(offer);
    settle();
    EXPECT_TRUE(request());
    becomes(ended, version, "still");
    settle();
    EXPECT_FALSE(request());
    gives(bundle(ended == UpdateState::refused ? "1.2.4" : "1.2.6"));
    settle();
    EXPECT_TRUE(request());
    EXPECT_EQ(problem(), "");
    becomes(UpdateState::none, "");
  }
}

// It ran, and then its slot could not be read: nobody has to give it again. Where the slot is worn out, that
// must not go on for ever.
TEST_F(UpdateKeeperTest, WhatWasConfirmedAndLostIsFetchedAgainOnceForEachGiving) {
  UpdateOffer offer = bundle("1.2.3");
  offer.given = clock_.utc;
  gives(offer);
  settle();
  ASSERT_TRUE(request());
  const auto lost = [&] {
    UpdateStatus status;
    status.state = UpdateState::reverted;
    status.version = status.confirmed = "1.2.3";
    status.reason = "its slot could not be started any more, and 1.2.0 runs again";
    ASSERT_TRUE(write_update_status(folder_, status));
    std::filesystem::remove(folder_.install());
    std::filesystem::remove(folder_.bundle());
    start_anew();
    gives(offer);
    settle();
  };
  lost();
  EXPECT_TRUE(request());
  lost();
  EXPECT_FALSE(request());
  EXPECT_THAT(problem(), HasSubstr("could not be started any more"));
  offer.given = clock_.utc;
  lost();
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, WhereItCannotBeNotedThatOneWasTriedItIsNotTried) {
  std::filesystem::create_directories(folder_.incoming() / "tried" / "in the way");
  gives(bundle("1.2.3"));
  settle();
  EXPECT_FALSE(request());
  EXPECT_THAT(problem(), HasSubstr("tried"));
  std::filesystem::remove_all(folder_.incoming() / "tried");
  go_on(10min);
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, WhatWasGivenAgainIsAskedForAlsoAfterAPowerCutBeforeThat) {
  UpdateOffer offer = bundle("1.2.3");
  gives(offer);
  settle();
  ASSERT_TRUE(request());
  becomes(UpdateState::reverted, "1.2.3", "it saw nothing");
  offer.given = utc_from_iso8601("2026-11-28T12:30:00Z").value();
  gives(offer);
  settle();
  ASSERT_TRUE(request());
  // It was noted, and the request for it never came to the disk.
  std::filesystem::remove(folder_.install());
  start_anew();
  gives(offer);
  settle();
  EXPECT_TRUE(request());
  becomes(UpdateState::reverted, "1.2.3", "it saw nothing again");
  go_on(30min);
  EXPECT_FALSE(request());
  EXPECT_THAT(problem(), HasSubstr("it saw nothing again"));
}

TEST_F(UpdateKeeperTest, AnInstallationThatNobodyGoesOnWithIsSaid) {
  gives(bundle("1.2.3"));
  settle();
  UpdateStatus status;
  status.version = "1.2.3";
  for (const UpdateState step : {UpdateState::installing, UpdateState::installed, UpdateState::trial}) {
    status.state = step;
    ASSERT_TRUE(write_update_status(folder_, status));
    go_on(59min);
    EXPECT_EQ(problem(), "");
    // Writing a slot takes long where flash is slow.
    ++status.percent;
    ASSERT_TRUE(write_update_status(folder_, status));
    go_on(59min);
    EXPECT_EQ(problem(), "");
    go_on(2min);
    EXPECT_THAT(problem(), AllOf(HasSubstr("nobody goes on with version 1.2.3 (" + std::string(to_string(step)) + ")"),
                                 HasSubstr("restart the camera")));
  }
  becomes(UpdateState::confirmed, "1.2.3");
  settle();
  EXPECT_EQ(problem(), "");
}

// Whoever installs has it, and goes on.
TEST_F(UpdateKeeperTest, WhatIsGivenWhileOneIsInstalledIsNoProblem) {
  gives(bundle("1.2.3"));
  settle();
  UpdateStatus status;
  status.state = UpdateState::installing;
  status.version = "1.2.3";
  ASSERT_TRUE(write_update_status(folder_, status));
  gives(bundle("1.2.4"));
  settle();
  EXPECT_FALSE(request());
  EXPECT_EQ(problem(), "");
  EXPECT_EQ(state(), "installing");
}

TEST_F(UpdateKeeperTest, WhileOneIsInstalledOrOnTrialNothingElseIsFetched) {
  for (const UpdateState busy : {UpdateState::installing, UpdateState::installed, UpdateState::trial}) {
    UpdateStatus status;
    status.state = busy;
    status.version = "1.2.3";
    status.percent = 40;
    ASSERT_TRUE(write_update_status(folder_, status));
    gives(bundle("1.2.4"));
    settle();
    EXPECT_TRUE(way_.asked.empty());
    EXPECT_EQ(state(), to_string(busy));
    EXPECT_EQ(keeper_->state().version, "1.2.3");
    EXPECT_EQ(keeper_->state().percent, 40U);
  }
  becomes(UpdateState::confirmed, "1.2.3");
  settle();
  EXPECT_TRUE(request());
}

TEST_F(UpdateKeeperTest, ARequestThatNobodyTakesIsSaid) {
  gives(bundle("1.2.3"));
  go_on(9min);
  EXPECT_EQ(problem(), "");
  go_on(2min);
  EXPECT_THAT(problem(), HasSubstr("restart the camera"));
}

TEST_F(UpdateKeeperTest, ARequestThatIsTakenAwayUndoneIsMadeAgainAndNotAllTheTime) {
  gives(bundle("1.2.3"));
  settle();
  std::filesystem::remove(folder_.install());
  go_on(5min);
  EXPECT_FALSE(request());
  EXPECT_EQ(problem(), "");
  go_on(10min);
  EXPECT_TRUE(request());
  EXPECT_THAT(problem(),
              HasSubstr("version 1.2.3 was handed over to be installed, and nobody began with it"));
  becomes(UpdateState::installing, "1.2.3");
  settle();
  EXPECT_EQ(problem(), "");
}

TEST_F(UpdateKeeperTest, WhatNobodyBeginsWithAlthoughItIsGivenAgainIsNotSaidToHaveBeenTried) {
  UpdateOffer offer = bundle("1.2.3");
  gives(offer);
  settle();
  becomes(UpdateState::reverted, "1.2.3", "it saw nothing");
  offer.given = utc_from_iso8601("2026-11-28T12:30:00Z").value();
  gives(offer);
  for (int asked = 0; asked < 3; ++asked) {
    go_on(11min);
    std::filesystem::remove(folder_.install());
  }
  go_on(11min);
  EXPECT_FALSE(request());
  EXPECT_THAT(problem(), AllOf(HasSubstr("nobody began with it"), HasSubstr("restart the camera"),
                               Not(HasSubstr("it saw nothing"))));
}

TEST_F(UpdateKeeperTest, WithoutAnOfficeOverHttpsItIsSaidAndNothingIsFetched) {
  has_office_ = false;
  start_anew();
  gives(bundle("1.2.3"));
  settle();
  EXPECT_THAT(problem(), HasSubstr("upload.profile"));
  EXPECT_EQ(keeper_->check_now().error().code, ErrorCode::unsupported);
  EXPECT_FALSE(request());
}

TEST_F(UpdateKeeperTest, WhatAnEarlierStartLeftOfNobodyKnowsWhatIsRemoved) {
  gives(bundle("1.2.3"));
  until_asked(bundle_mib);
  keeper_.reset();
  std::ofstream(folder_.incoming() / "offer") << "{";
  answers_ = false;
  start_anew();
  settle();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.incoming()));
}

TEST_F(UpdateKeeperTest, TheOfficeAndTheConsoleAreToldWhereItIs) {
  UpdateOffer offer = bundle("1.2.3");
  offer.not_before = utc_from_iso8601("2026-11-29T02:00:00Z").value();
  gives(offer);
  until_asked(bundle_mib);
  const UpdateHooks hooks = hooks_of(*keeper_);
  const ToldSystem told = keeper_->told();
  EXPECT_EQ(told.version, "1.2.0");
  EXPECT_EQ(told.compatible, "wayside-test");
  EXPECT_EQ(told.state, "fetching");
  EXPECT_EQ(told.update, "1.2.3");
  EXPECT_EQ(hooks.offered().at("offered"), "1.2.3");
  EXPECT_GT(hooks.offered().at("fetched"), 20);
  settle();
  EXPECT_EQ(keeper_->told().state, "waiting");
  EXPECT_THAT(hooks.offered().at("problem").get<std::string>(), HasSubstr("02:00"));
  EXPECT_THAT(hooks.waiting().value(), HasSubstr("1.2.3"));
  EXPECT_TRUE(hooks.install());
  EXPECT_EQ(health_.states()["update"], "waiting");
}

TEST_F(UpdateKeeperTest, ItsThreadFetchesByItselfAndEndsWhenToldTo) {
  const UpdateOffer offer = bundle("1.2.3", 500'000);
  keeper_->start();
  gives(offer);
  for (int i = 0; i < 1'000 && state() != "asked"; ++i)
    std::this_thread::sleep_for(10ms);
  keeper_->stop();
  EXPECT_TRUE(request()) << problem();
}

}  // namespace
}  // namespace wayside::app
