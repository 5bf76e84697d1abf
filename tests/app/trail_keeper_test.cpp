// The daemon's side of the audit trail: what it sees is put down, whatever stands against it, and every entry
// comes into the log of records, in order, each once.
#include "src/app/trail_keeper.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/base/shared_folder.hpp"

#include "src/app/trail_events.hpp"
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
  // Puts it down at once.
  static void put(TrailKeeper& keeper, TrailEvent event) {
    keeper.put(std::move(event));
    keeper.look();
  }
  static TrailEvent started() { return started_event("1.0"); }
  static TrailEvent opened() { return contact_event("door", true); }
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
  put(keeper, started());
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_FALSE(keeper.write_records(queue_));
  ASSERT_TRUE(console().append({std::string(trail_event::login), {"anna", "installer", "ttyS0"}, {}}));
  put(keeper, opened());
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
  put(keeper, started());
  queue_.before_append = [](std::span<const RecordParts>) -> Status { return fail(ErrorCode::io, "broken"); };
  EXPECT_FALSE(keeper.write_records(queue_));
  EXPECT_THAT(health_.problems().at("audit"), HasSubstr("broken"));
  queue_.before_append = {};
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(health_.problems(), IsEmpty());
  EXPECT_THAT(on_record(), ElementsAre("trail_begun", "start"));
}

TEST_F(TrailKeeperTest, WhatCannotBePutDownIsAProblemAndTriedAgainAndSaysWhenItHappened) {
  std::ofstream(folder()) << "in the way";
  TrailKeeper keeper = this->keeper();
  put(keeper, started());
  EXPECT_THAT(health_.problems().at("audit"), HasSubstr("audit"));
  EXPECT_FALSE(keeper.write_records(queue_));
  clock_.wait_s(60);
  put(keeper, opened());
  std::filesystem::remove(folder());
  clock_.wait_s(1);
  keeper.look();
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(health_.problems(), IsEmpty());
  EXPECT_THAT(on_record(), ElementsAre("trail_begun", "start", "contact"));
  const auto entries = console().read();
  EXPECT_EQ(entries->at(1).what.details.at("happened"), "2026-11-28T10:00:00.000Z");
  EXPECT_EQ(entries->at(1).utc, "2026-11-28T10:01:01.000Z");
  EXPECT_FALSE(entries->at(2).what.details.contains("happened")) << "it is put down soon after";
}

TEST_F(TrailKeeperTest, WhatWaitsIsBoundedAndTheOldestAndTheNewestAreKept) {
  std::ofstream(folder()) << "in the way";
  TrailKeeper keeper = this->keeper();
  for (int i = 0; i < 1000; ++i)
    put(keeper, {std::string(trail_event::contact), {}, {{"door", std::to_string(i)}}});
  std::filesystem::remove(folder());
  keeper.look();
  const auto entries = console().read();
  ASSERT_THAT(*entries, SizeIs(1 + 256));
  EXPECT_EQ(entries->at(1).what.details.at("door"), "0");
  EXPECT_EQ(entries->back().what.details.at("door"), "999");
}

TEST_F(TrailKeeperTest, AProblemOfCarryingDoesNotHideOneOfPuttingDown) {
  TrailKeeper keeper = this->keeper();
  put(keeper, started());
  EXPECT_TRUE(keeper.write_records(queue_));
  std::filesystem::remove(folder() / "lock");
  std::filesystem::create_directory(folder() / "lock");
  put(keeper, opened());
  EXPECT_THAT(health_.problems().at("audit"), HasSubstr("lock"));
  std::ofstream(folder() / "trail.jsonl", std::ios::app) << "";
  std::filesystem::last_write_time(folder() / "trail.jsonl", std::filesystem::file_time_type::clock::now());
  EXPECT_FALSE(keeper.write_records(queue_)) << "there is nothing new, and carrying works";
  EXPECT_THAT(health_.problems().at("audit"), HasSubstr("lock"));
  std::filesystem::remove(folder() / "lock");
  keeper.look();
  EXPECT_THAT(health_.problems(), IsEmpty());
}

TEST_F(TrailKeeperTest, TheStartComesFirstAndWhoNeverBeganPutsNothingDown) {
  {
    TrailKeeper keeper = this->keeper();
    keeper.put(opened());
  }
  EXPECT_FALSE(std::filesystem::exists(folder()));
  TrailKeeper keeper = this->keeper();
  keeper.put(opened());
  keeper.start(started());
  keeper.put(stopped_event());
  keeper.stop();
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(on_record(), ElementsAre("trail_begun", "start", "contact", "stop"));
}

TEST_F(TrailKeeperTest, WhoTellsNeverWaitsForTheConsole) {
  TrailKeeper keeper = this->keeper();
  ASSERT_TRUE(make_shared_folder(folder()));
  {
    const auto lock = FolderLock::take(folder());
    ASSERT_TRUE(lock);
    keeper.start(started());
    keeper.put(opened());  // or it would not come back
    EXPECT_FALSE(keeper.write_records(queue_));
  }
  keeper.stop();
  EXPECT_TRUE(keeper.write_records(queue_));
  EXPECT_THAT(on_record(), ElementsAre("trail_begun", "start", "contact"));
}

}  // namespace
}  // namespace wayside::app
