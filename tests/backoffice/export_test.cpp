// What an operator takes out is what cameras put in: every pass, escaped, and damage found.
#include "wayside/backoffice/export.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/backoffice/sample_record.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string device = "0123456789abcdef";

class ExportTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(temporary_.path() / "records.db");
    ASSERT_TRUE(store);
    store_ = std::move(*store);
  }
  void put(std::uint64_t number, const SampleRecord& record, bool with_pictures = true) {
    const RecordId id{device, sample_queue, number};
    const auto one = [&](Part part, const std::string& bytes) {
      const auto outcome =
          store_->put(id, part, as_bytes(bytes), sha256(as_bytes(bytes)), UtcTime{1'795'000'000'000});
      ASSERT_TRUE(outcome && *outcome == Store::Outcome::accepted);
    };
    one(Part::document, record.document.dump());
    if (!with_pictures) return;
    one(Part::plate, record.plate);
    one(Part::overview, record.overview);
  }
  void put_gap_record(std::uint64_t number, const std::string& document) {
    const auto outcome = store_->put({device, sample_queue, number}, Part::document, as_bytes(document),
                                     sha256(as_bytes(document)), UtcTime{1'795'000'000'000});
    ASSERT_TRUE(outcome && *outcome == Store::Outcome::accepted);
  }
  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void damage(const std::string& sql) const {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open((temporary_.path() / "records.db").c_str(), &connection), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(connection);
  }

  doubles::TemporaryFolder temporary_;
  std::filesystem::path file_ = temporary_.path() / "out";
  std::unique_ptr<Store> store_;
  const std::string gap_record_ =
      R"({"schema":"wayside-gap-1","gaps":[{"first":2,"last":30,"count":29,"reason":"evicted"}]})";
};

TEST_F(ExportTest, JsonLinesHoldKeyDocumentAndCompleteness) {
  put(1, sample_record(device, "AB12CDE", 2));
  put(2, sample_record(device, "XY63ZZZ", 1), false);
  const auto counts = export_jsonl(*store_, {}, file_);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->records, 2U);
  EXPECT_EQ(counts->incomplete, 1U);
  std::istringstream lines(content(file_));
  std::vector<nlohmann::json> parsed;
  for (std::string line; std::getline(lines, line);)
    parsed.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(parsed[0].at("document"), sample_record(device, "XY63ZZZ", 1).document);
  EXPECT_EQ(parsed[0].at("complete"), false);
  EXPECT_EQ(parsed[0].at("number"), 2);
  EXPECT_EQ(parsed[1].at("document").at("vrm"), "AB12CDE");
  EXPECT_EQ(parsed[1].at("complete"), true);
  EXPECT_EQ(parsed[1].at("device_id"), device);
  EXPECT_EQ(parsed[1].at("queue_uuid"), sample_queue);
  EXPECT_EQ(parsed[1].at("received_at"), "2026-11-18T11:06:40.000Z");
}

