// Gap records: taken only in exactly their form, exactly once, and never as a pass; and what they account
// for.
#include "src/backoffice/gap_record.hpp"

#include <atomic>

#include <gmock/gmock.h>

#include "wayside/backoffice/coverage.hpp"

#include "tests/backoffice/sample_record.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

json gap(std::uint64_t first, std::uint64_t last, const std::string& reason) {
  return {{"first", first}, {"last", last}, {"count", last - first + 1}, {"reason", reason}};
}

json gap_record(const std::vector<json>& gaps) {
  return {{"schema", "wayside-gap-1"}, {"gaps", gaps}};
}

// Why a record number 100 would be refused; empty: it would not.
std::string refusal(const std::string& document) {
  const auto gaps = gaps_from(document, 100);
  if (gaps) return {};
  EXPECT_EQ(gaps.error().code, ErrorCode::invalid_input);
  return gaps.error().message;
}

TEST(GapRecord, TellsItsGapsInTheCamerasOwnSpelling) {
  const auto gaps = gaps_from(
      R"({"schema":"wayside-gap-1","gaps":[{"first":12,"last":40,"count":29,"reason":"evicted"},)"
      R"({"first":41,"last":41,"count":1,"reason":"damaged"},{"first":60,"last":99,"count":40,"reason":"interrupted"}]})",
      100);
  ASSERT_TRUE(gaps) << gaps.error().message;
  ASSERT_EQ(gaps->size(), 3U);
  EXPECT_EQ((*gaps)[0].numbers, (NumberRange{12, 40}));
  EXPECT_EQ((*gaps)[0].reason, GapReason::evicted);
  EXPECT_EQ((*gaps)[1].numbers, (NumberRange{41, 41}));
  EXPECT_EQ((*gaps)[1].reason, GapReason::damaged);
  EXPECT_EQ((*gaps)[2].reason, GapReason::interrupted);
}

TEST(GapRecord, LargestNumberIsTaken) {
  const std::uint64_t largest = (std::uint64_t{1} << 63U) - 1;
  const auto gaps = gaps_from(gap_record({gap(1, largest - 1, "evicted")}).dump(), largest);
  ASSERT_TRUE(gaps) << gaps.error().message;
  EXPECT_EQ(gaps->front().numbers.last, largest - 1);
}

TEST(GapRecord, AnyOtherFormIsRefusedByFieldAndNeverByValue) {
  const auto with = [](const char* key, const json& value) {
    json entry = gap(12, 40, "evicted");
    entry[key] = value;
    return gap_record({entry}).dump();
  };
  const auto lacking = [](const char* key) {
    json entry = gap(12, 40, "evicted");
    entry.erase(key);
    return gap_record({gap(1, 2, "evicted"), entry}).dump();
  };
  EXPECT_EQ(refusal(with("first", 0)), "field gaps.0.first must be a whole number from 1 on");
  EXPECT_EQ(refusal(with("first", -5)), "field gaps.0.first must be a whole number from 1 on");
  EXPECT_EQ(refusal(with("first", 12.0)), "field gaps.0.first must be a whole number from 1 on");
  EXPECT_EQ(refusal(with("last", "40")), "field gaps.0.last must be a whole number from 1 on");
  EXPECT_EQ(refusal(with("last", 1e30)), "field gaps.0.last must be a whole number from 1 on");
  EXPECT_EQ(refusal(with("last", ~std::uint64_t{0})),
            "field gaps.0.last must be below the gap record's own number");
  EXPECT_EQ(refusal(gap_record({gap(12, 100, "evicted")}).dump()),
            "field gaps.0.last must be below the gap record's own number");
  EXPECT_EQ(refusal(with("first", 41)), "field gaps.0.first is above last");
  EXPECT_EQ(refusal(with("count", 28)), "field gaps.0.count is not how many numbers first to last are");
  EXPECT_EQ(refusal(with("count", nullptr)), "field gaps.0.count must be a whole number from 1 on");
  for (const json& reason :
       {json("stolen"), json("Evicted"), json(""), json(1), json(nullptr), json::array()}) {
    EXPECT_EQ(refusal(with("reason", reason)), "field gaps.0.reason must be evicted, damaged or interrupted");
  }
  for (const char* key : {"first", "last", "count", "reason"}) {
    EXPECT_EQ(refusal(lacking(key)), std::string("field gaps.1 lacks \"") + key + "\"");
  }
  EXPECT_EQ(refusal(with("vrm", "AB12CDE")), "field gaps.0 may have no keys but first, last, count, reason");
  EXPECT_EQ(refusal(with("AB12CDE", 1)), "field gaps.0 may have no keys but first, last, count, reason");
  EXPECT_EQ(refusal(gap_record({json::array()}).dump()), "field gaps.0 must be an object");
  EXPECT_EQ(refusal(gap_record({}).dump()), "field gaps must be an array with at least one gap");
  EXPECT_EQ(refusal(R"({"schema":"wayside-gap-1","gaps":{}})"),
            "field gaps must be an array with at least one gap");
  EXPECT_EQ(refusal(R"({"schema":"wayside-gap-1"})"), "the gap record lacks \"gaps\"");
  EXPECT_EQ(refusal(R"({"schema":"wayside-gap-2","gaps":[]})"), "field schema must be wayside-gap-1");
  EXPECT_EQ(refusal(R"({"schema":"wayside-gap-1","gaps":[],"note":""})"),
            "the gap record may have no keys but schema, gaps");
  EXPECT_EQ(refusal("["), "the gap record is not a JSON object");
  EXPECT_EQ(refusal(""), "the gap record is not a JSON object");
}

