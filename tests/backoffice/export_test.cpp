// What an operator takes out is what cameras put in: every pass, escaped, and damage found.
#include "wayside/backoffice/export.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/backoffice/test_office.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class ExportTest : public testing::Test {
 protected:
  void put(std::uint64_t number, const SampleRecord& record, bool with_pictures = true) {
    camera_.number = number;
    const SealedSample sealed = camera_.seal(parts_of(record));
    office_.put(with_pictures ? sealed.all() : std::vector{sealed.text()});
  }
  void put_gap_record(std::uint64_t number) {
    camera_.number = number;
    office_.put({camera_.gaps({{2, 30, 1}}).text()});
  }
  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void damage(const std::string& sql) const { office_.run_sql(sql); }
  std::vector<std::string> damage_found() {
    const auto report = check(store_);
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->damaged : std::vector<std::string>{};
  }

  TestOffice office_;
  SealingCamera camera_ = office_.new_camera();
  Store& store_ = office_.store();
  doubles::TemporaryFolder temporary_;
  std::filesystem::path file_ = temporary_.path() / "out";
};

TEST_F(ExportTest, JsonLinesHoldKeyDocumentAndCompleteness) {
  put(1, sample_record(sample_device, "AB12CDE", 2));
  put(2, sample_record(sample_device, "XY63ZZZ", 1), false);
  const auto counts = export_jsonl(store_, {}, file_);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->records, 2U);
  EXPECT_EQ(counts->incomplete, 1U);
  std::istringstream lines(content(file_));
  std::vector<nlohmann::json> parsed;
  for (std::string line; std::getline(lines, line);)
    parsed.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(parsed[0].at("document"), sample_record(sample_device, "XY63ZZZ", 1).document);
  EXPECT_EQ(parsed[0].at("complete"), false);
  EXPECT_EQ(parsed[0].at("number"), 2);
  EXPECT_EQ(parsed[1].at("document").at("vrm"), "AB12CDE");
  EXPECT_EQ(parsed[1].at("complete"), true);
  EXPECT_EQ(parsed[1].at("device_id"), sample_device);
  EXPECT_EQ(parsed[1].at("queue_uuid"), sample_queue);
  EXPECT_EQ(parsed[1].at("received_at"), "2026-11-18T11:06:40.000Z");
}

TEST_F(ExportTest, PageShowsEveryPassWithItsPicturesNewestLast) {
  put(1, sample_record(sample_device, "XY63ZZZ", 9));
  put(2, sample_record(sample_device, "AB12CDE", 4));
  put(3, sample_record(sample_device, "CD07EFG", 6), false);
  const auto counts = export_html(store_, {}, file_);
  ASSERT_TRUE(counts) << counts.error().message;
  const std::string page = content(file_);
  const auto at = [&](const std::string& text) { return page.find("aria-label=\"" + text + "\""); };
  ASSERT_NE(at("XY63ZZZ"), std::string::npos);
  EXPECT_LT(at("AB12CDE"), at("CD07EFG"));
  EXPECT_LT(at("CD07EFG"), at("XY63ZZZ"));
  const std::regex image(
      "<img class=\"(overview|patch)\"[^>]*alt=\"[^\"]+\" src=\"data:image/jpeg;base64,/9j/");
  EXPECT_EQ(std::distance(std::sregex_iterator(page.begin(), page.end(), image), {}), 4);
  EXPECT_THAT(page, HasSubstr("not received"));
  EXPECT_THAT(page, HasSubstr("97.3 %"));
  EXPECT_THAT(page, HasSubstr("A812CDE"));
  EXPECT_THAT(page, HasSubstr("2026-11-22 17:04:40.123"));
  EXPECT_THAT(page, HasSubstr("<dd>3</dd>"));
}

