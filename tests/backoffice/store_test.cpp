// The store keeps each part exactly once, through restarts and races, and says when its file is no good.
#include "wayside/backoffice/store.hpp"

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using Outcome = Store::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;

const RecordId id{"0123456789abcdef", "000102030405060708090a0b0c0d0e0f", 5};
constexpr UtcTime now{1'795'000'000'000};

std::string document_at(const std::string& time) {
  return R"({"time":{"captured_at":")" + time + R"("}})";
}

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    store_.reset();
    auto store = Store::open(file_);
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }
  Outcome put(const RecordId& key, Part part, const std::string& payload) {
    const auto outcome = store_->put(key, part, as_bytes(payload), sha256(as_bytes(payload)), now);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(Outcome::mismatch);
  }
  void run_sql(const char* sql) const {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &connection), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(connection);
  }
  std::vector<std::uint64_t> numbers(const Selection& selection) {
    std::vector<std::uint64_t> found;
    EXPECT_TRUE(store_->visit(selection, [&](const StoredRecord& record) -> Status {
      found.push_back(record.id.number);
      return {};
    }));
    return found;
  }

  doubles::TemporaryFolder temporary_;
  std::filesystem::path file_ = temporary_.path() / "records.db";
  std::unique_ptr<Store> store_;
  std::string document_ = document_at("2026-11-22T17:00:00.000Z");
};

TEST_F(StoreTest, SameBytesAreADuplicateAndOthersAMismatchAlsoAfterReopening) {
  EXPECT_EQ(put(id, Part::document, document_), Outcome::accepted);
  EXPECT_EQ(put(id, Part::plate, "plate"), Outcome::accepted);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(put(id, Part::document, document_), Outcome::duplicate);
    EXPECT_EQ(put(id, Part::document, document_ + " "), Outcome::mismatch);
    EXPECT_EQ(put(id, Part::plate, "plate"), Outcome::duplicate);
    EXPECT_EQ(put(id, Part::plate, "other"), Outcome::mismatch);
    reopen();
  }
  EXPECT_EQ(store_->document(id).value(), document_);
}

TEST_F(StoreTest, LookUpSaysWhatPutWouldAndStoresNothing) {
  const Sha256 hash = sha256(as_bytes(document_));
  EXPECT_EQ(store_->look_up(id, Part::document, hash).value(), Outcome::accepted);
  EXPECT_EQ(store_->look_up(id, Part::plate, hash).value(), Outcome::document_missing);
  EXPECT_EQ(store_->document(id).error().code, ErrorCode::not_found);
}

TEST_F(StoreTest, PictureWithoutDocumentIsNotStored) {
  EXPECT_EQ(put(id, Part::overview, "overview"), Outcome::document_missing);
  EXPECT_EQ(put(id, Part::document, document_), Outcome::accepted);
  EXPECT_EQ(put(id, Part::overview, "overview"), Outcome::accepted);
}

TEST_F(StoreTest, KeysDifferInEveryPiece) {
  RecordId other = id;
  other.number = 6;
  RecordId queue = id;
  queue.queue_uuid[0] = 'f';
  RecordId device = id;
  device.device_id[0] = 'f';
  RecordId largest = id;
  largest.number = (std::uint64_t{1} << 63U) - 1;
  for (const RecordId& key : {id, other, queue, device, largest}) {
    EXPECT_EQ(put(key, Part::document, document_), Outcome::accepted);
  }
  EXPECT_THAT(numbers({}), ElementsAre(5, 6, 5, 5, largest.number));
}

TEST_F(StoreTest, RacingPutsThroughTwoConnectionsGiveOneAccepted) {
  const auto second = Store::open(file_);
  ASSERT_TRUE(second);
  std::atomic<int> accepted = 0;
  std::atomic<int> duplicate = 0;
  {
    std::vector<std::jthread> threads;
    for (Store* store : {store_.get(), second->get(), store_.get(), second->get()}) {
      threads.emplace_back([&, store] {
        for (std::uint64_t number = 0; number < 25; ++number) {
          RecordId key = id;
          key.number = number;
          const auto outcome =
              store->put(key, Part::document, as_bytes(document_), sha256(as_bytes(document_)), now);
          if (outcome && *outcome == Outcome::accepted) ++accepted;
          if (outcome && *outcome == Outcome::duplicate) ++duplicate;
        }
      });
    }
  }
  EXPECT_EQ(accepted, 25);
  EXPECT_EQ(duplicate, 75);
}

