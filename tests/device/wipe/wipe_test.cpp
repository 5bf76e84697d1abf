// A wipe: nothing is left, whatever happened to it meanwhile, and the receipt shows it to anybody.
#include "wayside/device/wipe/wipe.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/device/identity/identity.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// What must not be found afterwards: a VRM as a record has it, a name, a site.
const std::vector<std::string> secrets = {"AB12CDE", "anna-the-installer", "A14 J31 eastbound",
                                          "trail-key-bytes"};

class WipeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_identity(state() / "identity"));
    device_ = device_public_key(state() / "identity").value();
    key_text_ = read_text_file(state() / "identity" / "device.key").value();
    device_id_ = read_text_file(state() / "identity" / "device-id").value().substr(0, 16);
    put("queue/seg-0001", std::string(300'000, 'x') + "AB12CDE" + std::string(1000, 'y'));
    put("queue/deep/down/seg-0002", "AB12CDE");
    put("identity/watchlists/stolen/list", "AB12CDE");
    put("accounts/anna.json", "anna-the-installer");
    put("config/running.toml", "name = \"A14 J31 eastbound\"");
    put("config/history/000001.toml", "name = \"A14 J31 eastbound\"");
    put("identity/commissioned-view", "A14 J31 eastbound");
    put("identity/authority/1.authority", "A14 J31 eastbound");
    put("audit/trail.jsonl", "anna-the-installer");
    put("audit/key", "trail-key-bytes");
  }
  void TearDown() override {
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(state(), ignored))
      if (entry.is_directory()) fs::permissions(entry.path(), fs::perms::owner_all, ignored);
  }
  fs::path state() const { return folder_.path() / "state"; }
  void put(const std::string& name, const std::string& content) const {
    fs::create_directories((state() / name).parent_path());
    std::ofstream(state() / name, std::ios::binary) << content;
  }
  Result<WipeResult> wipe_all(const std::function<void(const WipeProgress&)>& progress = {}) {
    return wipe_camera({wipe_folder(state()), state() / "identity", std::string(32, 'b')},
                       {"carl", "installer", "ttyS0", "taken down"}, things_to_wipe(state()), clock_,
                       progress);
  }
  std::vector<std::string> left() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(state())) {
      const std::string name = fs::relative(entry.path(), state()).string();
      if (!entry.is_regular_file()) continue;
      const std::string text = read_text_file(entry.path()).value_or("");
      for (const std::string& secret : secrets)
        if (text.find(secret) != std::string::npos) found.push_back(name + ": " + secret);
      if (text.find(key_text_.substr(30, 40)) != std::string::npos) found.push_back(name + ": device key");
      if (!name.starts_with("wipe/")) found.push_back(name);
    }
    return found;
  }
  std::string said(const WipeResult& result) const {
    const auto checked = check_wipe_receipt(read_text_file(result.receipt).value(), device_);
    EXPECT_TRUE(checked) << checked.error().message;
    return checked ? *checked : "";
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
  VerifyingKey device_{};
  std::string key_text_;
  std::string device_id_;
};