TEST_F(ExportTest, PageShowsEveryPassWithItsPicturesNewestLast) {
  put(1, sample_record(device, "XY63ZZZ", 9));
  put(2, sample_record(device, "AB12CDE", 4));
  put(3, sample_record(device, "CD07EFG", 6), false);
  const auto counts = export_html(*store_, {}, file_);
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
  SampleRecord record = sample_record(device);
  record.document["site"]["name"] = "<script>alert('1')</script> & \"Mill\"";
  put(1, record);
  ASSERT_TRUE(export_html(*store_, {}, file_));
  const std::string page = content(file_);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;Mill&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST_F(ExportTest, PageShowsControlCharactersEscaped) {
  SampleRecord record = sample_record(device);
  record.document["site"]["name"] = std::string("Mill\0 \x1b[31mLane\x7f\n\xc2\x9b \xc3\xa9", 22);
  put(1, record);
  ASSERT_TRUE(export_html(*store_, {}, file_));
  const std::string page = content(file_);
  EXPECT_THAT(page, HasSubstr("Mill\\u0000 \\u001b[31mLane\\u007f\\u000a\\u009b \xc3\xa9<"));
  for (const char raw : {'\0', '\x1b', '\x7f'})
    EXPECT_EQ(page.find(raw), std::string::npos);
}

TEST_F(ExportTest, EmptyStoreGivesAPageThatSaysSo) {
  ASSERT_TRUE(export_html(*store_, {}, file_));
  EXPECT_THAT(content(file_), HasSubstr("No pass has been recorded"));
}

TEST_F(ExportTest, GapRecordsAreLeftOutOfTheLinesAndNumberedInThePagesSummary) {
  put(1, sample_record(device));
  ASSERT_TRUE(export_html(*store_, {}, file_));
  EXPECT_THAT(content(file_), Not(HasSubstr("Numbers")));
  put_gap_record(33, gap_record_);
  const auto lines = export_jsonl(*store_, {}, file_);
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(lines->records, 1U);
  EXPECT_THAT(content(file_), Not(HasSubstr("wayside-gap")));
  const auto page = export_html(*store_, {}, file_);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->records, 1U);
  EXPECT_THAT(content(file_), HasSubstr("<dt>Numbers given up</dt><dd>29</dd>"));
  EXPECT_THAT(content(file_), HasSubstr("<dt>Numbers missing</dt><dd>2</dd>"));
}

TEST_F(ExportTest, CheckAccountsForEveryNumberAndFindsDamagedGapRecords) {
  put(1, sample_record(device));
  put_gap_record(33, gap_record_);
  auto report = check(*store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records, 1U);
  EXPECT_EQ(report->incomplete, 0U);
  EXPECT_EQ(report->gap_records, 1U);
  EXPECT_TRUE(report->damaged.empty());
  ASSERT_EQ(report->queues.size(), 1U);
  EXPECT_EQ(report->queues[0].given_up_count(), 29U);
  EXPECT_EQ(report->queues[0].missing, (std::vector<NumberRange>{{31, 32}}));
  damage("UPDATE records SET document = replace(document, '29', '30') WHERE number = 33");
  report = check(*store_);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->damaged.size(), 1U);
  EXPECT_EQ(report->damaged[0],
            "record 33 of queue 000102030405060708090a0b0c0d0e0f of device 0123456789abcdef, "
            "gap record: changed since it was stored");
  EXPECT_EQ(report->queues[0].given_up_count(), 0U) << "what is damaged gives up nothing";
}

TEST_F(ExportTest, FilesAreForTheOwnerAndAFailedExportLeavesTheOldOne) {
  put(1, sample_record(device));
  ASSERT_TRUE(export_jsonl(*store_, {}, file_));
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const auto failed = export_jsonl(*store_, {}, temporary_.path() / "none" / "out");
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("name a path in a folder that is there and writable"));
  damage("UPDATE records SET sha256 = x'00'");
  EXPECT_FALSE(export_jsonl(*store_, {}, file_));
  EXPECT_THAT(content(file_), HasSubstr("AB12CDE"));
  EXPECT_FALSE(std::filesystem::exists(file_.string() + ".new"));
}

TEST_F(ExportTest, AnExportLeavesAFileBesideItAlone) {
  put(1, sample_record(device));
  for (const std::string name : {"out.new", ".out.new"})
    std::ofstream(temporary_.path() / name) << "mine";
  ASSERT_TRUE(export_jsonl(*store_, {}, file_));
  ASSERT_TRUE(export_html(*store_, {}, file_));
  EXPECT_FALSE(export_jsonl(*store_, {}, temporary_.path()));
  EXPECT_FALSE(export_html(*store_, {}, temporary_.path()));
  for (const std::string name : {"out.new", ".out.new"})
    EXPECT_EQ(content(temporary_.path() / name), "mine");
  for (const auto& entry : std::filesystem::directory_iterator(temporary_.path()))
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".wayside")));
}

