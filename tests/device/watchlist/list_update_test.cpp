// Lists on their way in: what is taken, what is refused, and that nothing is ever half in force.
#include <gmock/gmock.h>

#include "wayside/base/files.hpp"
#include "wayside/device/watchlist/watch_list.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/watch_lists.hpp"

namespace wayside {
namespace {

using namespace doubles;
using testing::HasSubstr;
using testing::Not;

class ListUpdateTest : public testing::Test {
 protected:
  void expect_in_force(std::uint64_t revision, const std::vector<std::string>& vrms) {
    for (const auto& list : {store_->current(), open_store(folder_.path(), office_)->current()}) {
      ASSERT_TRUE(list);
      EXPECT_EQ(list->facts().revision, revision);
      EXPECT_EQ(list->facts().entries, vrms.size());
      for (const std::string& vrm : vrms)
        EXPECT_EQ(list->match(read_of(vrm), today).hits.size(), 1U);
    }
  }
  void expect_refused(std::string_view document, ErrorCode code, ListWanted wanted,
                      const std::string& words) {
    const Updated updated = update(*store_, document);
    ASSERT_FALSE(updated.result) << words;
    EXPECT_EQ(updated.result.error().code, code) << updated.result.error().message;
    EXPECT_EQ(updated.wanted, wanted) << to_string(updated.wanted);
    EXPECT_THAT(updated.result.error().message, HasSubstr(words));
  }

  TemporaryFolder folder_;
  ListOffice office_;
  std::unique_ptr<WatchListStore> store_ = open_store(folder_.path(), office_);
  const std::string first_ = office_.full(1, {watched("AB12CDE"), watched("FG34HJK"), watched("LM56NPR")});
  const std::string second_ =
      office_.full(2, {watched("AB12CDE"), watched("FG34HJK", "N1"), watched("ZZ99ZZZ")});
};

TEST_F(ListUpdateTest, AFullListIsInForceAndOutlivesARestart) {
  EXPECT_FALSE(store_->current());
  ASSERT_TRUE(update(*store_, first_, 7).result);
  expect_in_force(1, {"AB12CDE", "FG34HJK", "LM56NPR"});
  ASSERT_TRUE(update(*store_, second_).result);
  expect_in_force(2, {"AB12CDE", "FG34HJK", "ZZ99ZZZ"});
}

TEST_F(ListUpdateTest, ADeltaLeadsToTheSameListAsTheFullOne) {
  ASSERT_TRUE(update(*store_, first_).result);
  const auto updated = update(*store_, office_.delta(first_, second_), 11);
  ASSERT_TRUE(updated.result) << updated.result.error().message;
  expect_in_force(2, {"AB12CDE", "FG34HJK", "ZZ99ZZZ"});
  const std::string empty = office_.full(3, {});
  ASSERT_TRUE(update(*store_, office_.delta(second_, empty)).result);
  expect_in_force(3, {});
  ASSERT_TRUE(update(*store_, office_.delta(empty, office_.full(4, {watched("A1")}))).result);
  expect_in_force(4, {"A1"});
}

TEST_F(ListUpdateTest, ADeltaThatDoesNotLeadOnAsksForTheFullList) {
  const std::string delta = office_.delta(first_, second_);
  expect_refused(delta, ErrorCode::refused, ListWanted::full,
                 "from revision 1 of the VOI list to 2, and none is held");
  ASSERT_TRUE(update(*store_, first_).result);
  expect_refused(office_.delta(second_, office_.full(3, {})), ErrorCode::refused, ListWanted::full,
                 "from revision 2 of the VOI list to 3, and revision 1 is held");
  const std::string other = office_.full(1, {watched("XX11XXX")});
  expect_refused(office_.delta(other, second_), ErrorCode::refused, ListWanted::full, "other entries");
  expect_in_force(1, {"AB12CDE", "FG34HJK", "LM56NPR"});
}

TEST_F(ListUpdateTest, AnOlderRevisionIsRefusedAndTheSameIsFine) {
  ASSERT_TRUE(update(*store_, second_).result);
  expect_refused(first_, ErrorCode::refused, ListWanted::nothing, "revision 1, and revision 2 is held");
  EXPECT_EQ(update(*store_, second_).result.value(), store_->current());
  expect_refused(office_.full(2, {}), ErrorCode::refused, ListWanted::nothing, "with other entries");
  expect_in_force(2, {"AB12CDE", "FG34HJK", "ZZ99ZZZ"});
}

TEST_F(ListUpdateTest, AnotherListAndAnotherKeyAreRefused) {
  ListOffice other;
  other.list = "south";
  expect_refused(other.full(1, {}), ErrorCode::refused, ListWanted::nothing, "south, and north is kept");
  ListOffice stranger;
  stranger.seed = secret_of(8);
  expect_refused(stranger.full(1, {}), ErrorCode::refused, ListWanted::nothing, "signed by a key");
  EXPECT_FALSE(store_->current());
}

TEST_F(ListUpdateTest, EveryCutAndEveryFlippedBitLeavesTheOldListInForce) {
  ASSERT_TRUE(update(*store_, first_).result);
  const auto before = store_->current();
  for (const std::string& document : {second_, office_.delta(first_, second_)}) {
    for (std::size_t i = 0; i < document.size(); ++i) {
      ASSERT_FALSE(update(*store_, document.substr(0, i)).result) << i;
      if (i < first_head_line_bytes) continue;  // the head's own test
      std::string flipped = document;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << (i % 8)));
      ASSERT_FALSE(update(*store_, flipped).result) << i;
    }
    EXPECT_EQ(update(*store_, document + "x").wanted, ListWanted::again);
  }
  EXPECT_EQ(store_->current(), before);
  expect_in_force(1, {"AB12CDE", "FG34HJK", "LM56NPR"});
}