TEST_F(WipeTest, NothingIsLeftAndTheReceiptShowsIt) {
  ASSERT_THAT(left(), Contains(HasSubstr("AB12CDE"))) << "the test looks where the secrets are";
  ASSERT_THAT(left(), Contains(HasSubstr("device key")));
  std::vector<std::string> order;
  std::uint64_t done = 0;
  std::uint64_t of = 0;
  const auto result = wipe_all([&](const WipeProgress& at) {
    if (order.empty() || order.back() != at.thing) order.push_back(at.thing);
    EXPECT_GE(at.done_bytes, done) << "it does not go back";
    done = at.done_bytes;
    of = at.of_bytes;
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->complete);
  EXPECT_THAT(result->problems, ElementsAre(HasSubstr("no ext4 of its own")));
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_EQ(done, of);
  EXPECT_GT(of, 300'000U);
  EXPECT_EQ(order.front(), "device key");
  EXPECT_THAT(order, Contains("audit trail"));
  EXPECT_EQ(order.back(), "free space");
  const std::string text = said(*result);
  EXPECT_THAT(text, HasSubstr("device " + device_id_ + ": a wipe was begun at 2026-11-28T10:00:00.000Z"));
  EXPECT_THAT(text, HasSubstr("asked for by carl (installer) at ttyS0: taken down"));
  EXPECT_THAT(text, HasSubstr("queue: 2 files, 301014 bytes"));
  EXPECT_THAT(text, HasSubstr("complete: no file is left; what they held may be"));
  EXPECT_FALSE(is_wipe_due(wipe_folder(state())));
}

TEST_F(WipeTest, FilesAreOverwrittenBeforeTheyAreRemoved) {
  // A second name shows what becomes of the bytes.
  fs::create_hard_link(state() / "queue" / "seg-0001", folder_.path() / "still");
  fs::create_hard_link(state() / "identity" / "device.key", folder_.path() / "key");
  ASSERT_TRUE(wipe_all());
  for (const char* name : {"still", "key"}) {
    const std::string text = read_text_file(folder_.path() / name).value();
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text.find_first_not_of('\0'), std::string::npos) << name;
  }
}

TEST_F(WipeTest, ACutAtEachStepIsFinishedByTheNextStartAndTheReceiptIsStillSigned) {
  // Each call of progress is a step: the process ends there as the power would end it.
  int steps = 0;
  {
    doubles::TemporaryFolder saved(doubles::in_memory());
    fs::copy(state(), saved.path() / "state", fs::copy_options::recursive);
    ASSERT_TRUE(wipe_all([&](const WipeProgress&) { ++steps; }));
    for (int cut = 1; cut <= steps; ++cut) {
      fs::remove_all(state());
      fs::copy(saved.path() / "state", state(), fs::copy_options::recursive);
      const pid_t child = ::fork();
      if (child == 0) {
        int step = 0;
        (void)wipe_all([&](const WipeProgress&) {
          if (++step == cut) ::_exit(0);
        });
        ::_exit(1);
      }
      int status = -1;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      ASSERT_EQ(status, 0);
      EXPECT_TRUE(is_wipe_due(wipe_folder(state()))) << cut;
      const auto result = wipe_camera({wipe_folder(state()), state() / "identity", std::string(32, 'c')}, {},
                                      things_to_wipe(state()), clock_);
      ASSERT_TRUE(result);
      EXPECT_TRUE(result->resumed && result->complete) << cut;
      EXPECT_THAT(left(), IsEmpty()) << cut;
      EXPECT_THAT(said(*result), HasSubstr("carl (installer)")) << cut;
      EXPECT_THAT(said(*result), HasSubstr("queue: destroyed")) << cut;
      EXPECT_FALSE(is_wipe_due(wipe_folder(state()))) << cut;
    }
  }
  EXPECT_GT(steps, 10);
}

TEST_F(WipeTest, ACutBeforeItsEndWasTakenAwayChangesNothing) {
  std::string under_way;
  ASSERT_TRUE(wipe_all(
      [&](const WipeProgress&) { under_way = read_text_file(wipe_folder(state()) / "under-way").value(); }));
  put("wipe/under-way", under_way);
  const auto again = wipe_all();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->complete);
  EXPECT_THAT(said(*again), HasSubstr("complete: no file is left; what they held may be"));
}

// It may hold the key that signs how a wipe ended.
TEST_F(WipeTest, WhatAWipeThatWasKilledWasWritingIsRemoved) {
  const fs::path unfinished = wipe_folder(state()) / ".wayside-k1LLed";
  put("wipe/.wayside-k1LLed", "a key that signs");
  ASSERT_TRUE(wipe_all());
  EXPECT_FALSE(fs::exists(unfinished));
}

// It says which files are destroyed, and holds the key that signs that they were.
TEST_F(WipeTest, OnlyTheWordOfWhoWipesSaysThatOneIsUnderWay) {
  const fs::path file = wipe_folder(state()) / "under-way";
  std::string under_way;
  mode_t mode = 0;
  ASSERT_TRUE(wipe_all([&](const WipeProgress&) {
    under_way = read_text_file(file).value();
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    mode = info.st_mode & 0777U;
  }));
  EXPECT_EQ(mode, 0600U);
  put("accounts/anna.json", "anna-the-installer");
  const auto expect_nothing_comes_of_it = [&] {
    EXPECT_FALSE(is_wipe_due(wipe_folder(state())));
    EXPECT_THAT(remove_false_requests(wipe_folder(state())).value(), SizeIs(1));
    EXPECT_FALSE(fs::exists(file));
    EXPECT_TRUE(fs::exists(state() / "accounts" / "anna.json"));
  };
  put("wipe/under-way", under_way);
  ASSERT_EQ(::chmod(file.c_str(), 0660), 0);
  expect_nothing_comes_of_it();
  if (::geteuid() == 0) {
    put("wipe/under-way", under_way);
    ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
    expect_nothing_comes_of_it();
  }
}

