// The store on a real disk, with real locks.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/device/config/store/configuration_store.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using testing::HasSubstr;

const std::string boot(32, 'a');

class StoreFilesTest : public testing::Test {
 protected:
  ConfigurationStore open() {
    auto store = ConfigurationStore::open(place_, clock_, boot);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  static void set_the_least(ConfigurationStore& store) {
    for (const Words& words : {Words{"site.name", "x"},
                               {"site.feed_id", "1"},
                               {"site.source_id", "1"},
                               {"site.camera_id", "1"},
                               {"camera.source", "libcamera"}}) {
      const Status done = store.set(words);
      EXPECT_TRUE(done) << done.error().message;
    }
  }

  doubles::TemporaryFolder folder_;
  fs::path place_ = folder_.path() / "config";
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T14:00:00Z")};
};

TEST_F(StoreFilesTest, WhatIsCommittedLiesThereAsTomlThatTheDaemonTakesToo) {
  ConfigurationStore store = open();
  ASSERT_TRUE(store.edit("alice"));
  set_the_least(store);
  ASSERT_TRUE(store.commit({"alice", "first", {}}));
  const auto loaded = load_configuration(place_ / "history" / "000001.toml");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->version, store.running()->version);
  EXPECT_FALSE(fs::exists(place_ / "candidate.toml"));
  struct stat info {};
  ASSERT_EQ(::stat((place_ / "state").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0660U) << "console and daemon are two users of one group";
  ASSERT_EQ(::stat(place_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 02770U);
}

TEST_F(StoreFilesTest, AnEditorThatDiesLeavesItsCandidateAndNoLock) {
  { static_cast<void>(open()); }
  int begun[2];
  ASSERT_EQ(::pipe(begun), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    auto store = ConfigurationStore::open(place_, clock_, boot);
    const bool done = store && store->edit("bob on ttyS0") && store->set(Words{"site", "name", "bob's"});
    static_cast<void>(!::write(begun[1], done ? "y" : "n", 1));
    for (;;)
      ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(begun[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  ConfigurationStore store = open();
  EXPECT_EQ(*store.editor(), "bob on ttyS0");
  const Status refused = store.edit("alice");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("bob on ttyS0 edits the configuration"));
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  ::close(begun[0]);
  ::close(begun[1]);
  EXPECT_EQ(*store.editor(), std::nullopt);
  ASSERT_TRUE(store.edit("alice"));
  EXPECT_EQ(store.candidate_settings()->at(0).value, "\"bob's\"");
}

TEST_F(StoreFilesTest, AProcessThatIsKilledAtAnyMomentLeavesWhatRanOrWhatItCommitted) {
  {
    ConfigurationStore store = open();
    ASSERT_TRUE(store.edit("alice"));
    set_the_least(store);
    ASSERT_TRUE(store.commit({"alice", "0", {}}));
  }
  std::uint32_t last = 1;
  for (int life = 0; life < 30; ++life) {
    const pid_t committing = ::fork();
    if (committing == 0) {
      auto store = ConfigurationStore::open(place_, clock_, boot);
      if (!store || !store->edit("bob")) ::_exit(1);
      for (int i = 0;; ++i) {
        const std::string name = std::to_string(life) + "." + std::to_string(i);
        if (!store->set(Words{"site", "name", name}) || !store->commit({"bob", name, {}})) ::_exit(1);
      }
    }
    ::usleep(static_cast<useconds_t>(10'000 + life * 8'300));
    ::kill(committing, SIGKILL);
    int status = 0;
    ::waitpid(committing, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it failed";
    ConfigurationStore store = open();
    EXPECT_EQ(store.problems(), std::vector<std::string>{});
    const auto versions = store.versions();
    ASSERT_TRUE(versions && !versions->empty());
    EXPECT_TRUE(versions->front().runs);
    EXPECT_GE(versions->front().number, last);
    EXPECT_LE(versions->size(), 22U);
    last = versions->front().number;
    // The comment says what the version is.
    if (versions->front().comment != "0") {
      EXPECT_EQ(store.running()->site.name, versions->front().comment);
    }
  }
  EXPECT_GT(last, 5U) << "nothing was committed";
}

TEST_F(StoreFilesTest, WhatAPowerCutLeftOfAFileIsSweptAway) {
  { static_cast<void>(open()); }
  std::ofstream(place_ / ".wayside-abcdef") << "half";
  std::ofstream(place_ / "history" / ".wayside-abcdef") << "half";
  static_cast<void>(open());
  EXPECT_FALSE(fs::exists(place_ / ".wayside-abcdef"));
  EXPECT_FALSE(fs::exists(place_ / "history" / ".wayside-abcdef"));
}

TEST_F(StoreFilesTest, APlaceThatIsNoFolderIsNamed) {
  std::ofstream(place_) << "a file";
  const auto store = ConfigurationStore::open(place_, clock_, boot);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr(place_.string()));
}

TEST_F(StoreFilesTest, NoLinkIsFollowed) {
  { static_cast<void>(open()); }
  const fs::path elsewhere = folder_.path() / "elsewhere";
  std::ofstream(elsewhere) << "precious";
  fs::remove(place_ / "candidate.lock");
  fs::create_symlink(elsewhere, place_ / "candidate.lock");
  ConfigurationStore store = open();
  EXPECT_FALSE(store.edit("alice"));
  EXPECT_EQ(*read_text_file(elsewhere), "precious");
}

}  // namespace
}  // namespace wayside
