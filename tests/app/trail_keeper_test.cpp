// The daemon's side of the audit trail: every entry comes into the log of records, in order, each once.
#include "src/app/trail_keeper.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/memory_queue.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TrailKeeperTest : public testing::Test {
 protected:
  TrailKeeper keeper() {
    return TrailKeeper({folder(), "0123456789abcdef", std::string(32, 'b')}, clock_, health_);
  }
  AuditTrail console() { return std::move(*AuditTrail::open({folder(), std::string(32, 'b')}, clock_)); }
  std::filesystem::path folder() const { return temporary_.path() / "audit"; }
  // Events, as they stand in the records so far; that each line is whole is checked too.
  std::vector<std::string> on_record() {
    std::vector<std::string> events;
    std::string text;
    for (const auto& record :
         queue_.waiting(RecordQueue::Order::oldest_first, {}, 100, RecordClass::ledger)) {
      EXPECT_EQ(record.type, RecordType::audit);
      const json document = json::parse(*queue_.read(record.number)->part(PartKind::document));
      EXPECT_EQ(document.at("event"), "trail");
      EXPECT_EQ(document.at("device_id"), "0123456789abcdef");
      for (const std::string line : document.at("trail").at("lines")) {
        const auto entry = trail_entry_from(line);
        EXPECT_TRUE(entry);
        EXPECT_EQ(document.at("trail").at("key"), to_hex(entry->key));
        events.push_back(entry->what.event);
        text += line + "\n";
      }
    }
    EXPECT_THAT(verify_trail(text).faults, IsEmpty());
    return events;
  }

  doubles::TemporaryFolder temporary_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  Health health_;
  doubles::MemoryQueue queue_;
};

TEST_F(TrailKeeperTest, WhatDaemonAndConsolePutDownComesIntoTheLogOfRecordsInOrderAndOnce) {
  TrailKeeper keeper = this->keeper();
  EXPECT_FALSE(keeper.write_records(queue_)) << "nothing was done yet";
  keeper.put({std::string(trail_event::start), {}, {}});
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_FALSE(keeper.write_records(queue_));
  ASSERT_TRUE(console().append({std::string(trail_event::login), {"anna", "installer", "ttyS0"}, {}}));
  keeper.put({std::string(trail_event::contact), {}, {{"door", "open"}}});
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(on_record(), ElementsAre("trail_begun", "start", "login", "contact"));
  // Another start of the daemon carries none of it again.
  TrailKeeper next = this->keeper();
  EXPECT_FALSE(next.write_records(queue_));
  EXPECT_EQ(console().carried().number, 4U);
  EXPECT_TRUE(console().verify()->good());
}

TEST_F(TrailKeeperTest, ADayOfEntriesIsAFewRecords) {
  AuditTrail trail = console();
  for (int i = 0; i < 99; ++i)
    ASSERT_TRUE(trail.append({std::string(trail_event::attempt), {}, {}}));
  TrailKeeper keeper = this->keeper();
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(on_record(), SizeIs(100));
  EXPECT_THAT(queue_.waiting(RecordQueue::Order::oldest_first, {}, 100, RecordClass::ledger), SizeIs(4));
}

TEST_F(TrailKeeperTest, WhatTheQueueDoesNotTakeIsSaidAndTriedAgain) {
  TrailKeeper keeper = this->keeper();
  keeper.put({std::string(trail_event::start), {}, {}});
  queue_.before_append = [](std::span<const RecordParts>) -> Status { return fail(ErrorCode::io, "broken"); };
  EXPECT_FALSE(keeper.write_records(queue_));
  EXPECT_THAT(health_.problems().at("audit"), HasSubstr("broken"));
  queue_.before_append = {};
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(health_.problems(), IsEmpty());
  EXPECT_THAT(on_record(), ElementsAre("trail_begun", "start"));
}

TEST_F(TrailKeeperTest, ATrailThatCannotBeWrittenIsAProblemAndNoEnd) {
  std::ofstream(folder()) << "in the way";
  TrailKeeper keeper = this->keeper();
  keeper.put({std::string(trail_event::start), {}, {}});
  EXPECT_THAT(health_.problems().at("audit"), HasSubstr("audit"));
  EXPECT_FALSE(keeper.write_records(queue_));
  std::filesystem::remove(folder());
  keeper.put({std::string(trail_event::stop), {}, {}});
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(health_.problems(), IsEmpty());
  EXPECT_THAT(on_record(), ElementsAre("trail_begun", "stop"));
}

}  // namespace
}  // namespace wayside::app