TEST_F(ListUpdateTest, WhatIsTooLargeIsRefusedByItsHeadAndTheOldListStays) {
  ListLimits limits;
  limits.entries = 3;
  limits.patterns = 1;
  store_ = open_store(folder_.path(), office_, limits);
  ASSERT_TRUE(update(*store_, first_).result);
  const std::string four =
      office_.full(2, {watched("AB12CDE"), watched("FG34HJK"), watched("LM56NPR"), watched("A1")});
  const std::string head = four.substr(0, four.find('\n', four.find('\n') + 1) + 1);
  expect_refused(head, ErrorCode::refused, ListWanted::nothing, "4 entries, and this camera takes 3 at most");
  expect_refused(office_.delta(first_, four), ErrorCode::refused, ListWanted::nothing, "4 entries");
  expect_refused(office_.full(2, {watched("AB*"), watched("CD?")}), ErrorCode::refused, ListWanted::nothing,
                 "2 entries with wild cards");
  limits.bytes = 100;
  expect_in_force(1, {"AB12CDE", "FG34HJK", "LM56NPR"});
  store_ = open_store(folder_.path(), office_, limits);
  EXPECT_THAT(store_->problem(), HasSubstr("bytes, and this camera takes 100 at most"));
}

TEST_F(ListUpdateTest, WhatHasNoRoomBesideTheOldListIsRefusedByItsHeadAndTheOldListStays) {
  ASSERT_TRUE(update(*store_, first_).result);
  ListLimits limits;
  limits.bytes_left = std::filesystem::space(folder_.path()).capacity;
  store_ = open_store(folder_.path(), office_, limits);
  const std::string head = second_.substr(0, second_.find('\n', second_.find('\n') + 1) + 1);
  expect_refused(head, ErrorCode::exhausted, ListWanted::again,
                 "and there is room for 0: give this camera a");
  expect_refused(office_.delta(first_, second_), ErrorCode::exhausted, ListWanted::again,
                 "there is room for 0");
  expect_in_force(1, {"AB12CDE", "FG34HJK", "LM56NPR"});
  store_ = open_store(folder_.path(), office_);
  ASSERT_TRUE(update(*store_, second_).result);
}

TEST_F(ListUpdateTest, BadLinesAreToldByNumberAndFieldAndNothingIsUsed) {
  ASSERT_TRUE(update(*store_, first_).result);
  std::string lines = to_line(watched("AB12CDE")) + "\n";
  WatchEntry bad = watched("SECRET1");
  bad[WatchField::action] = "CHASE";
  lines += to_line(bad) + "\nnot an entry\n" + to_line(watched("AA00AAA")) + "\n";
  const std::string document = office_.document(office_.facts(2), lines);
  expect_refused(document, ErrorCode::invalid_input, ListWanted::nothing,
                 "3 bad lines, and nothing of it is used:\n"
                 "line 4: field action must be STOP or SILENT\n"
                 "line 5: it must be 16 fields with a tab between two of them, at most 4096 bytes\n"
                 "line 6: field vrm must be behind that of the line before, or its PNC id is");
  const auto updated = update(*store_, document);
  EXPECT_THAT(updated.result.error().message, Not(HasSubstr("SECRET1")));
  EXPECT_THAT(updated.result.error().message, Not(HasSubstr("CHASE")));
  expect_in_force(1, {"AB12CDE", "FG34HJK", "LM56NPR"});
}