TEST_F(ExportTest, NothingIsExportedOntoALinkOrADevice) {
  put(1, sample_record(device));
  std::ofstream(file_) << "mine";
  const auto link = temporary_.path() / "link";
  std::filesystem::create_symlink(file_, link);
  for (const std::filesystem::path& place : {link, std::filesystem::path("/dev/null")}) {
    EXPECT_FALSE(export_jsonl(*store_, {}, place)) << place;
    EXPECT_FALSE(export_html(*store_, {}, place)) << place;
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(content(file_), "mine");
}

TEST_F(ExportTest, AFileMayHaveTheLongestName) {
  put(1, sample_record(device));
  const auto counts = export_jsonl(*store_, {}, temporary_.path() / std::string(255, 'n'));
  EXPECT_TRUE(counts) << counts.error().message;
}

TEST_F(ExportTest, LineTellsTimeMarkConfidenceDirectionAndLane) {
  nlohmann::json document = sample_record(device).document;
  EXPECT_EQ(to_line(summarise(document.dump()).value()),
            "2026-11-22T17:00:40.123Z  AB12CDE   97.3 %  towards  lane 1");
  document["lane"] = nullptr;
  document["direction"] = "unknown";
  EXPECT_EQ(to_line(summarise(document.dump()).value()),
            "2026-11-22T17:00:40.123Z  AB12CDE   97.3 %  unknown  no lane");
  EXPECT_FALSE(summarise("{}"));
  EXPECT_FALSE(summarise("x"));
}

TEST_F(ExportTest, CheckFindsDamageAndCountsWhatIsIncomplete) {
  put(1, sample_record(device, "AB12CDE", 1));
  put(2, sample_record(device, "CD07EFG", 2), false);
  auto report = check(*store_);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 2U);
  EXPECT_EQ(report->incomplete, 1U);
  EXPECT_TRUE(report->damaged.empty());
  damage("UPDATE parts SET bytes = x'ffd8ff00' WHERE part = 'plate'");
  damage("UPDATE records SET document = replace(document, 'AB12CDE', 'AB12CDF') WHERE number = 1");
  report = check(*store_);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->damaged.size(), 2U);
  EXPECT_EQ(report->damaged[0],
            "record 1 of queue 000102030405060708090a0b0c0d0e0f of device 0123456789abcdef, "
            "document: changed since it was stored");
  EXPECT_THAT(report->damaged[1], HasSubstr("plate: changed since it was stored"));
}

TEST_F(ExportTest, CheckSeesRowsWhoseDocumentsHaveLostWhatTheyAreSelectedBy) {
  for (std::uint64_t number = 1; number <= 5; ++number)
    put(number, sample_record(device));
  put_gap_record(33, gap_record_);
  damage("UPDATE records SET document = json_remove(document, '$.time.captured_at') WHERE number = 2");
  damage("UPDATE records SET document = json_set(document, '$.time.captured_at', 7) WHERE number = 3");
  damage("UPDATE records SET document = json_set(document, '$.schema', 'wayside-gap-1') WHERE number = 4");
  damage("UPDATE records SET sha256 = x'00' WHERE number = 5");
  damage("UPDATE records SET document = json_remove(document, '$.schema') WHERE number = 33");
  const auto report = check(*store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records + report->gap_records, 6U);
  std::vector<std::string> damaged;
  for (const std::string& sentence : report->damaged)
    damaged.push_back(sentence.substr(0, sentence.find(" of ")));
  EXPECT_THAT(damaged, testing::ElementsAre("record 2", "record 3", "record 4", "record 5", "record 33"));
}

TEST_F(ExportTest, CheckNamesADocumentThatIsNoneThoughItsHashFits) {
  put_gap_record(1, R"({"vrm":"AB12CDE"})");
  const auto report = check(*store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->damaged,
              testing::ElementsAre("record 1 of queue 000102030405060708090a0b0c0d0e0f of device "
                                   "0123456789abcdef, document: is no capture record of version 1"));
}

TEST_F(ExportTest, CheckTellsOfNumbersBothStoredAndGivenUpWithoutCallingThemDamaged) {
  put(2, sample_record(device));
  put_gap_record(33, gap_record_);
  const auto report = check(*store_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->damaged.empty());
  ASSERT_EQ(report->queues.size(), 1U);
  EXPECT_EQ(report->queues[0].stored_and_given_up, (std::vector<NumberRange>{{2, 2}}));
}

}  // namespace
}  // namespace wayside::backoffice
