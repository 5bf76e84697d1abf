// Records of before a camera's clock was synchronised are dated by the camera's clock record, once, whatever
// comes first.
#include <fstream>
#include <map>

#include <gmock/gmock.h>

#include "wayside/backoffice/export.hpp"

#include "tests/backoffice/test_office.hpp"

namespace wayside::backoffice {
namespace {

using nlohmann::json;
using Outcome = Receipt::Outcome;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string boot = "00112233445566778899aabbccddeeff";  // clock_document()'s
// Of clock_document(): 2026-11-28T02:33:02.047Z at 316,000 ms, within 27 ms.
const UtcTime synchronised = utc_from_iso8601("2026-11-28T02:33:02.047Z").value();
constexpr std::int64_t synchronised_ms = 316'000;

class Redating : public testing::Test {
 protected:
  SealedSample pass_at(std::int64_t monotonic_ms, const std::string& boot_id = boot,
                       const std::string& source = "unsynchronised") {
    SampleRecord sample = sample_record(sample_device);
    json& time = sample.document["time"];
    time = {{"captured_at", sample.document["frames"]["best"]["time"]},
            {"source", source},
            {"max_error_ms", nullptr},
            {"synchronised_ago_s", nullptr},
            {"boot_id", boot_id},
            {"monotonic_ms", monotonic_ms}};
    return camera_.seal(parts_of(sample));
  }
  SealedSample clock(const std::function<void(json&)>& change = {}) {
    json document = json::parse(clock_document(sample_device));
    if (change) change(document);
    return camera_.seal(ledger_parts(RecordType::clock, document.dump()));
  }
  std::map<std::uint64_t, StoredRecord> passes() {
    std::map<std::uint64_t, StoredRecord> found;
    EXPECT_TRUE(office_.store().visit({}, [&](const StoredRecord& record) -> Status {
      found.emplace(record.id.number, record);
      return {};
    }));
    return found;
  }
  void expect_redated(const SealedSample& pass, std::int64_t monotonic_ms, const SealedSample& by) {
    const StoredRecord record = passes().at(pass.number);
    ASSERT_TRUE(record.redated) << pass.number;
    EXPECT_EQ(record.captured_at, synchronised + std::chrono::milliseconds(monotonic_ms - synchronised_ms));
    EXPECT_EQ(record.redated->from, said_);
    EXPECT_EQ(record.redated->by, (RecordId{sample_device, sample_queue, by.number}));
    EXPECT_GE(record.redated->max_error_ms, 27 + 400);
    EXPECT_LE(record.redated->max_error_ms, 27 + 400 + 20);
  }
  void expect_sound() {
    const auto report = check(office_.store());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->damaged, IsEmpty());
  }