// Whoever was the camera's user could have hidden something where no path leads.
TEST_F(WipeTest, NothingOutlivesItForLyingDeep) {
  int folder = ::open((state() / "queue").c_str(), O_RDONLY | O_DIRECTORY);
  for (int level = 0; level < 3000; ++level) {
    ASSERT_EQ(::mkdirat(folder, "deeper", 0700), 0);
    const int next = ::openat(folder, "deeper", O_RDONLY | O_DIRECTORY);
    ::close(folder);
    folder = next;
  }
  const int hoard = ::openat(folder, "hoard", O_CREAT | O_RDWR, 0600);
  ASSERT_EQ(::write(hoard, "AB12 CDE", 8), 8);
  ::close(folder);
  const auto result = wipe_all();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete) << result->problems.front();
  EXPECT_THAT(left(), IsEmpty());
  char found[8] = {'x'};
  EXPECT_EQ(::pread(hoard, found, 8, 0), 8);
  EXPECT_EQ(std::string(found, 8), std::string(8, '\0')) << "it was removed and not overwritten";
  ::close(hoard);
}

TEST_F(WipeTest, WhatNobodyKnowsGoesToo) {
  put(".hoard", "AB12 CDE");
  put("lost+found/#12", "a key that a power cut orphaned");
  put("update/incoming/hoard", "AB12 CDE");
  put("update/status", "{}");
  const auto result = wipe_all();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_FALSE(fs::exists(state() / ".hoard"));
  EXPECT_FALSE(fs::exists(state() / "lost+found" / "#12"));
  EXPECT_TRUE(fs::is_empty(state() / "update" / "incoming"));
  EXPECT_TRUE(fs::exists(state() / "update" / "status"));
  EXPECT_THAT(said(*result), HasSubstr("other files: destroyed"));
}

// By whoever was the camera's user, so that a wipe never ends.
TEST_F(WipeTest, ManyNamesAndNamesThatAreNoTextKeepNoneFromItsEnd) {
  for (int i = 0; i < 900; ++i)
    put(fmt::format("{:0200}", i), "AB12 CDE");
  put("b\xff", "AB12 CDE");
  std::size_t under_way = 0;
  const auto result = wipe_all([&](const WipeProgress&) {
    under_way = std::max<std::size_t>(under_way, fs::file_size(wipe_folder(state()) / "under-way"));
  });
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_LT(under_way, 32U << 10U);
  EXPECT_FALSE(fs::exists(state() / "b\xff"));
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(WipeTest, ARequestThatIsAllHoleIsNone) {
  put("wipe/requested", "");
  fs::resize_file(state() / "wipe" / "requested", std::uintmax_t{1} << 40U);
  EXPECT_FALSE(is_wipe_due(wipe_folder(state())));
  ASSERT_TRUE(request_wipe(wipe_folder(state()), {"carl", "installer", "ttyS0", "taken down"}));
  EXPECT_TRUE(is_wipe_due(wipe_folder(state())));
}

TEST_F(WipeTest, WhatIsMissingStopsNothing) {
  for (const char* name : {"queue", "identity/watchlists", "accounts", "config", "audit"})
    fs::remove_all(state() / name);
  const auto result = wipe_all();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(said(*result), HasSubstr("queue: absent"));
}

TEST_F(WipeTest, WithoutItsKeyTheCameraIsWipedAndTheReceiptSaysThatItProvesNothing) {
  for (const bool damaged : {false, true}) {
    put("queue/seg-0001", "AB12CDE");
    if (damaged) {
      put("identity/device.key", "no key");
    } else {
      fs::remove_all(state() / "identity");
    }
    const auto result = wipe_all();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(result->problems, Contains(HasSubstr("proves nothing")));
    EXPECT_THAT(left(), IsEmpty());
    const auto checked = check_wipe_receipt(result->receipt_text, device_);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::refused);
    EXPECT_THAT(checked.error().message, HasSubstr("nobody signed it"));
  }
}

