// What lies on flash: never in clear, either the old list or the new one, and refused when anybody touched
// it.
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/device/watchlist/watch_list.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/watch_lists.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using namespace doubles;
using testing::HasSubstr;
using testing::Not;

class SealedStore : public testing::Test {
 protected:
  [[nodiscard]] fs::path file() const { return folder_.path() / "north.sealed"; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }
  void put(const std::string& bytes) const { std::ofstream(file(), std::ios::binary) << bytes; }

  TemporaryFolder folder_;
  ListOffice office_;
  const std::string first_ = office_.full(1, {watched("AB12CDE"), watched("FG34HJK")});
  const std::string second_ = office_.full(2, {watched("AB12CDE"), watched("ZZ99ZZZ")});
};

TEST_F(SealedStore, NothingOfAListIsInClearAndOnlyItsOwnerReadsIt) {
  const auto store = open_store(folder_.path(), office_);
  // Also while it is being written.
  ListUpdate update = store->begin_update();
  ASSERT_TRUE(update.append(as_bytes(first_)));
  for (int written = 0; written < 2; ++written) {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const std::string bytes = read_text_file(entry.path()).value();
      for (const char* clear : {"AB12CDE", "FG34HJK", "FORD", "boot", "north", "wayside-watchlist"})
        EXPECT_THAT(bytes, Not(HasSubstr(clear)));
      EXPECT_EQ(fs::status(entry.path()).permissions(), fs::perms(0600));
    }
    ASSERT_TRUE(written == 1 || update.finish());
  }
  EXPECT_EQ(files(), 1U);
}

TEST_F(SealedStore, APowerCutAtAnyByteLeavesTheOldListOrTheNewOne) {
  ASSERT_TRUE(update(*open_store(folder_.path(), office_), first_).result);
  const std::size_t whole = fs::file_size(file());
  std::size_t old = 0, renewed = 0;
  for (std::size_t bytes = 0; bytes <= whole + 8; bytes += bytes < 48 || bytes + 20 > whole ? 1 : 29) {
    const pid_t child = ::fork();
    if (child == 0) {
      // Writes as many bytes as are allowed, and is gone in the midst of them.
      auto store = open_store(folder_.path(), office_);
      struct rlimit limit {
        bytes, bytes
      };
      ::signal(SIGXFSZ, SIG_DFL);
      ::setrlimit(RLIMIT_FSIZE, &limit);
      ::_exit(update(*store, second_).result ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const auto store = open_store(folder_.path(), office_);
    EXPECT_EQ(store->problem(), "");
    const auto list = store->current();
    ASSERT_TRUE(list) << bytes;
    const bool is_new = list->facts().revision == 2;
    EXPECT_EQ(list->match(read_of(is_new ? "ZZ99ZZZ" : "FG34HJK"), today).hits.size(), 1U);
    EXPECT_EQ(is_new, WIFEXITED(status) && WEXITSTATUS(status) == 0) << bytes;
    EXPECT_EQ(files(), 1U) << "a piece was left behind";
    ++(is_new ? renewed : old);
    ASSERT_TRUE(!is_new || bytes >= whole);
    if (is_new) break;
  }
  EXPECT_GT(old, 100U);
  EXPECT_EQ(renewed, 1U);
}

TEST_F(SealedStore, AFullFlashIsSaidAndTheOldListStays) {
  ASSERT_TRUE(update(*open_store(folder_.path(), office_), first_).result);
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = open_store(folder_.path(), office_);
    struct rlimit limit {
      1000, 1000
    };
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto updated = update(*store, second_);
    const bool good = !updated.result && updated.wanted == ListWanted::again && files() == 1 &&
                      store->current()->facts().revision == 1;
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(SealedStore, DamageIsFoundAnywhereAndSaidWithWhatToDo) {
  ASSERT_TRUE(update(*open_store(folder_.path(), office_), first_).result);
  const std::string good = read_text_file(file()).value();
  const auto expect_unusable = [&](const std::string& bytes) {
    put(bytes);
    const auto store = open_store(folder_.path(), office_);
    EXPECT_FALSE(store->current());
    EXPECT_THAT(store->problem(), HasSubstr("get the full list"));
  };
  for (std::size_t i = 0; i < good.size(); i += 1 + i / 32) {
    std::string flipped = good;
    flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ 0x10U);
    expect_unusable(flipped);
    expect_unusable(good.substr(0, i));
  }
  expect_unusable(good + "x");
  const auto store = open_store(folder_.path(), office_);
  ASSERT_TRUE(update(*store, second_).result);
  EXPECT_EQ(store->problem(), "");
}

TEST_F(SealedStore, AnotherKeyOpensNothing) {
  ASSERT_TRUE(update(*open_store(folder_.path(), office_), first_).result);
  const auto store = open_store(folder_.path(), office_, {}, 10);
  EXPECT_FALSE(store->current());
  EXPECT_THAT(store->problem(), HasSubstr("another key"));
}

TEST_F(SealedStore, ChunksCannotChangePlaces) {
  std::vector<WatchEntry> many;
  for (int i = 0; i < 600; ++i)
    many.push_back(watched("AB" + std::to_string(i)));
  ASSERT_TRUE(update(*open_store(folder_.path(), office_), office_.full(1, many)).result);
  std::string bytes = read_text_file(file()).value();
  constexpr std::size_t sealed = (16U << 10U) + 16, body = 40 + 2050 + 16;
  ASSERT_GT(bytes.size(), body + 2 * sealed);
  std::swap_ranges(bytes.begin() + body, bytes.begin() + body + sealed, bytes.begin() + body + sealed);
  put(bytes);
  EXPECT_FALSE(open_store(folder_.path(), office_)->current());
}

TEST_F(SealedStore, AListInUseOutlivesItsReplacement) {
  const auto store = open_store(folder_.path(), office_);
  const auto list = update(*store, first_).result.value();
  ASSERT_TRUE(update(*store, second_).result);
  const auto hits = list->match(read_of("FG34HJK"), today).hits;
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(list->entry(hits[0].place).value(), watched("FG34HJK"));
}

TEST_F(SealedStore, RemovedItIsGone) {
  const auto store = open_store(folder_.path(), office_);
  ASSERT_TRUE(update(*store, first_).result);
  ASSERT_TRUE(store->remove());
  EXPECT_FALSE(store->current());
  EXPECT_EQ(files(), 0U);
  // And any revision can come.
  EXPECT_TRUE(update(*store, first_).result);
}

}  // namespace
}  // namespace wayside
