// That the books see what they are there to see: a queue in a folder, and lines that do or do not fit it.
#include "tests/vm/power/books.hpp"

#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/vm/power/marked_record.hpp"
#include "tests/vm/power/power_keys.hpp"

namespace wayside::vm {
namespace {

class BooksTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(keys_);
    make_power_keys(keys_);
    doubles::TestSealer sealer = power_sealer(keys_);
    const auto queue = open_record_queue(power_queue(queue_, sealer));
    ASSERT_TRUE(queue) << queue.error().message;
    for (std::uint64_t n = 0; n < 4; ++n) {
      const RecordParts parts = marked_record(mark_of(1, n));
      const auto number = (*queue)->append({&parts, 1});
      ASSERT_TRUE(number && number->front().value() == n + 1);
    }
    ASSERT_TRUE((*queue)->acknowledge(SequenceNumber(2)));
  }
  Findings examined(const std::vector<std::string>& lines) {
    Books books;
    for (const std::string& line : lines)
      books.hear(line);
    return books.examine(queue_, keys_);
  }

  doubles::TemporaryFolder folder_;
  std::filesystem::path keys_ = folder_.path() / "keys", queue_ = folder_.path() / "queue";
  const std::string attempt_ = "attempt 1.0 1.1 1.2 1.3";
};

TEST_F(BooksTest, FindNothingWrongWhereAllFits) {
  const Findings found =
      examined({"opened", attempt_, "accepted 1=1.0 2=1.1", "accepted 3=1.2", "acknowledge 1 2"});
  EXPECT_EQ(found.problems, std::vector<std::string>{});
  EXPECT_EQ(found.recovered, 3U);
}

TEST_F(BooksTest, FindAnAcceptedRecordThatWasNeverThere) {
  const Findings found = examined({attempt_, "attempt 1.4", "accepted 5=1.4", "acknowledge 2"});
  EXPECT_EQ(found.false_acceptances, 1U);
  EXPECT_EQ(found.lost, 0U);
}

TEST_F(BooksTest, FindARecordSettledThatNobodyAcknowledged) {
  EXPECT_EQ(examined({attempt_, "accepted 1=1.0 2=1.1"}).lost, 1U);
}

TEST_F(BooksTest, FindWhatNobodyHandedIn) {
  EXPECT_EQ(examined({"attempt 1.0 1.1 1.2", "acknowledge 2"}).unattempted, 1U);
}

TEST_F(BooksTest, FindARecordUnderAnotherNumber) {
  const Findings found = examined({attempt_, "accepted 1=1.2", "acknowledge 2"});
  EXPECT_EQ(found.duplicated, 1U);
  EXPECT_EQ(found.false_acceptances, 1U);
}

TEST_F(BooksTest, FindARecordThatRotted) {
  // Somewhere in the first record of the reads, or of the hits.
  std::fstream segment(queue_ / "seg-0000", std::ios::binary | std::ios::in | std::ios::out);
  segment.seekp(8192 + 9000);
  segment.write("rotten", 6);
  segment.close();
  const Findings found = examined({attempt_, "accepted 1=1.0 3=1.2 4=1.3", "acknowledge 2"});
  EXPECT_EQ(found.lost, 1U);
  EXPECT_FALSE(found.problems.empty());
}

TEST_F(BooksTest, RefuseALineThatIsNotTheWriters) {
  EXPECT_THROW(examined({"accepted 1"}), std::runtime_error);
  EXPECT_THROW(examined({"accepted 1=1.0", "accepted 1=1.1"}), std::runtime_error);
  EXPECT_THROW(examined({"hello"}), std::runtime_error);
}

}  // namespace
}  // namespace wayside::vm