TEST_F(WipeTest, WhatCannotBeRemovedIsToldAndTriedAgain) {
  if (::geteuid() == 0) {
    // Nothing is closed to root: a process without its rights finds what it may not remove.
    const pid_t child = ::fork();
    if (child == 0) {
      const bool given = ::chown(folder_.path().c_str(), 65534, 65534) == 0;
      for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
        (void)!::lchown(entry.path().c_str(), 65534, 65534);
      // One that is root's, in a folder that is root's.
      (void)!::chown((state() / "queue" / "deep").c_str(), 0, 0);
      if (!given || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
      const auto result = wipe_all();
      const bool good = result && !result->complete && !result->problems.empty() &&
                        is_wipe_due(wipe_folder(state())) &&
                        !fs::exists(state() / "identity" / "device.key") &&
                        !fs::exists(state() / "accounts" / "anna.json") &&
                        said(*result).find("NOT COMPLETE") != std::string::npos;
      ::_exit(good ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    // What it put down is root's in a camera; another user's word counts for nothing.
    ASSERT_EQ(::chown((wipe_folder(state()) / "under-way").c_str(), 0, 0), 0);
    const auto again = wipe_all();
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->complete);
    EXPECT_THAT(left(), IsEmpty());
    EXPECT_THAT(said(*again), HasSubstr("complete: no file is left; what they held may be"));
    return;
  }
  GTEST_SKIP() << "needs root to make a file that another user cannot remove";
}

TEST_F(WipeTest, FilesThatMayNotBeWrittenAreOverwrittenAllTheSame) {
  fs::permissions(state() / "queue" / "seg-0001", fs::perms::owner_read);
  fs::permissions(state() / "accounts", fs::perms::owner_read | fs::perms::owner_exec);
  const auto result = wipe_all();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(WipeTest, WhereItsOwnFolderCannotBeItDestroysAndHandsTheReceiptOver) {
  const auto result = wipe_camera({folder_.path() / "nowhere" / "wipe", state() / "identity", {}}, {},
                                  things_to_wipe(state()), clock_);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_TRUE(result->receipt.empty());
  EXPECT_THAT(result->problems, Contains(HasSubstr("the receipt could not be kept")));
  EXPECT_TRUE(check_wipe_receipt(result->receipt_text, device_));
  EXPECT_THAT(left(), IsEmpty());
}

// By whoever was the camera's user, where the wipe itself would not look.
TEST_F(WipeTest, NothingOutlivesItInItsOwnFolderOrInItsPlace) {
  std::ofstream(wipe_folder(state())) << "AB12CDE";
  auto result = wipe_all();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_THAT(left(), IsEmpty());
  ASSERT_TRUE(make_identity(state() / "identity"));
  device_ = device_public_key(state() / "identity").value();

  put("wipe/lock", "AB12CDE");
  put("wipe/receipt-0002.json", "AB12CDE");
  put("wipe/receipts/deep/receipt-0003.json", "AB12CDE");
  put("wipe/hoard", "AB12CDE");
  put("update/hoard", "AB12CDE");
  put("update/folder/hoard", "AB12CDE");
  for (const char* theirs : {"wipe/lock", "wipe/receipt-0002.json", "wipe/hoard", "update/hoard"})
    ASSERT_EQ(::chmod((state() / theirs).c_str(), 0666), 0);
  // As everywhere but here, where the group of root is root's alone.
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown((state() / "wipe/lock").c_str(), 0, 65534), 0);
  }
  result = wipe_all();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(said(*result), HasSubstr("wipe's folder: destroyed"));
  EXPECT_TRUE(fs::exists(wipe_folder(state()) / "receipt-0001.json")) << "the first receipt stays";
}

// What is named when it goes on, and was not when it began.
TEST_F(WipeTest, OneThatIsUnderWayTakesUpMore) {
  const pid_t child = ::fork();
  if (child == 0) {
    (void)wipe_all([&](const WipeProgress& at) {
      if (at.thing == "queue") ::_exit(0);
    });
    ::_exit(1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  std::ofstream(folder_.path() / "elsewhere") << "AB12CDE";
  std::vector<WipeThing> things = things_to_wipe(state());
  things.insert(things.begin() + 1, {"elsewhere", folder_.path() / "elsewhere"});
  const auto result = wipe_camera({wipe_folder(state()), state() / "identity", {}}, {}, things, clock_);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->resumed && result->complete);
  EXPECT_FALSE(fs::exists(folder_.path() / "elsewhere"));
  EXPECT_THAT(said(*result), HasSubstr("elsewhere: destroyed"));
}

TEST_F(WipeTest, OnAFullDiskItDestroysAllTheSame) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    // No byte of a new file is taken, and none of an old one either.
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_FSIZE, &none);
    const auto result = wipe_all();
    const bool told = result && testing::Value(result->problems, Contains(HasSubstr("cannot overwrite")));
    const auto said = check_wipe_receipt(result->receipt_text, device_);
    ::_exit(told && result->complete && said && said->find("queue: removed") != std::string::npos ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(WipeTest, LinksAreNotFollowed) {
  std::ofstream(folder_.path() / "elsewhere") << "somebody's";
  fs::create_directory(folder_.path() / "folder");
  std::ofstream(folder_.path() / "folder" / "file") << "somebody's";
  fs::create_symlink(folder_.path() / "elsewhere", state() / "queue" / "link");
  fs::create_symlink(folder_.path() / "folder", state() / "queue" / "folder");
  ASSERT_TRUE(wipe_all()->complete);
  EXPECT_EQ(read_text_file(folder_.path() / "elsewhere").value(), "somebody's");
  EXPECT_EQ(read_text_file(folder_.path() / "folder" / "file").value(), "somebody's");
  EXPECT_THAT(left(), IsEmpty());
}

// Into the place of what is the camera's, or beside it, by whoever was the camera's user; root's leads on.
TEST_F(WipeTest, ALinkOfAStrangersIsRemovedAndNotFollowedNorIsAnyBesideWhatIsKnown) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make another's link";
  const auto folder = [&](const std::string& name) {
    fs::create_directory(folder_.path() / name);
    std::ofstream(folder_.path() / name / "file") << "somebody's";
    return folder_.path() / name;
  };
  const auto link = [&](const fs::path& to, const std::string& name, uid_t owner) {
    fs::remove_all(state() / name);
    fs::create_symlink(to, state() / name);
    ASSERT_EQ(::lchown((state() / name).c_str(), owner, owner), 0);
  };
  link(folder("precious"), "x", 0);
  link(state() / "wipe", "y", 0);
  link(folder("queue"), "queue", 65534);
  link(folder("identity"), "identity", 65534);
  link(folder("accounts"), "accounts", 0);
  put("wipe/receipt-0001.json", "an earlier one's");
  std::ofstream(folder_.path() / "identity" / "device.key") << "somebody's";
  const auto result = wipe_all();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete);
  EXPECT_THAT(result->problems, Contains(HasSubstr("cannot get to")));
  for (const char* kept : {"precious/file", "queue/file", "identity/file", "identity/device.key"})
    EXPECT_EQ(read_text_file(folder_.path() / kept).value_or(""), "somebody's") << kept;
  EXPECT_TRUE(fs::is_empty(folder_.path() / "accounts"));
  EXPECT_EQ(read_text_file(state() / "wipe/receipt-0001.json").value_or(""), "an earlier one's");
  for (const char* gone : {"x", "y", "queue", "identity"})
    EXPECT_FALSE(fs::exists(fs::symlink_status(state() / gone))) << gone;
}

