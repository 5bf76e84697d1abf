// The store keeps each part exactly once, through restarts and races, and says when its file is no good.
#include "wayside/backoffice/store.hpp"

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/backoffice/sample.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using Taken = Store::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;

const RecordId id{"0123456789abcdef", "000102030405060708090a0b0c0d0e0f", 5};

PublicKey key_of(const std::string& name) {
  return sha256(as_bytes(name));
}

// The store itself looks at none of these bytes.
NewText text_of(const RecordId& key, UtcTime captured_at = sample_now, const std::string& head = "head") {
  NewText text;
  text.id = key;
  text.head = Bytes(head.begin(), head.end());
  text.chain = sha256(text.head);
  text.key = Bytes(32, 1);
  text.document = "{}";
  text.captured_at = captured_at;
  text.sha256 = sha256(text.head);
  return text;
}
NewPicture picture_of(const RecordId& key, const std::string& bytes, PartKind kind = PartKind::plate,
                      const std::string& head = "head") {
  return {key, kind, sha256(as_bytes(head)), sha256(as_bytes(bytes)), Bytes(bytes.begin(), bytes.end())};
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
  Taken put(const NewShipment& shipment) {
    const auto outcomes = store_->put(std::span(&shipment, 1), sample_now);
    EXPECT_TRUE(outcomes) << outcomes.error().message;
    return outcomes ? outcomes->at(0) : Taken::mismatch;
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
};

TEST_F(StoreTest, SameBytesAreADuplicateAndOthersATwinAlsoAfterReopening) {
  EXPECT_EQ(put(text_of(id)), Taken::accepted);
  EXPECT_EQ(put(picture_of(id, "plate")), Taken::accepted);
  EXPECT_EQ(put(text_of(id, sample_now, "other")), Taken::twin);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(put(text_of(id)), Taken::duplicate);
    EXPECT_EQ(put(text_of(id, sample_now, "other")), Taken::duplicate);
    EXPECT_EQ(put(picture_of(id, "plate")), Taken::duplicate);
    EXPECT_EQ(put(picture_of(id, "other")), Taken::mismatch);
    reopen();
  }
  EXPECT_EQ(store_->known_all(id)->size(), 2U);
  for (std::uint32_t i = 2; i < most_twins; ++i)
    EXPECT_EQ(put(text_of(id, sample_now, std::to_string(i))), Taken::twin);
  EXPECT_EQ(put(text_of(id, sample_now, "one too many")), Taken::mismatch);
}

TEST_F(StoreTest, TheHighestNumberIsThatOfOneQueue) {
  EXPECT_EQ(store_->highest_number(id.device_id, id.queue_uuid).value(), 0U);
  RecordId higher = id;
  higher.number = 900;
  RecordId other_queue = id;
  other_queue.queue_uuid[0] = 'f';
  other_queue.number = 5000;
  RecordId other_device = id;
  other_device.device_id[0] = 'f';
  other_device.number = 6000;
  for (const RecordId& key : {higher, id, other_queue, other_device})
    put(text_of(key));
  EXPECT_EQ(store_->highest_number(id.device_id, id.queue_uuid).value(), 900U);
}

TEST_F(StoreTest, WhatIsKnownIsWhatWasStored) {
  EXPECT_FALSE(store_->known(id).value());
  put(text_of(id));
  put(picture_of(id, "plate"));
  const auto known = store_->known(id).value();
  ASSERT_TRUE(known);
  EXPECT_EQ(known->head, text_of(id).head);
  EXPECT_EQ(known->key, text_of(id).key);
  EXPECT_EQ(known->document, "{}");
  EXPECT_EQ(known->sha256, text_of(id).sha256);
  EXPECT_EQ(known->plate, sha256(as_bytes("plate")));
  EXPECT_FALSE(known->overview);
}

TEST_F(StoreTest, APictureNeedsTheTextThatNamesIt) {
  EXPECT_EQ(put(picture_of(id, "overview", PartKind::overview)), Taken::text_missing);
  EXPECT_EQ(put(text_of(id, sample_now, "another camera's head")), Taken::accepted);
  EXPECT_EQ(put(picture_of(id, "overview", PartKind::overview)), Taken::mismatch);
  EXPECT_FALSE(store_->known(id).value()->overview);
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
    EXPECT_EQ(put(text_of(key)), Taken::accepted);
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
        for (std::uint64_t number = 1; number <= 25; ++number) {
          RecordId key = id;
          key.number = number;
          const NewShipment shipment = text_of(key);
          const auto outcomes = store->put(std::span(&shipment, 1), sample_now);
          if (outcomes && outcomes->at(0) == Taken::accepted) ++accepted;
          if (outcomes && outcomes->at(0) == Taken::duplicate) ++duplicate;
        }
      });
    }
  }
  EXPECT_EQ(accepted, 25);
  EXPECT_EQ(duplicate, 75);
}