TEST_F(ExportTest, PageNeedsNothingFromOutsideAndEscapesWhatCamerasSay) {
  SampleRecord record = sample_record(sample_device);
  record.document["site"]["name"] = "<script>alert('1')</script> & \"Mill\"";
  put(1, record);
  ASSERT_TRUE(export_html(store_, {}, file_));
  const std::string page = content(file_);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;Mill&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST_F(ExportTest, PageShowsControlCharactersEscaped) {
  SampleRecord record = sample_record(sample_device);
  record.document["site"]["name"] = std::string("Mill\0 \x1b[31mLane\x7f\n\xc2\x9b \xc3\xa9", 22);
  put(1, record);
  ASSERT_TRUE(export_html(store_, {}, file_));
  const std::string page = content(file_);
  EXPECT_THAT(page, HasSubstr("Mill\\u0000 \\u001b[31mLane\\u007f\\u000a\\u009b \xc3\xa9<"));
  for (const char raw : {'\0', '\x1b', '\x7f'})
    EXPECT_EQ(page.find(raw), std::string::npos);
}

TEST_F(ExportTest, EmptyStoreGivesAPageThatSaysSo) {
  ASSERT_TRUE(export_html(store_, {}, file_));
  EXPECT_THAT(content(file_), HasSubstr("No pass has been recorded"));
}

TEST_F(ExportTest, GapRecordsAreLeftOutOfTheLinesAndNumberedInThePagesSummary) {
  put(1, sample_record(sample_device));
  ASSERT_TRUE(export_html(store_, {}, file_));
  EXPECT_THAT(content(file_), Not(HasSubstr("Numbers")));
  put_gap_record(33);
  const auto lines = export_jsonl(store_, {}, file_);
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(lines->records, 1U);
  EXPECT_THAT(content(file_), Not(HasSubstr("wayside-gap")));
  const auto page = export_html(store_, {}, file_);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->records, 1U);
  EXPECT_THAT(content(file_), HasSubstr("<dt>Numbers given up</dt><dd>29</dd>"));
  EXPECT_THAT(content(file_), HasSubstr("<dt>Numbers missing</dt><dd>2</dd>"));
}

TEST_F(ExportTest, CheckAccountsForEveryNumberAndFindsDamagedGapRecords) {
  put(1, sample_record(sample_device));
  put_gap_record(33);
  auto report = check(store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records, 1U);
  EXPECT_EQ(report->incomplete, 0U);
  EXPECT_EQ(report->gap_records, 1U);
  EXPECT_TRUE(report->damaged.empty());
  ASSERT_EQ(report->queues.size(), 1U);
  EXPECT_EQ(report->queues[0].given_up_count(), 29U);
  EXPECT_EQ(report->queues[0].missing, (std::vector<NumberRange>{{31, 32}}));
  damage("UPDATE records SET gaps = x'010000000000000002000000000000000100000000000000' WHERE number = 33");
  report = check(store_);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->damaged.size(), 1U);
  EXPECT_EQ(report->damaged[0],
            "record 33 of queue 000102030405060708090a0b0c0d0e0f of device 0123456789abcdef, "
            "gap list: is not what the camera signed");
  EXPECT_EQ(report->queues[0].given_up_count(), 0U) << "what is damaged gives up nothing";
}

TEST_F(ExportTest, FilesAreForTheOwnerAndAFailedExportLeavesTheOldOne) {
  put(1, sample_record(sample_device));
  ASSERT_TRUE(export_jsonl(store_, {}, file_));
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const auto failed = export_jsonl(store_, {}, temporary_.path() / "none" / "out");
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("name a path in a folder that is there and writable"));
  damage("UPDATE records SET sha256 = x'00'");
  EXPECT_FALSE(export_jsonl(store_, {}, file_));
  EXPECT_THAT(content(file_), HasSubstr("AB12CDE"));
  EXPECT_FALSE(std::filesystem::exists(file_.string() + ".new"));
}