TEST_F(WipeTest, WhatWasAskedForAtTheConsoleIsDoneInThatName) {
  ASSERT_TRUE(request_wipe(wipe_folder(state()), {"anna", "installer", "ttyS0", "moved"}));
  EXPECT_TRUE(is_wipe_due(wipe_folder(state())));
  const auto result =
      wipe_camera({wipe_folder(state()), state() / "identity", {}}, {}, things_to_wipe(state()), clock_);
  ASSERT_TRUE(result);
  EXPECT_THAT(said(*result), HasSubstr("asked for by anna (installer) at ttyS0: moved"));
  EXPECT_FALSE(is_wipe_due(wipe_folder(state())));
}

TEST_F(WipeTest, AReceiptThatWasAlteredOrIsAnothersProvesNothing) {
  const std::string text = wipe_all()->receipt_text;
  ASSERT_TRUE(check_wipe_receipt(text, device_));
  for (std::size_t bit = 0; bit < 8 * text.size(); bit += 11) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto checked = check_wipe_receipt(flipped, device_);
    // The end of the last line may go; an end put into the text may not come.
    EXPECT_FALSE(checked && flipped.back() == '\n') << bit;
  }
  const std::string begun = text.substr(0, text.find('\n') + 1);
  EXPECT_THAT(check_wipe_receipt(begun, device_).value(), HasSubstr("nothing shows that it was carried out"));
  VerifyingKey other = device_;
  other[3] ^= 1;
  EXPECT_FALSE(check_wipe_receipt(text, other));
  // Another wipe's completion.
  ASSERT_TRUE(make_identity(state() / "identity"));
  const std::string second = wipe_all()->receipt_text;
  EXPECT_FALSE(check_wipe_receipt(begun + second.substr(second.find('\n') + 1), device_));
  EXPECT_TRUE(fs::exists(wipe_folder(state()) / "receipt-0002.json")) << "the first receipt stays";
}

TEST_F(WipeTest, DamagedNotesOfAWipeDoNotStopIt) {
  for (const char* content : {"", "{}\n", "rubbish"}) {
    put("wipe/under-way", content);
    put("accounts/anna.json", "anna-the-installer");
    EXPECT_TRUE(is_wipe_due(wipe_folder(state())));
    const auto result = wipe_all();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(left(), IsEmpty());
    EXPECT_FALSE(is_wipe_due(wipe_folder(state())));
  }
}

}  // namespace
}  // namespace wayside
