// A camera's VOI lists against a real office over TLS: learnt of, fetched, kept, refused, let go.
#include "src/app/watch_list_keeper.hpp"

#include <gmock/gmock.h>

#include "src/app/run_report.hpp"
#include "tests/app/watch_list_fixture.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

TEST_F(WatchListKeeperTest, AListThatTheOfficeGivesIsFetchedAndMatchedByDelta) {
  issue({"AB12CDE", "FG34HJK"});
  settle();
  EXPECT_EQ(revision(), 0U);  // issued, and given to nobody
  give();
  settle();
  ASSERT_EQ(revision(), 1U) << problem();
  EXPECT_EQ(problem(), "");
  const auto hits = match("AB12CDE");
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].list, "north");
  EXPECT_EQ(hits[0].revision, 1U);
  EXPECT_EQ(hits[0].pnc_id, "idAB12CDE");
  EXPECT_EQ(hits[0].match, "exact");
  EXPECT_EQ(hits[0].vrm, "AB12CDE");
  EXPECT_NEAR(hits[0].probability, 0.9, 1e-6);
  EXPECT_TRUE(match("XX99XXX").empty());

  issue({"AB12CDE", "FG34HJK", "XX99XXX"});
  settle();
  EXPECT_EQ(revision(), 2U);
  EXPECT_EQ(faults_.documents, (std::vector<std::string>{"1.full", "1-2.delta"}));
  EXPECT_EQ(match("XX99XXX").size(), 1U);
  EXPECT_EQ(counters_.counter("watch_list_hits").value(), 2U);
  const auto records = put_on_record();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].at("state"), "in_force");
  EXPECT_EQ(records[1].at("before"), 1);
  EXPECT_EQ(records[1].at("revision"), 2);
  for (const char* what : {"\"given\"", "\"lent\"", "\"sent\"", "1-2.delta"})
    EXPECT_THAT(audit(), HasSubstr(what));
  EXPECT_THAT(audit(), Not(HasSubstr("AB12CDE")));
}

TEST_F(WatchListKeeperTest, TheAnswerToAHeartbeatSaysWhatIsNew) {
  issue({"AB12CDE"});
  give();
  HttpsOptions https;
  https.url = office_.server().url();
  https.ca_certificate = camera_.back_office_ca;
  https.certificate = camera_.certificate;
  https.private_key = camera_.private_key;
  const auto office = make_https_back_office(https).value();
  const auto answer = [&](const HeldForOffice& held) {
    return office
        ->heartbeat(camera_.device_id, heartbeat_json(clock_, health_, {7}, {}, {}, counters_, 0, held))
        .value()
        .value();
  };
  EXPECT_FALSE(answer({}).watch_lists);  // of an earlier version
  const auto offers = answer({{}, std::map<std::string, std::uint64_t>{}}).watch_lists.value();
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].document, "1.full");
  EXPECT_GT(offers[0].bytes, 0U);
  const auto nothing_new =
      answer({{}, std::map<std::string, std::uint64_t>{{"north", 1}}}).watch_lists.value();
  ASSERT_EQ(nothing_new.size(), 1U);
  EXPECT_EQ(nothing_new[0].document, "");
}

TEST_F(WatchListKeeperTest, AfterARestartTheListIsInForceOnceTheOfficeHasLentTheKey) {
  issue({"AB12CDE"});
  give();
  settle();
  bool cut_off = true;
  faults_.before = [&]() -> Status {
    return cut_off ? fail(ErrorCode::unavailable, "nobody there") : Status{};
  };
  start_anew();
  look();
  EXPECT_TRUE(match("AB12CDE").empty());
  EXPECT_THAT(problem(), HasSubstr("key"));
  cut_off = false;
  look();
  EXPECT_EQ(match("AB12CDE").size(), 1U);
  settle();
  EXPECT_EQ(faults_.documents, (std::vector<std::string>{"1.full"}));  // not fetched again
  EXPECT_EQ(problem(), "");
}

