// The VOI lists that an office issues: from what people hand in to what a camera takes.
#include "wayside/backoffice/watch_lists.hpp"

#include <fstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/watch_lists.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using namespace doubles;
using testing::HasSubstr;
using testing::Not;

class WatchLists : public testing::Test {
 protected:
  fs::path put(const std::string& name, const std::string& text) {
    std::ofstream(work_.path() / name) << text;
    return work_.path() / name;
  }
  Result<IssuedList> issue(const std::string& name, const std::string& text) {
    return issue_watch_list(folder(), "north", put(name, text), at("2026-11-01T00:00:00Z"),
                            at("2026-11-01T00:00:00Z"), at("2027-11-01T00:00:00Z"));
  }
  [[nodiscard]] fs::path folder() const { return work_.path() / "watchlists"; }
  // A camera that knows the office by its public half.
  std::unique_ptr<WatchListStore> camera() {
    const VerifyingKey key = verifying_key_from(read_text_file(folder() / "issuer.pub").value()).value();
    return WatchListStore::open({work_.path() / "camera", "north", secret_of(9), {key}, {}}).value();
  }

  TemporaryFolder work_;
};

TEST_F(WatchLists, ATableIsIssuedAndACameraTakesIt) {
  const auto issued = issue(
      "north.csv",
      "vrm,action,reason,weed_date\nab12 cde,STOP,\"Drives, disqualified\",2099-12-31\nFG3*,SILENT,,\n");
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->head.facts.revision, 1U);
  EXPECT_EQ(issued->head.facts.entries, 2U);
  const auto store = camera();
  const auto list = update(*store, read_text_file(issued->file).value()).result.value();
  const auto hits = list->match(read_of("AB12CDE"), today).hits;
  ASSERT_EQ(hits.size(), 1U);
  const WatchEntry entry = list->entry(hits[0].place).value();
  EXPECT_EQ(entry[WatchField::vrm], "AB12CDE");
  EXPECT_EQ(entry[WatchField::reason], "Drives, disqualified");
  EXPECT_EQ(list->match(read_of("FG34HJK"), today).hits.size(), 1U);
}

TEST_F(WatchLists, JsonLinesAreIssuedTheSame) {
  const auto issued =
      issue("north.jsonl",
            "{\"vrm\": \"AB12CDE\", \"action\": \"STOP\", \"information\": \"caf\\u00e9\"}\n\n"
            "{\"vrm\": \"fg34 hjk\", \"action\": \"SILENT\"}");
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->head.facts.entries, 2U);
  EXPECT_THAT(read_text_file(issued->file).value(), HasSubstr("caf\xC3\xA9"));
}

TEST_F(WatchLists, ADeltaLeadsACameraToTheNewestRevision) {
  const auto first = issue("a.csv", "vrm,action\nAB12CDE,STOP\nFG34HJK,STOP\n");
  ASSERT_TRUE(first);
  EXPECT_EQ(make_watch_list_delta(folder(), "north", 0).error().code, ErrorCode::not_found);
  ASSERT_TRUE(issue("b.csv", "vrm,action\nAB12CDE,SILENT\n"));
  ASSERT_TRUE(issue("c.csv", "vrm,action\nAB12CDE,SILENT\nLM56NPR,STOP\n"));
  const auto delta = make_watch_list_delta(folder(), "north", 1);
  ASSERT_TRUE(delta) << delta.error().message;
  EXPECT_EQ(delta->head.delta->changes, 3U);
  EXPECT_EQ(delta->file.filename(), "1-3.delta");
  const auto store = camera();
  ASSERT_TRUE(update(*store, read_text_file(first->file).value()).result);
  const auto updated = update(*store, read_text_file(delta->file).value());
  ASSERT_TRUE(updated.result) << updated.result.error().message;
  EXPECT_EQ((*updated.result)->facts().revision, 3U);
  EXPECT_EQ(make_watch_list_delta(folder(), "north", 0)->file.filename(), "2-3.delta");
  EXPECT_EQ(make_watch_list_delta(folder(), "north", 3).error().code, ErrorCode::not_found);
  EXPECT_EQ(make_watch_list_delta(folder(), "south", 0).error().code, ErrorCode::not_found);
  EXPECT_EQ(list_watch_lists(folder()).value().size(), 5U);
}