TEST_F(ExportTest, AnExportLeavesAFileBesideItAlone) {
  put(1, sample_record(sample_device));
  for (const std::string name : {"out.new", ".out.new"})
    std::ofstream(temporary_.path() / name) << "mine";
  ASSERT_TRUE(export_jsonl(store_, {}, file_));
  ASSERT_TRUE(export_html(store_, {}, file_));
  EXPECT_FALSE(export_jsonl(store_, {}, temporary_.path()));
  EXPECT_FALSE(export_html(store_, {}, temporary_.path()));
  for (const std::string name : {"out.new", ".out.new"})
    EXPECT_EQ(content(temporary_.path() / name), "mine");
  for (const auto& entry : std::filesystem::directory_iterator(temporary_.path()))
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".wayside")));
}

TEST_F(ExportTest, NothingIsExportedOntoALinkOrADevice) {
  put(1, sample_record(sample_device));
  std::ofstream(file_) << "mine";
  const auto link = temporary_.path() / "link";
  std::filesystem::create_symlink(file_, link);
  for (const std::filesystem::path& place : {link, std::filesystem::path("/dev/null")}) {
    EXPECT_FALSE(export_jsonl(store_, {}, place)) << place;
    EXPECT_FALSE(export_html(store_, {}, place)) << place;
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(content(file_), "mine");
}

TEST_F(ExportTest, AFileMayHaveTheLongestName) {
  put(1, sample_record(sample_device));
  const auto counts = export_jsonl(store_, {}, temporary_.path() / std::string(255, 'n'));
  EXPECT_TRUE(counts) << counts.error().message;
}

TEST_F(ExportTest, LineTellsTimeMarkConfidenceDirectionAndLane) {
  nlohmann::json document = sample_record(sample_device).document;
  EXPECT_EQ(to_line(summarise(document.dump()).value()),
            "2026-11-22T17:00:40.123Z  AB12CDE   97.3 %  towards  lane 1");
  document["lane"] = nullptr;
  document["direction"] = "unknown";
  EXPECT_EQ(to_line(summarise(document.dump()).value()),
            "2026-11-22T17:00:40.123Z  AB12CDE   97.3 %  unknown  no lane");
  EXPECT_FALSE(summarise("{}"));
  EXPECT_FALSE(summarise("x"));
}

TEST_F(ExportTest, HitsAreShownAndCanBeChosen) {
  put(1, sample_record(sample_device));
  SampleRecord hit = sample_record(sample_device, "FG34HJK", 1);
  hit.document["hits"] = nlohmann::json::array({{{"list", "north"},
                                                 {"revision", 7},
                                                 {"entry", 120},
                                                 {"pnc_id", "<N1>"},
                                                 {"match", "exact"},
                                                 {"vrm", "FG34HJK"},
                                                 {"differing", nullptr},
                                                 {"probability", 0.931}}});
  RecordParts parts = parts_of(hit);
  parts.record_class = RecordClass::hit;
  camera_.number = 2;
  office_.put(camera_.seal(parts).all());
  EXPECT_THAT(to_line(summarise(hit.document.dump()).value()),
              HasSubstr("HIT north 7 <N1> exact FG34HJK 93.1 %"));
  Selection hits;
  hits.hits = true;
  const auto chosen = export_html(store_, hits, file_);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(chosen->records, 1U);
  EXPECT_THAT(content(file_), HasSubstr(R"(north 7 &lt;N1&gt; <span class="share">exact, 93.1 %)"));
  EXPECT_EQ(export_html(store_, {}, file_)->records, 2U);
}

TEST_F(ExportTest, CheckFindsDamageAndCountsWhatIsIncomplete) {
  put(1, sample_record(sample_device, "AB12CDE", 1));
  put(2, sample_record(sample_device, "CD07EFG", 2), false);
  auto report = check(store_);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 2U);
  EXPECT_EQ(report->incomplete, 1U);
  EXPECT_TRUE(report->damaged.empty());
  damage("UPDATE parts SET bytes = x'ffd8ff00' WHERE part = 1");
  damage("UPDATE records SET document = replace(document, 'AB12CDE', 'AB12CDF') WHERE number = 1");
  report = check(store_);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->damaged.size(), 2U);
  EXPECT_EQ(report->damaged[0],
            "record 1 of queue 000102030405060708090a0b0c0d0e0f of device 0123456789abcdef, "
            "document: is not what the camera signed");
  EXPECT_THAT(report->damaged[1], HasSubstr("plate: is not what the camera signed"));
}