TEST_F(WatchListKeeperTest, AFetchThatBreaksOffGoesOnWhereItWas) {
  std::vector<std::string> vrms;
  for (int i = 0; i < 6000; ++i)
    vrms.push_back("AB" + std::to_string(10000 + i));
  issue(vrms);
  give();
  int asked = 0;
  std::vector<std::uint64_t> from;
  faults_.before = [&]() -> Status {
    return ++asked % 2 == 0 ? fail(ErrorCode::unavailable, "the link broke") : Status{};
  };
  faults_.after = [&](std::string&, std::uint64_t at) { from.push_back(at); };
  settle();
  EXPECT_EQ(revision(), 1U) << problem();
  ASSERT_GT(from.size(), 3U);
  for (std::size_t i = 0; i < from.size(); ++i)
    EXPECT_EQ(from[i], i * largest_list_piece);  // each piece once
  EXPECT_EQ(match("AB15999").size(), 1U);
}

TEST_F(WatchListKeeperTest, ACameraThatWasOfflineForLongGetsTheFullList) {
  issue({"AB12CDE"});
  give();
  settle();
  for (int i = 0; i < 3; ++i)
    issue({"AB12CDE", "FG34HJK"});
  fs::remove(office_.authority().watch_lists() / "north" / "1-4.delta");
  settle();
  EXPECT_EQ(revision(), 4U);
  EXPECT_EQ(faults_.documents, (std::vector<std::string>{"1.full", "4.full"}));
}

TEST_F(WatchListKeeperTest, ADeltaForAnotherBaseIsRefusedAndTheFullListAskedFor) {
  issue({"AB12CDE"});
  give();
  settle();
  issue({"AB12CDE", "FG34HJK"});
  issue({"AB12CDE", "FG34HJK", "XX99XXX"});
  const fs::path folder = office_.authority().watch_lists() / "north";
  fs::copy_file(folder / "2-3.delta", folder / "1-3.delta");  // under the name of the right one
  settle();
  EXPECT_EQ(revision(), 3U) << problem();
  EXPECT_EQ(faults_.documents, (std::vector<std::string>{"1.full", "1-3.delta", "3.full"}));
  EXPECT_EQ(problem(), "");
}

TEST_F(WatchListKeeperTest, WhatIsDamagedOnTheWayIsFetchedAgainAFewTimesAndNeverUsed) {
  issue({"AB12CDE"});
  give();
  settle();
  issue({"AB12CDE", "FG34HJK"});
  faults_.after = [](std::string& piece, std::uint64_t) { piece.back() = 'x'; };
  settle();
  EXPECT_EQ(revision(), 1U);
  EXPECT_EQ(match("AB12CDE").size(), 1U);  // what is held stays
  EXPECT_THAT(problem(), HasSubstr("damaged"));
  EXPECT_EQ(faults_.documents.size(), 4U);
  faults_.after = [](std::string& piece, std::uint64_t) { piece.resize(piece.size() / 2); };
  issue({"AB12CDE", "FG34HJK"});
  settle();
  EXPECT_EQ(revision(), 1U);
  faults_.after = {};
  issue({"AB12CDE", "FG34HJK"});
  settle();
  EXPECT_EQ(revision(), 4U);
  EXPECT_EQ(problem(), "");
}

TEST_F(WatchListKeeperTest, AListSignedByAnotherIsRefusedOnceAndSaid) {
  issue({"AB12CDE"});
  give();
  ASSERT_TRUE(replace_file(lists_folder() / "issuer-key",
                           as_bytes(verifying_key_text(verifying_key(Secret::random())))));
  settle();
  EXPECT_EQ(revision(), 0U);
  EXPECT_THAT(problem(), HasSubstr("north"));
  EXPECT_EQ(faults_.documents.size(), 1U);  // asking again would bring the same
  const auto records = put_on_record();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].at("state"), "refused");
  EXPECT_TRUE(records[0].at("revision").is_null());
  ASSERT_EQ(changes_.size(), 1U);
  EXPECT_EQ(changes_[0].state, ListChange::State::refused);
}

TEST_F(WatchListKeeperTest, AnIssuerKeyThatOthersMayReplaceIsNotUsed) {
  issue({"AB12CDE"});
  give();
  fs::permissions(lists_folder() / "issuer-key", fs::perms::others_write, fs::perm_options::add);
  settle();
  EXPECT_EQ(revision(), 0U);
  EXPECT_THAT(problem(), HasSubstr("others can replace it"));
}