TEST_F(ListUpdateTest, AMillionBadLinesAreCountedAndTwentyAreTold) {
  std::string lines;
  for (int i = 0; i < 1'000'000; ++i)
    lines += "?\n";
  const auto updated = update(*store_, office_.document(office_.facts(1), lines));
  ASSERT_FALSE(updated.result);
  EXPECT_THAT(updated.result.error().message, HasSubstr("1000000 bad lines"));
  EXPECT_THAT(updated.result.error().message, HasSubstr("and 999980 more"));
  EXPECT_LT(updated.result.error().message.size(), 4000U);
  EXPECT_FALSE(store_->current());
}

TEST_F(ListUpdateTest, ADeltaWhoseChangesDoNotFitItsBaseAsksForTheFullList) {
  ASSERT_TRUE(update(*store_, first_).result);
  const std::vector keys = {verifying_key(office_.seed)};
  const auto changed = [&](const std::string& changes) {
    ListHead head{full_list_from(second_, keys)->head.facts, ListChanges{}};
    head.delta->base = 1;
    head.delta->base_digest = full_list_from(first_, keys)->head.facts.digest;
    head.delta->bytes = changes.size();
    head.delta->changes = static_cast<std::uint64_t>(std::count(changes.begin(), changes.end(), '\n'));
    head.delta->digest = ListOffice::digest_of(changes);
    return sign_list_head(head, office_.seed).value() + changes;
  };
  expect_refused(changed("-NO11ONE\t\n"), ErrorCode::invalid_input, ListWanted::full, "line 3: field vrm");
  expect_refused(changed("-AB12CDE\t\n"), ErrorCode::corrupt, ListWanted::full,
                 "not those that its head names");
  expect_refused(changed("+" + to_line(watched("AA11AAA")) + "\n+" + to_line(watched("AA11AAB")) + "\n"),
                 ErrorCode::corrupt, ListWanted::full, "more bytes than its head says");
  expect_refused(changed("*\n"), ErrorCode::invalid_input, ListWanted::nothing,
                 "+ and an entry, or - and its key");
  expect_in_force(1, {"AB12CDE", "FG34HJK", "LM56NPR"});
}

TEST_F(ListUpdateTest, OfTwoUpdatesAtOnceTheSecondIsAskedForAgain) {
  ASSERT_TRUE(update(*store_, first_).result);
  ListUpdate slow = store_->begin_update();
  ASSERT_TRUE(slow.append(as_bytes(office_.delta(first_, second_))));
  ASSERT_TRUE(update(*store_, office_.full(3, {watched("A1")})).result);
  EXPECT_FALSE(slow.finish());
  EXPECT_EQ(slow.wanted(), ListWanted::again);
  expect_in_force(3, {"A1"});
}

TEST_F(ListUpdateTest, RandomListsAndDeltasAgree) {
  std::uint32_t state = 1;
  const auto random = [&](std::uint32_t below) {
    state = state * 1664525 + 1013904223;
    return (state >> 8U) % below;
  };
  std::string before = office_.full(1, {});
  ASSERT_TRUE(update(*store_, before).result);
  for (std::uint64_t revision = 2; revision < 30; ++revision) {
    std::vector<WatchEntry> entries;
    for (std::uint32_t i = 0; i < 400; ++i) {
      if (random(2) == 0) continue;
      WatchEntry entry = watched("AB" + std::to_string(i), "N" + std::to_string(random(2)));
      entry[WatchField::reason] = std::string(random(150), 'r');
      entries.push_back(entry);
    }
    const std::string after = office_.full(revision, entries);
    const auto updated = update(*store_, office_.delta(before, after), 1 + random(3000));
    ASSERT_TRUE(updated.result) << updated.result.error().message;
    for (const WatchEntry& entry : entries) {
      const auto hits = (*updated.result)->match(read_of(entry[WatchField::vrm], 1.0F), today).hits;
      ASSERT_EQ(hits.size(), 1U);
      EXPECT_EQ((*updated.result)->entry(hits[0].place).value(), entry);
    }
    before = after;
  }
}

}  // namespace
}  // namespace wayside