TEST_F(ExportTest, DamagedRecordsAreLeftOutAndCounted) {
  for (std::uint64_t number = 1; number <= 5; ++number)
    put(number, sample_record(sample_device, number == 5 ? "AB12CDE" : "CD07EFG", static_cast<int>(number)));
  damage("UPDATE records SET document = '{}' WHERE number = 1");
  damage("UPDATE records SET document = 'x' WHERE number = 2");
  damage("UPDATE records SET document = replace(document, 'CD07EFG', 'CD07EFH') WHERE number = 3");
  damage(
      "UPDATE parts SET bytes = x'ffd8ff00' WHERE part = 1 AND record = (SELECT id FROM records WHERE number "
      "= 4)");
  for (const bool html : {false, true}) {
    const auto counts = html ? export_html(store_, {}, file_) : export_jsonl(store_, {}, file_);
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_EQ(counts->records, 1U);
    EXPECT_EQ(counts->damaged, 4U);
    EXPECT_THAT(content(file_), HasSubstr("AB12CDE"));
    EXPECT_THAT(content(file_), Not(HasSubstr("CD07EF")));
  }
  EXPECT_THAT(content(file_), HasSubstr("<dt>Left out as damaged</dt><dd>4</dd>"));
  std::vector<std::uint64_t> shown;
  const auto counts = visit_sound(store_, {}, [&](const StoredRecord& record) -> Status {
    shown.push_back(record.id.number);
    return {};
  });
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->damaged, 4U);
  EXPECT_EQ(shown, std::vector<std::uint64_t>{5});
}

TEST_F(ExportTest, CheckSeesRowsWhateverIsDamagedOfThem) {
  const std::vector<std::string> damages = {
      "captured_at = NULL",
      "captured_at = captured_at + 1",
      "type = 3",
      "class = 1",
      "head = zeroblob(100)",
      // No signature of Ed25519 ends so: its last byte is at most 0x10.
      "head = CAST(substr(head, 1, length(head) - 1) || x'ff' AS BLOB)",
      "chain = zeroblob(32)",
      "previous = zeroblob(31)",
      "record_key = zeroblob(32)",
      "record_key = NULL",
      "document = '{}'",
      "pseudonymous = x'00'",
      "sha256 = x'00'",
      "device_id = 'fedcba9876543210'",
      "queue_uuid = 'ffffffffffffffffffffffffffffffff'",
  };
  for (std::size_t i = 0; i <= damages.size(); ++i)
    put(i + 1, sample_record(sample_device));
  put_gap_record(33);
  EXPECT_THAT(damage_found(), testing::IsEmpty());
  for (std::size_t i = 0; i < damages.size(); ++i)
    damage("UPDATE records SET " + damages[i] + " WHERE number = " + std::to_string(i + 1));
  damage("UPDATE records SET number = 40 WHERE number = 33");
  const auto report = check(store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records + report->gap_records + report->ledger_records, damages.size() + 2);
  std::set<std::string> named;
  for (const std::string& sentence : report->damaged)
    named.insert(sentence.substr(0, sentence.find(" of ")));
  for (std::size_t i = 0; i < damages.size(); ++i)
    EXPECT_TRUE(named.contains("record " + std::to_string(i + 1))) << damages[i];
  EXPECT_TRUE(named.contains("record 40"));
  EXPECT_EQ(named.size(), damages.size() + 1);
}