TEST_F(WatchListKeeperTest, AnOfficePutBackToAnOlderStateChangesNothingAndIsSaid) {
  issue({"AB12CDE"});
  issue({"FG34HJK"});
  give();
  settle();
  ASSERT_EQ(revision(), 2U);
  fs::remove(office_.authority().watch_lists() / "north" / "2.full");
  settle();
  EXPECT_EQ(revision(), 2U);
  EXPECT_EQ(match("FG34HJK").size(), 1U);
  EXPECT_THAT(problem(), HasSubstr("older state of the office"));
}

TEST_F(WatchListKeeperTest, AListTooBigForTheCameraIsNotFetched) {
  limits_.bytes = 100;
  start_anew();
  std::vector<std::string> vrms;
  for (int i = 0; i < 1000; ++i)
    vrms.push_back("AB" + std::to_string(10000 + i));
  issue(vrms);
  give();
  settle();
  EXPECT_EQ(revision(), 0U);
  EXPECT_THAT(problem(), HasSubstr("issue a smaller list"));
  EXPECT_EQ(faults_.pieces, 0U);
}

TEST_F(WatchListKeeperTest, AListThatIsWithdrawnGoesFromMemoryAndFlash) {
  issue({"AB12CDE"});
  give();
  settle();
  ASSERT_TRUE(fs::exists(lists_folder() / "north" / "north.sealed"));
  ASSERT_TRUE(lists().withdraw("north", camera_.device_id, clock_.utc));
  EXPECT_TRUE(fs::is_empty(office_.authority().watch_lists() / ".keys"));  // what a thief has opens no more
  settle();
  EXPECT_TRUE(match("AB12CDE").empty());
  EXPECT_FALSE(fs::exists(lists_folder() / "north"));
  EXPECT_EQ(put_on_record().back().at("state"), "removed");
  ASSERT_EQ(changes_.size(), 2U) << "each is told once";
  EXPECT_EQ(changes_[0].state, ListChange::State::in_force);
  EXPECT_EQ(changes_[0].revision, 1U);
  EXPECT_EQ(changes_[1].state, ListChange::State::removed);
  EXPECT_EQ(changes_[1].before, 1U);
  // Given again, it comes again.
  give();
  settle();
  EXPECT_EQ(match("AB12CDE").size(), 1U) << problem();
}

TEST_F(WatchListKeeperTest, NothingOfAnEntryIsInClearOnFlash) {
  issue({"AB12CDE", "FG34HJK"});
  give();
  settle();
  ASSERT_EQ(revision(), 1U);
  for (const auto& entry : fs::recursive_directory_iterator(lists_folder())) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = read_text_file(entry.path()).value();
    for (const char* text : {"AB12CDE", "FG34HJK", "look into the boot"})
      EXPECT_THAT(bytes, Not(HasSubstr(text))) << entry.path();
  }
}

TEST_F(WatchListKeeperTest, AnotherCameraIsServedNeitherListNorKey) {
  issue({"AB12CDE"});
  give();
  const Identity other = office_.new_camera("other");
  HttpsOptions https;
  https.url = office_.server().url();
  https.ca_certificate = other.back_office_ca;
  https.certificate = other.certificate;
  https.private_key = other.private_key;
  const ListOffer offer{"north", 1, "1.full", 100};
  // Under its own id it is given none; under this camera's its certificate is another's.
  for (const std::string& id : {other.device_id, camera_.device_id}) {
    const auto lists = make_list_office(https, id).value();
    EXPECT_EQ(lists->key().error().code, ErrorCode::refused) << id;
    EXPECT_EQ(lists->piece(offer, 0).error().code, ErrorCode::refused) << id;
  }
  EXPECT_THAT(audit(), HasSubstr("\"refused\""));
  https.certificate = camera_.certificate;
  https.private_key = camera_.private_key;
  const auto lists = make_list_office(https, camera_.device_id).value();
  EXPECT_TRUE(lists->piece(offer, 0));
  EXPECT_EQ(lists->piece({"north", 1, "2.full", 100}, 0).error().code, ErrorCode::refused);
  EXPECT_EQ(lists->piece(offer, 1 << 20).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace wayside::app