TEST_F(StoreTest, SelectionGivesTheNewestInOrderOfCapture) {
  for (const std::uint64_t number : {3U, 1U, 4U, 2U}) {
    RecordId key = id;
    key.number = number;
    put(key, Part::document, document_at("2026-11-22T17:0" + std::to_string(number) + ":00.000Z"));
  }
  EXPECT_THAT(numbers({}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(numbers({.newest = 2}), ElementsAre(3, 4));
  EXPECT_THAT(numbers({.since = utc_from_iso8601("2026-11-22T17:02:00Z").value()}), ElementsAre(2, 3, 4));
  EXPECT_THAT(numbers({.since = utc_from_iso8601("2026-11-22T17:02:00Z").value(), .newest = 1}),
              ElementsAre(4));
  EXPECT_THAT(numbers({.since = utc_from_iso8601("2027-01-01T00:00:00Z").value()}), ElementsAre());
}

TEST_F(StoreTest, VisitStopsWhereTheVisitorFails) {
  put(id, Part::document, document_);
  const auto visited =
      store_->visit({}, [](const StoredRecord&) -> Status { return fail(ErrorCode::io, "enough"); });
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error().message, "enough");
}

TEST_F(StoreTest, EnrolmentHoldsForTheLatestCertificateOnly) {
  const Sha256 first = sha256(as_bytes("first"));
  const Sha256 second = sha256(as_bytes("second"));
  EXPECT_FALSE(store_->is_enrolled(id.device_id, first).value());
  ASSERT_TRUE(store_->enrol(id.device_id, first, Sha256{}, now));
  EXPECT_TRUE(store_->is_enrolled(id.device_id, first).value());
  ASSERT_TRUE(store_->enrol(id.device_id, second, Sha256{}, now));
  reopen();
  EXPECT_FALSE(store_->is_enrolled(id.device_id, first).value());
  EXPECT_TRUE(store_->is_enrolled(id.device_id, second).value());
  EXPECT_EQ(store_->device_count().value(), 1U);
}

TEST_F(StoreTest, EnrolmentSaysWhetherTheKeyIsTheEarlierOne) {
  const Sha256 certificate = sha256(as_bytes("certificate"));
  const Sha256 key = sha256(as_bytes("key"));
  const Sha256 another = sha256(as_bytes("another"));
  EXPECT_EQ(store_->enrol(id.device_id, certificate, key, now).value(), EarlierKey::none);
  EXPECT_EQ(store_->enrol("fedcba9876543210", certificate, another, now).value(), EarlierKey::none);
  EXPECT_EQ(store_->enrol(id.device_id, certificate, key, now).value(), EarlierKey::same);
  reopen();
  EXPECT_EQ(store_->enrol(id.device_id, certificate, another, now).value(), EarlierKey::other);
  EXPECT_EQ(store_->enrol(id.device_id, certificate, key, now).value(), EarlierKey::other);
}

TEST_F(StoreTest, FileOfTheSecondVersionKeepsItsDevicesAndLearnsTheirKeys) {
  const Sha256 certificate = sha256(as_bytes("certificate"));
  ASSERT_TRUE(store_->enrol(id.device_id, certificate, Sha256{}, now));
  store_.reset();
  run_sql("DROP TABLE device_keys; PRAGMA user_version = 2");
  reopen();
  EXPECT_TRUE(store_->is_enrolled(id.device_id, certificate).value());
  EXPECT_EQ(store_->enrol(id.device_id, certificate, certificate, now).value(), EarlierKey::unknown);
  EXPECT_EQ(store_->enrol(id.device_id, certificate, certificate, now).value(), EarlierKey::same);
}

TEST_F(StoreTest, LostFileIsNotTakenForAnEmptyOffice) {
  EXPECT_TRUE(Store::open_existing(file_));
  store_.reset();
  EXPECT_TRUE(Store::open_existing(file_));
  std::filesystem::resize_file(file_, 0);
  auto store = Store::open_existing(file_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
  EXPECT_THAT(store.error().message, HasSubstr("records.db holds no store: restore it from a backup"));
  EXPECT_EQ(std::filesystem::file_size(file_), 0U);
  std::filesystem::remove(file_);
  store = Store::open_existing(file_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::not_found);
  EXPECT_THAT(store.error().message,
              HasSubstr("records.db is missing: restore it from a backup, or run wayside-backoffice init " +
                        temporary_.path().string()));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(StoreTest, FileIsReadableByItsOwnerOnly) {
  for (const char* name : {"records.db", "records.db-wal"}) {
    struct stat info {};
    ASSERT_EQ(::stat((temporary_.path() / name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(StoreTest, DamagedFileIsSaidToBeDamaged) {
  put(id, Part::document, document_);
  store_.reset();
  std::ofstream(file_, std::ios::trunc) << std::string(8192, 'x');
  const auto store = Store::open(file_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
  EXPECT_THAT(store.error().message, HasSubstr("records.db is damaged: restore it from a backup"));
}

TEST_F(StoreTest, FileOfANewerVersionIsLeftAlone) {
  store_.reset();
  // The version is the four bytes at 60 of an SQLite file, big endian.
  std::fstream raw(file_, std::ios::in | std::ios::out | std::ios::binary);
  raw.seekp(60);
  raw.write("\0\0\0\x04", 4);
  raw.close();
  const auto store = Store::open(file_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::unsupported);
}

TEST_F(StoreTest, FileOfTheFirstVersionIsTakenOver) {
  put(id, Part::document, document_);
  store_.reset();
  run_sql("DROP INDEX gap_records; DROP TABLE device_keys; PRAGMA user_version = 1");
  reopen();
  EXPECT_EQ(put(id, Part::document, document_), Outcome::duplicate);
  RecordId gaps = id;
  gaps.number = 6;
  EXPECT_EQ(put(gaps, Part::document, R"({"schema":"wayside-gap-1"})"), Outcome::accepted);
  std::vector<std::uint64_t> all;
  std::vector<std::uint64_t> gap_records;
  EXPECT_TRUE(store_->visit_numbers(
      [&](const RecordId& key) -> Status {
        all.push_back(key.number);
        return {};
      },
      [&](const StoredRecord& record) -> Status {
        gap_records.push_back(record.id.number);
        return {};
      }));
  EXPECT_THAT(all, ElementsAre(5, 6));
  EXPECT_THAT(gap_records, ElementsAre(6));
  EXPECT_THAT(numbers({}), ElementsAre(5));
}

TEST_F(StoreTest, VisitorThatFailsLeavesTheStoreUsable) {
  put(id, Part::document, document_);
  const auto stop = [](const RecordId&) -> Status { return fail(ErrorCode::io, "enough"); };
  const auto visited = store_->visit_numbers(stop, [](const StoredRecord&) -> Status { return {}; });
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error().message, "enough");
  EXPECT_EQ(put(id, Part::plate, "plate"), Outcome::accepted);
}

TEST_F(StoreTest, FolderThatIsNotThereIsSaid) {
  const auto store = Store::open(temporary_.path() / "none" / "records.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace wayside::backoffice