TEST_F(ExportTest, CheckNamesARecordWhoseSignerIsNotEnrolled) {
  put(1, sample_record(sample_device));
  damage("DELETE FROM device_keys");
  EXPECT_THAT(
      damage_found(),
      testing::ElementsAre(HasSubstr("head: it is signed with a key that the device was not enrolled with")));
}

TEST_F(ExportTest, CheckCountsLedgerRecordsApart) {
  office_.put({camera_.seal(ledger_parts(RecordType::clock, clock_document(sample_device))).text()});
  const auto report = check(store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records, 0U);
  EXPECT_EQ(report->ledger_records, 1U);
  EXPECT_THAT(report->damaged, testing::IsEmpty());
}

TEST_F(ExportTest, CheckNamesWhereTheChainIsBroken) {
  office_.put({camera_.pass().text(), camera_.pass().text()});
  camera_.previous = {};
  office_.put({camera_.pass().text()});
  const auto report = check(store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->damaged, testing::IsEmpty());
  EXPECT_EQ(report->queues.at(0).chain_breaks.first, 3U);
}

TEST_F(ExportTest, TwinsAreBothExportedAndCheckedAndTellThemselvesApart) {
  put(1, sample_record(sample_device, "AB12CDE", 1));
  camera_.previous = {};
  put(1, sample_record(sample_device, "XY63ZZZ", 2));
  ASSERT_TRUE(export_jsonl(store_, {}, file_));
  std::istringstream lines(content(file_));
  std::vector<nlohmann::json> parsed;
  for (std::string line; std::getline(lines, line);)
    parsed.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_FALSE(parsed[0].contains("twin"));
  EXPECT_EQ(parsed[1].at("twin"), 1);
  EXPECT_EQ(parsed[1].at("document").at("vrm"), "XY63ZZZ");
  EXPECT_EQ(export_ledger(store_, file_).value(), 2U);
  EXPECT_THAT(damage_found(), testing::IsEmpty());
  EXPECT_THAT(check(store_)->queues.at(0).twins, testing::ElementsAre(NumberRange{1, 1}));
  damage("UPDATE records SET document = '{}' WHERE twin = 1");
  EXPECT_THAT(damage_found(), Contains(HasSubstr("record 1 (twin 1) of queue ")));
}

TEST_F(ExportTest, LedgerHoldsTheSignedHeadsInOrderAndNothingThatWasSealed) {
  const SealedSample first = camera_.pass();
  const SealedSample gaps = camera_.gaps({{1, 1, 2}});
  office_.put({gaps.text()});
  office_.put(first.all());
  EXPECT_EQ(export_ledger(store_, file_).value(), 2U);
  std::istringstream lines(content(file_));
  std::vector<nlohmann::json> parsed;
  for (std::string line; std::getline(lines, line);)
    parsed.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(parsed[0], (nlohmann::json{{"device_id", sample_device},
                                       {"queue_uuid", sample_queue},
                                       {"number", 1},
                                       {"type", "capture"},
                                       {"head", to_hex(first.record.head)}}));
  EXPECT_EQ(parsed[1].at("type"), "gap");
  EXPECT_EQ(parsed[1].at("gaps"), to_hex(gap_list({{1, 1, 2}})));
  EXPECT_THAT(content(file_), Not(HasSubstr("AB12CDE")));
  EXPECT_THAT(content(file_), Not(HasSubstr("2026-11-22")));
}

TEST_F(ExportTest, CheckTellsOfNumbersBothStoredAndGivenUpWithoutCallingThemDamaged) {
  put(2, sample_record(sample_device));
  put_gap_record(33);
  const auto report = check(store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->damaged.empty());
  ASSERT_EQ(report->queues.size(), 1U);
  EXPECT_EQ(report->queues[0].stored_and_given_up, (std::vector<NumberRange>{{2, 2}}));
}

}  // namespace
}  // namespace wayside::backoffice