  const UtcTime said_ = utc_from_iso8601("2026-11-22T17:00:40.123Z").value();  // sample_record()'s
  TestOffice office_;
  SealingCamera camera_ = office_.new_camera();
};

TEST_F(Redating, TheClockRecordDatesWhatCameBeforeIt) {
  const SealedSample early = pass_at(100'000);
  const SealedSample sync = clock();
  office_.put(early.all());
  EXPECT_FALSE(passes().at(early.number).redated);
  office_.put({sync.text()});
  expect_redated(early, 100'000, sync);
  expect_sound();
}

TEST_F(Redating, OrItIsThereFirst) {
  const SealedSample early = pass_at(100'000);
  const SealedSample sync = clock();
  office_.put({sync.text()});
  office_.put(early.all());
  expect_redated(early, 100'000, sync);
  expect_sound();
}

TEST_F(Redating, OrBothComeInOneBatchAndAgain) {
  const SealedSample early = pass_at(100'000);
  const SealedSample sync = clock();
  office_.put({early.text(), sync.text(), early.plate(), early.overview()});
  expect_redated(early, 100'000, sync);
  const auto again = office_.take({sync.text(), early.text(), sync.text()});
  for (const Receipt& receipt : again)
    EXPECT_EQ(receipt.outcome, Outcome::duplicate);
  office_.reopen();
  expect_redated(early, 100'000, sync);
  expect_sound();
}

TEST_F(Redating, ItIsDoneOnceAlsoWhereTheCameraSaysItAgain) {
  const SealedSample early = pass_at(100'000);
  const SealedSample sync = clock();
  // The daemon was started anew on the same start of the system.
  const SealedSample second = clock([](json& document) {
    document["monotonic_ms"] = 900'000;
    document["utc"] = "2026-11-28T02:42:46.500Z";
  });
  const SealedSample between = pass_at(700'000);
  office_.put({early.text(), sync.text(), second.text(), between.text()});
  expect_redated(early, 100'000, sync);
  EXPECT_EQ(passes().at(between.number).redated->by.number, second.number);
  // Of two that are there, the nearest.
  const SealedSample late = pass_at(200'000);
  office_.put({late.text()});
  expect_redated(late, 200'000, sync);
  expect_sound();
}

TEST_F(Redating, NothingElseIsDated) {
  const SealedSample other_start = pass_at(100'000, std::string(32, 'a'));
  const SealedSample later = pass_at(400'000);  // its clock had been set and not been measured again
  const SealedSample sure = pass_at(100'000, boot, "ntp");
  const SealedSample endless = pass_at(9'000'000'000'000'000'000);
  office_.put({other_start.text(), later.text(), sure.text(), endless.text()});
  office_.put({clock([](json& document) { document["kind"] = "step"; }).text()});
  office_.put({clock([](json& document) { document["max_error_ms"] = nullptr; }).text()});
  office_.put({clock().text()});
  for (const auto& [number, record] : passes()) {
    EXPECT_FALSE(record.redated) << number;
    EXPECT_EQ(record.captured_at, said_);
  }
  // Nor by another camera, whatever start it names.
  SealingCamera other = office_.new_camera("fedcba9876543210");
  const SealedSample early = pass_at(100'000, std::string(32, 'b'));
  office_.put({early.text()});
  json document = json::parse(clock_document(other.device_id()));
  document["boot_id"] = std::string(32, 'b');
  office_.put({other.seal(ledger_parts(RecordType::clock, document.dump())).text()}, other.device_id());
  EXPECT_FALSE(passes().at(early.number).redated);
  expect_sound();
}

TEST_F(Redating, ItIsFoundByItsRightTimeAndTellsBoth) {
  const SealedSample early = pass_at(100'000);
  const SealedSample unsure = pass_at(100'000, std::string(32, 'a'));
  office_.put(early.all());
  office_.put({clock().text()});
  office_.put(unsure.all());
  const Selection after{synchronised + std::chrono::hours(-1), {}};
  const auto file = office_.folder() / "out";
  ASSERT_EQ(export_jsonl(office_.store(), after, file).value().records, 1U);
  std::ifstream in(file);
  const json line = json::parse(in);
  EXPECT_EQ(line.at("redated").at("captured_at"), "2026-11-28T02:29:26.047Z");
  EXPECT_EQ(line.at("redated").at("from"), "2026-11-22T17:00:40.123Z");
  EXPECT_EQ(line.at("redated").at("by"), json({{"queue_uuid", sample_queue}, {"number", 3}}));
  EXPECT_GE(line.at("redated").at("max_error_ms"), 427);
  EXPECT_EQ(line.at("document").at("time").at("captured_at"), "2026-11-22T17:00:40.123Z")
      << "as it was signed";
  const auto pass = summarise(passes().at(early.number)).value();
  EXPECT_EQ(to_line(pass), "2026-11-28T02:29:26.047Z  AB12CDE   97.3 %  towards  lane 1  re-dated");
  EXPECT_EQ(to_line(summarise(passes().at(unsure.number)).value()),
            "2026-11-22T17:00:40.123Z  AB12CDE   97.3 %  towards  lane 1  clock not synchronised");
  ASSERT_TRUE(export_html(office_.store(), {}, file));
  std::ifstream page_in(file);
  const std::string page{std::istreambuf_iterator<char>(page_in), {}};
  EXPECT_THAT(page, HasSubstr("re-dated: the camera said 2026-11-22 17:00:40.123"));
  EXPECT_THAT(page, HasSubstr("the camera's clock was not synchronised"));
}

TEST_F(Redating, CheckFindsADateThatTheCamerasRecordsDoNotGive) {
  const SealedSample early = pass_at(100'000);
  office_.put(early.all());
  office_.put({clock().text()});
  for (const char* change :
       {"UPDATE records SET captured_at = captured_at + 1 WHERE type = 1",
        "UPDATE unsynchronised SET said_at = said_at + 1", "UPDATE unsynchronised SET max_error_ms = 5",
        "UPDATE unsynchronised SET dated_by = record"}) {
    office_.run_sql(change);
    const auto report = check(office_.store());
    ASSERT_TRUE(report);
    ASSERT_EQ(report->damaged.size(), 1U) << change;
    EXPECT_THAT(report->damaged[0], HasSubstr("document: "));
    office_.run_sql(
        "UPDATE records SET captured_at = 1795832966047 WHERE type = 1;"
        "UPDATE unsynchronised SET said_at = 1795366840123, max_error_ms = 439, dated_by = 2");
    expect_sound();
  }
}

TEST_F(Redating, AStoreOfTheVersionBeforeIsTakenOverAndItsRecordsDated) {
  const SealedSample early = pass_at(100'000);
  const SealedSample sync = clock();
  office_.put(early.all());
  office_.put({sync.text()});
  const auto before = passes().at(early.number);
  office_.run_sql(
      "UPDATE records SET captured_at = 1795366840123 WHERE type = 1; DROP TABLE unsynchronised;"
      "DROP TABLE synchronisations; PRAGMA user_version = 5");
  office_.reopen();
  expect_redated(early, 100'000, sync);
  EXPECT_EQ(passes().at(early.number).captured_at, before.captured_at);
  expect_sound();
}

}  // namespace
}  // namespace wayside::backoffice