TEST_F(StoreTest, SelectionGivesTheNewestInOrderOfCapture) {
  const auto minute = [](std::int64_t minutes) { return UtcTime{sample_now.ms + 60'000 * minutes}; };
  for (const std::uint64_t number : {3U, 1U, 4U, 2U}) {
    RecordId key = id;
    key.number = number;
    put(text_of(key, minute(static_cast<std::int64_t>(number))));
  }
  EXPECT_THAT(numbers({}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(numbers({.newest = 2}), ElementsAre(3, 4));
  EXPECT_THAT(numbers({.since = minute(2)}), ElementsAre(2, 3, 4));
  EXPECT_THAT(numbers({.since = minute(2), .newest = 1}), ElementsAre(4));
  EXPECT_THAT(numbers({.since = minute(60)}), ElementsAre());
}

TEST_F(StoreTest, OtherRecordsAreNoPassesAndHaveTheirLinks) {
  NewText gaps = text_of(id, sample_now, "gaps");
  gaps.type = RecordType::gap;
  gaps.captured_at.reset();
  gaps.key.clear();
  gaps.document.clear();
  gaps.gaps = Bytes(24, 1);
  NewText pass = text_of({id.device_id, id.queue_uuid, 6});
  pass.previous = gaps.chain;
  put(gaps);
  put(pass);
  EXPECT_THAT(numbers({}), ElementsAre(6));
  std::vector<std::uint64_t> books;
  std::vector<std::uint64_t> links;
  EXPECT_TRUE(store_->visit_links(
      [&](const StoredRecord& book) -> Status {
        EXPECT_EQ(book.gaps, gaps.gaps);
        books.push_back(book.id.number);
        return {};
      },
      [&](const Link& link) -> Status {
        EXPECT_EQ(link.chain, link.id.number == 5 ? gaps.chain : pass.chain);
        EXPECT_EQ(link.previous, link.id.number == 5 ? Sha256{} : gaps.chain);
        links.push_back(link.id.number);
        return {};
      }));
  EXPECT_THAT(books, ElementsAre(5));
  EXPECT_THAT(links, ElementsAre(5, 6));
}

TEST_F(StoreTest, VisitStopsWhereTheVisitorFails) {
  put(text_of(id));
  const auto visited =
      store_->visit({}, [](const StoredRecord&) -> Status { return fail(ErrorCode::io, "enough"); });
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error().message, "enough");
}

TEST_F(StoreTest, EnrolmentHoldsForTheLatestCertificateOnly) {
  const Sha256 first = sha256(as_bytes("first"));
  const Sha256 second = sha256(as_bytes("second"));
  EXPECT_FALSE(store_->is_enrolled(id.device_id, first).value());
  ASSERT_TRUE(store_->enrol(id.device_id, first, key_of("key"), sample_now));
  EXPECT_TRUE(store_->is_enrolled(id.device_id, first).value());
  ASSERT_TRUE(store_->enrol(id.device_id, second, key_of("key"), sample_now));
  reopen();
  EXPECT_FALSE(store_->is_enrolled(id.device_id, first).value());
  EXPECT_TRUE(store_->is_enrolled(id.device_id, second).value());
  EXPECT_EQ(store_->device_count().value(), 1U);
}

TEST_F(StoreTest, EnrolmentSaysWhetherTheKeyIsTheEarlierOneAndKeepsAll) {
  const Sha256 certificate = sha256(as_bytes("certificate"));
  const PublicKey key = key_of("key");
  const PublicKey another = key_of("another");
  EXPECT_EQ(store_->enrol(id.device_id, certificate, key, sample_now).value(), EarlierKey::none);
  EXPECT_EQ(store_->enrol("fedcba9876543210", certificate, another, sample_now).value(), EarlierKey::none);
  EXPECT_EQ(store_->enrol(id.device_id, certificate, key, sample_now).value(), EarlierKey::same);
  reopen();
  const UtcTime later{sample_now.ms + 1};
  EXPECT_EQ(store_->enrol(id.device_id, certificate, another, later).value(), EarlierKey::other);
  EXPECT_EQ(store_->enrol(id.device_id, certificate, key, later).value(), EarlierKey::other);
  const auto keys = store_->device_keys(id.device_id).value();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].key, key);
  EXPECT_EQ(keys[0].from, sample_now);
  EXPECT_EQ(keys[1].key, another);
  EXPECT_EQ(keys[1].from, later);
  EXPECT_EQ(store_->all_device_keys().value().size(), 2U);
}

TEST_F(StoreTest, FileOfAnEarlierVersionIsRefusedAndLeftAsItIs) {
  store_.reset();
  for (const char* version : {"PRAGMA user_version = 1", "PRAGMA user_version = 4"}) {
    run_sql(version);
    for (const auto& store : {Store::open(file_), Store::open_existing(file_)}) {
      ASSERT_FALSE(store);
      EXPECT_EQ(store.error().code, ErrorCode::unsupported);
      EXPECT_THAT(store.error().message,
                  HasSubstr("records.db was written by an earlier wayside-backoffice"));
      EXPECT_THAT(store.error().message, HasSubstr("move it away and run wayside-backoffice init"));
    }
  }
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
  put(text_of(id));
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
  raw.write("\0\0\0\x07", 4);
  raw.close();
  const auto store = Store::open(file_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::unsupported);
}

TEST_F(StoreTest, VisitorThatFailsLeavesTheStoreUsable) {
  put(text_of(id));
  const auto stop = [](const Link&) -> Status { return fail(ErrorCode::io, "enough"); };
  const auto visited = store_->visit_links([](const StoredRecord&) -> Status { return {}; }, stop);
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error().message, "enough");
  EXPECT_EQ(put(picture_of(id, "plate")), Taken::accepted);
}

TEST_F(StoreTest, FolderThatIsNotThereIsSaid) {
  const auto store = Store::open(temporary_.path() / "none" / "records.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace wayside::backoffice
