// Audit trails at the office: whole, or what is missing or altered is named.
#include "wayside/backoffice/trails.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/device/audit/trail_record.hpp"

#include "src/backoffice/validation.hpp"
#include "tests/backoffice/test_office.hpp"
#include "tests/doubles/hand_clock.hpp"

namespace wayside::backoffice {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TrailsTest : public testing::Test {
 protected:
  TrailsTest() {
    auto trail = AuditTrail::open({folder_.path() / "audit", std::string(32, 'b')}, clock_);
    for (int i = 0; i < 5; ++i)
      EXPECT_TRUE(trail->append({std::string(trail_event::login), {"anna", "installer", "ttyS0"}, {}}));
    entries_ = trail->read().value();
  }
  std::string document(std::size_t from, std::size_t count) {
    return trail_record(std::span(entries_).subspan(from, count), sample_device,
                        {MonotonicTime{5'000'000'000}, {}}, {});
  }
  void arrive(std::size_t from, std::size_t count) {
    office_.put({sealing_.seal(ledger_parts(RecordType::audit, document(from, count))).text()});
  }
  CameraTrail trail() {
    const auto trails = camera_trails(office_.store(), sample_device);
    EXPECT_TRUE(trails) << trails.error().message;
    EXPECT_THAT(*trails, SizeIs(1));
    return trails->front();
  }

  doubles::TemporaryFolder folder_;
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  std::vector<TrailEntry> entries_;
  TestOffice office_;
  SealingCamera sealing_ = office_.new_camera();
};

TEST_F(TrailsTest, AWholeTrailIsWholeAlsoWhereSomeOfItCameTwice) {
  arrive(0, 3);
  arrive(2, 1);
  arrive(3, 3);
  const CameraTrail found = trail();
  EXPECT_THAT(found.report.faults, IsEmpty());
  EXPECT_THAT(found.entries, SizeIs(6));
  EXPECT_EQ(found.entries[1].what.by.name, "anna");
  EXPECT_THAT(camera_trails(office_.store(), "fedcba9876543210").value(), IsEmpty());
}

TEST_F(TrailsTest, AGapIsNamed) {
  arrive(0, 2);
  arrive(4, 2);
  EXPECT_THAT(trail().report.faults, ElementsAre("entries 3 to 4 are missing"));
}

TEST_F(TrailsTest, AnAlteredEntryIsNamedAndSoIsATrailThatWasSetBack) {
  arrive(0, 4);
  // An older state of the trail's folder was put back, and written on.
  auto other = AuditTrail::open({folder_.path() / "audit", std::string(32, 'b')}, clock_);
  std::filesystem::remove(folder_.path() / "audit" / "trail.jsonl");
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(other->append({std::string(trail_event::logout), {}, {}}));
  entries_[3] = other->read(4, 1)->front();
  arrive(3, 1);
  EXPECT_THAT(trail().report.faults, Contains(HasSubstr("entry 4 stands after entry 4")));
  entries_[4].line[20] = 'X';
  arrive(4, 2);
  EXPECT_THAT(trail().report.faults, Contains(HasSubstr("carries a line that is no entry")));
}

TEST_F(TrailsTest, ARecordThatItsCameraDidNotSignIsNamedAndTellsNothing) {
  arrive(0, 2);
  arrive(2, 2);
  office_.run_sql("UPDATE records SET document = replace(document, 'anna', 'otto') WHERE number = 1");
  const auto found = trail();
  EXPECT_THAT(found.report.faults, Contains(HasSubstr("record 1 is no longer what the camera signed")));
  EXPECT_EQ(found.entries.size(), 2U);
}

TEST_F(TrailsTest, ARecordThatContradictsItsEventIsRefused) {
  const RecordId id{sample_device, {}, 7};
  std::string both = document(0, 1);
  EXPECT_TRUE(check_ledger_document(RecordType::audit, both, id));
  const std::string event = R"("event":"trail")";
  both.replace(both.find(event), event.size(), R"("event":"authority")");
  EXPECT_FALSE(check_ledger_document(RecordType::audit, both, id));
}

}  // namespace
}  // namespace wayside::backoffice