TEST_F(WatchLists, BadEntriesAreToldByLineAndFieldAndNothingIsIssued) {
  const auto table = issue("bad.csv",
                           "vrm,action,weed_date\nSECRET-1,STOP,\nAB12CDE,CHASE,\nFG34HJK,STOP,tomorrow\n"
                           "LM56NPR,STOP,\nLM56NPR,STOP,\n");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::invalid_input);
  for (const char* told :
       {"bad.csv", "line 2: field vrm must be", "line 3: field action must be STOP or SILENT",
        "line 4: field weed_date must be a date like 2026-12-31",
        "line 6: field pnc_id must be another than in line 5"})
    EXPECT_THAT(table.error().message, HasSubstr(told));
  for (const char* secret : {"SECRET", "AB12CDE", "CHASE", "tomorrow"})
    EXPECT_THAT(table.error().message, Not(HasSubstr(secret)));
  const auto lines =
      issue("bad.jsonl",
            "{\"vrm\": 1, \"action\": \"STOP\"}\n[]\n{\"vrn\": \"AB12CDE\"}\n{\"vrm\": \"AB12CDE\"}\n");
  ASSERT_FALSE(lines);
  for (const char* told : {"line 1: field vrm must be a text in quotes", "line 2: it must be one JSON object",
                           "line 3: it must be an object of no other keys", "line 4: field action must be"})
    EXPECT_THAT(lines.error().message, HasSubstr(told));
  EXPECT_THAT(issue("x.csv", "vrm,acton\n").error().message, HasSubstr("did you mean action?"));
  EXPECT_EQ(issue("x.txt", "").error().code, ErrorCode::invalid_input);
  EXPECT_TRUE(list_watch_lists(folder()).value().empty());
}

// Two contents under one revision, and cameras would disagree for good.
TEST_F(WatchLists, TwoWhoIssueAtOnceGetARevisionEach) {
  const fs::path entries = put("a.csv", "vrm,action\nAB12CDE,STOP\n");
  std::vector<std::thread> issuers;
  for (int i = 0; i < 4; ++i) {
    issuers.emplace_back([&] {
      for (int k = 0; k < 5; ++k) {
        EXPECT_TRUE(issue_watch_list(folder(), "north", entries, at("2026-11-01T00:00:00Z"),
                                     at("2026-11-01T00:00:00Z"), at("2027-11-01T00:00:00Z")));
      }
    });
  }
  for (std::thread& issuer : issuers)
    issuer.join();
  EXPECT_EQ(list_watch_lists(folder()).value().size(), 20U);
}

TEST_F(WatchLists, TheKeyIsTheOwnersAloneAndIsNotMadeTwice) {
  ASSERT_TRUE(issue("a.csv", "vrm,action\nAB12CDE,STOP\n"));
  const fs::path key = folder() / "issuer.key";
  EXPECT_EQ(fs::status(key).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(folder() / "north" / "1.full").permissions(), fs::perms(0600));
  fs::permissions(key, fs::perms(0640));
  EXPECT_THAT(issue("a.csv", "vrm,action\n").error().message, HasSubstr("set it to 0600"));
  fs::remove(key);
  EXPECT_THAT(issue("a.csv", "vrm,action\n").error().message, HasSubstr("restore it from a backup"));
}

TEST_F(WatchLists, ADocumentThatWasChangedIsNamed) {
  const auto issued = issue("a.csv", "vrm,action\nAB12CDE,STOP\n");
  ASSERT_TRUE(issued);
  std::string text = read_text_file(issued->file).value();
  text[200] ^= 1;
  std::ofstream(issued->file) << text;
  EXPECT_THAT(list_watch_lists(folder()).error().message, HasSubstr("1.full"));
}

}  // namespace
}  // namespace wayside::backoffice
