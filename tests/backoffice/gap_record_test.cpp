// Gap records: taken only in exactly their form, exactly once, and never as a pass; and what they account
// for.
#include "src/backoffice/gap_record.hpp"

#include <gmock/gmock.h>

#include "tests/backoffice/test_office.hpp"

namespace wayside::backoffice {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Outcome = Receipt::Outcome;

// Why a record number 100 would be refused; empty: it would not.
std::string refusal_of_list(const Bytes& list) {
  const auto gaps = gaps_from(list, 100);
  if (gaps) return {};
  EXPECT_EQ(gaps.error().code, ErrorCode::invalid_input);
  return gaps.error().message;
}

TEST(GapRecord, TellsItsGapsInTheCamerasOwnSpelling) {
  const auto gaps =
      gaps_from(gap_list({{12, 40, 1}, {41, 41, 2}, {60, 98, 3}, {99, 99, 4}, {100, 120, 5}}), 121);
  ASSERT_TRUE(gaps) << gaps.error().message;
  ASSERT_EQ(gaps->size(), 5U);
  EXPECT_EQ((*gaps)[0].numbers, (NumberRange{12, 40}));
  EXPECT_EQ((*gaps)[0].reason, GapReason::evicted);
  EXPECT_EQ((*gaps)[1].numbers, (NumberRange{41, 41}));
  EXPECT_EQ((*gaps)[1].reason, GapReason::damaged);
  EXPECT_EQ((*gaps)[2].numbers, (NumberRange{60, 98}));
  EXPECT_EQ((*gaps)[2].reason, GapReason::interrupted);
  EXPECT_EQ((*gaps)[3].numbers, (NumberRange{99, 99}));
  EXPECT_EQ((*gaps)[3].reason, GapReason::expired);
  EXPECT_EQ((*gaps)[4].reason, GapReason::rolled_back);
}

TEST(GapRecord, LargestNumberIsTaken) {
  const std::uint64_t largest = (std::uint64_t{1} << 63U) - 1;
  const auto gaps = gaps_from(gap_list({{1, largest - 1}}), largest);
  ASSERT_TRUE(gaps) << gaps.error().message;
  EXPECT_EQ(gaps->front().numbers.last, largest - 1);
}

TEST(GapRecord, AnyOtherFormIsRefusedByFieldAndNeverByValue) {
  const auto second = [](const GapEntry& entry) { return refusal_of_list(gap_list({{1, 2, 1}, entry})); };
  EXPECT_EQ(second({0, 40}), "gap 2: first must be from 1 on");
  EXPECT_EQ(second({12, 100}), "gap 2: last must be below the gap record's own number");
  EXPECT_EQ(second({12, ~std::uint64_t{0}}), "gap 2: last must be below the gap record's own number");
  EXPECT_EQ(second({41, 40}), "gap 2: first is above last");
  for (const std::uint32_t reason : {0U, 6U, 256U, ~0U})
    EXPECT_EQ(second({12, 40, reason}), "gap 2: reason must be from 1 to 5");
  EXPECT_EQ(second({12, 40, 1, 7}), "gap 2: the last four bytes must be zero");
  Bytes list = gap_list({{1, 2}, {3, 4}});
  for (const std::size_t size : {0U, 1U, 23U, 25U, 47U}) {
    EXPECT_EQ(refusal_of_list({list.begin(), list.begin() + static_cast<std::ptrdiff_t>(size)}),
              "the gap list must be one or more entries of 24 bytes");
  }
}

class GapRecordUpload : public testing::Test {
 protected:
  TestOffice office_;
  SealingCamera camera_ = office_.new_camera();
};

TEST_F(GapRecordUpload, IsAcceptedOnceIsNoPassAndSurvivesARestart) {
  camera_.number = 9;
  const SealedSample gaps = camera_.gaps({{3, 8, 1}});
  EXPECT_EQ(office_.take_one(gaps.text()).outcome, Outcome::accepted);
  EXPECT_EQ(office_.take_one(gaps.text()).outcome, Outcome::duplicate);
  office_.reopen();
  EXPECT_EQ(office_.take_one(gaps.text()).outcome, Outcome::duplicate);
  EXPECT_THAT(office_.new_records(), IsEmpty());
  EXPECT_TRUE(office_.store().visit({}, [](const StoredRecord&) -> Status {
    return fail(ErrorCode::invalid_input, "a gap record is shown as a pass");
  }));
}

TEST_F(GapRecordUpload, MayBeTheTwinOfACaptureRecord) {
  camera_.number = 9;
  const SealedSample gaps = camera_.gaps({{3, 8, 1}});
  office_.put({gaps.text()});
  camera_.number = 9;
  const SealedSample pass = camera_.pass();
  office_.put(pass.all());
  EXPECT_EQ(office_.take_one(gaps.text()).outcome, Outcome::duplicate);
  EXPECT_EQ(office_.take_one(pass.overview()).outcome, Outcome::duplicate);
}

TEST_F(GapRecordUpload, HasNoPictures) {
  camera_.number = 9;
  const SealedSample pass = camera_.pass();
  camera_.number = 9;
  const SealedSample gaps = camera_.gaps({{3, 8, 1}});
  EXPECT_EQ(office_.take_one(pass.plate()).outcome, Outcome::text_missing);
  office_.put({gaps.text()});
  for (const Sending& picture : {pass.plate(), pass.overview()}) {
    const Receipt receipt = office_.take_one(picture);
    EXPECT_EQ(receipt.outcome, Outcome::refused);
    EXPECT_THAT(receipt.reason, HasSubstr("the record has no"));
  }
}

TEST_F(GapRecordUpload, BadOnesAreRefusedAndNotStored) {
  for (const GapEntry& bad : {GapEntry{3, 9}, GapEntry{3, 8, 7}, GapEntry{0, 8}}) {
    camera_.number = 9;
    EXPECT_EQ(office_.take_one(camera_.gaps({bad}).text()).outcome, Outcome::refused);
  }
  camera_.number = 9;
  office_.put({camera_.gaps({{3, 8}}).text()});
}

}  // namespace
}  // namespace wayside::backoffice