// SQLite would select by the first of two equal keys, and the check would have seen the last.
TEST(GapRecord, AKeyTwiceIsRefused) {
  EXPECT_EQ(refusal(R"({"schema":"x","schema":"wayside-gap-1","gaps":)"
                    R"([{"first":1,"last":1,"count":1,"reason":"evicted"}]})"),
            "the gap record has a key twice");
  EXPECT_EQ(refusal(R"({"schema":"wayside-gap-1","gaps":)"
                    R"([{"first":1,"first":1,"last":1,"count":1,"reason":"evicted"}]})"),
            "the gap record has a key twice");
}

TEST(GapRecord, OnlyADocumentWithASchemaIsOne) {
  EXPECT_TRUE(is_gap_record(gap_record({}).dump()));
  EXPECT_FALSE(is_gap_record(sample_record("0123456789abcdef").document.dump()));
  for (const char* text : {"", "x", "[]", "null", "\"schema\""})
    EXPECT_FALSE(is_gap_record(text)) << text;
}

// As a camera sends them, over the network.
class GapRecordUpload : public testing::Test {
 protected:
  void SetUp() override {
    office_.start({.on_record = [this](const std::string&) { ++announced_; }});
    client_ = client_of(camera_, office_.server().port());
  }
  void put_and_expect(std::uint64_t number, const std::string& part, const std::string& payload, int status,
                      const std::string& outcome, const std::string& reason = {}) {
    SCOPED_TRACE(std::to_string(number) + " " + part);
    const auto result = put_part(*client_, part_path(camera_.device_id, number, part), payload);
    ASSERT_TRUE(result) << httplib::to_string(result.error());
    EXPECT_EQ(result->status, status) << result->body;
    const json body = json::parse(result->body);
    EXPECT_EQ(body.value("outcome", ""), outcome) << result->body;
    EXPECT_THAT(body.value("reason", ""), HasSubstr(reason));
    if (outcome == "accepted" || outcome == "duplicate") {
      EXPECT_EQ(body.at("sha256"), hash_of(payload));
    }
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  std::atomic<int> announced_ = 0;
  std::unique_ptr<httplib::SSLClient> client_;
  std::string gaps_ = gap_record({gap(3, 8, "evicted")}).dump();
};

TEST_F(GapRecordUpload, IsAcceptedOnceIsNoPassAndSurvivesARestart) {
  put_and_expect(9, "document", gaps_, 201, "accepted");
  put_and_expect(9, "document", gaps_, 200, "duplicate");
  client_->stop();
  office_.stop();
  SetUp();
  put_and_expect(9, "document", gaps_, 200, "duplicate");
  EXPECT_EQ(office_.store().document({camera_.device_id, sample_queue, 9}).value(), gaps_);
  EXPECT_EQ(announced_, 0);
  EXPECT_TRUE(office_.store().visit({}, [](const StoredRecord&) -> Status {
    return fail(ErrorCode::invalid_input, "a gap record is shown as a pass");
  }));
}

TEST_F(GapRecordUpload, SharesItsKeysWithCaptureRecords) {
  const std::string document = sample_record(camera_.device_id).document.dump();
  put_and_expect(9, "document", gaps_, 201, "accepted");
  put_and_expect(9, "document", document, 409, "mismatch");
  put_and_expect(9, "document", gap_record({gap(3, 7, "evicted")}).dump(), 409, "mismatch");
  put_and_expect(10, "document", document, 201, "accepted");
  put_and_expect(10, "document", gaps_, 409, "mismatch");
  EXPECT_EQ(announced_, 1);
}

TEST_F(GapRecordUpload, HasNoPictures) {
  const SampleRecord sample = sample_record(camera_.device_id);
  put_and_expect(9, "plate", sample.plate, 409, "document_missing");
  put_and_expect(9, "document", gaps_, 201, "accepted");
  put_and_expect(9, "plate", sample.plate, 422, "refused", "a gap record has no pictures");
  put_and_expect(9, "overview", sample.overview, 422, "refused", "a gap record has no pictures");
}

TEST_F(GapRecordUpload, BadOnesAreRefusedAndNotStored) {
  json surplus = json::parse(gaps_);
  surplus["device_id"] = camera_.device_id;
  for (const std::string& bad : {gap_record({}).dump(), gap_record({gap(3, 9, "evicted")}).dump(),
                                 gap_record({gap(3, 8, "lost")}).dump(), surplus.dump(),
                                 std::string(R"({"schema":7})"), R"({"schema":"x",)" + gaps_.substr(1)}) {
    put_and_expect(9, "document", bad, 422, "refused");
  }
  put_and_expect(8, "document", gaps_, 422, "refused", "below the gap record's own number");
  EXPECT_FALSE(office_.store().document({camera_.device_id, sample_queue, 9}));
  put_and_expect(9, "document", gaps_, 201, "accepted");
}

}  // namespace
}  // namespace wayside::backoffice
