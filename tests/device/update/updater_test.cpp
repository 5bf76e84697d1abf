// What becomes of a request, and of a system on trial.
#include "wayside/device/update/updater.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/device/update/updater_fixture.hpp"

namespace wayside::testing_update {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

class UpdaterTest : public testing::Test {
 protected:
  void SetUp() override {
    machine_.load();
    ASSERT_TRUE(machine_.updater().started());
  }
  void update_to(const std::string& version) {
    machine_.give(version);
    ASSERT_TRUE(machine_.updater().due());
    ASSERT_TRUE(machine_.restarts) << machine_.status().reason;
    machine_.load();
    ASSERT_TRUE(machine_.updater().started());
  }
  void confirm(const Abilities& did) {
    ASSERT_TRUE(request_confirm(machine_.folder, {machine_.boot_id(), did}));
    ASSERT_TRUE(machine_.updater().due());
  }
  void expect_refused(const std::string& reason, const BootState& boot = {}) {
    EXPECT_TRUE(machine_.updater().due());
    const UpdateStatus status = machine_.status();
    EXPECT_EQ(status.state, UpdateState::refused);
    EXPECT_THAT(status.reason, HasSubstr(reason));
    EXPECT_FALSE(machine_.restarts);
    EXPECT_TRUE(machine_.is_tidy());
    EXPECT_EQ(machine_.boot(), boot);
  }

  Machine machine_;
};

TEST_F(UpdaterTest, AnUpdateIsInstalledTriedAndConfirmed) {
  machine_.give("1.1.0");
  ASSERT_TRUE(machine_.updater().due());
  EXPECT_TRUE(machine_.restarts);
  EXPECT_TRUE(machine_.is_tidy());
  EXPECT_EQ(machine_.status().state, UpdateState::installed);
  EXPECT_EQ(machine_.boot(), (BootState{BootSlot::a, BootSlot::b, 6, 0}));
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.1.0");
  ASSERT_TRUE(machine_.updater().started());
  const UpdateStatus trial = machine_.status();
  EXPECT_EQ(trial.state, UpdateState::trial);
  EXPECT_EQ(trial.version, "1.1.0");
  EXPECT_EQ(trial.from, "1.0.0");
  EXPECT_EQ(trial.boot_id, machine_.boot_id());
  EXPECT_EQ(trial.able, (Abilities{"capture", "deliver"}));
  confirm({"capture", "deliver", "more"});
  EXPECT_EQ(machine_.status().state, UpdateState::confirmed);
  EXPECT_EQ(machine_.status().confirmed, "1.1.0");
  EXPECT_EQ(machine_.boot(), (BootState{BootSlot::b, std::nullopt, 0, 0}));
  ASSERT_TRUE(machine_.updater().deadline());
  EXPECT_FALSE(machine_.restarts);
  update_to("1.2.0");
  EXPECT_EQ(machine_.running, BootSlot::a);
}

TEST_F(UpdaterTest, OnlyATrialIsGuardedByTheWatchdogLongerThanItsDeadlineAndUntilItIsConfirmed) {
  EXPECT_FALSE(machine_.guarded);
  update_to("1.1.0");
  ASSERT_TRUE(machine_.guarded);
  EXPECT_GT(*machine_.guarded, trial_deadline);
  confirm({"capture"});
  EXPECT_TRUE(machine_.guarded);
  confirm({"capture", "deliver"});
  EXPECT_FALSE(machine_.guarded);
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_FALSE(machine_.guarded);
}

TEST_F(UpdaterTest, ATrialThatNobodyConfirmedIsGivenUp) {
  update_to("1.1.0");
  ASSERT_TRUE(machine_.updater().deadline());
  EXPECT_TRUE(machine_.restarts);
  EXPECT_EQ(machine_.status().state, UpdateState::reverted);
  EXPECT_THAT(machine_.status().reason, AllOf(HasSubstr("10 minutes"), HasSubstr("capture, deliver")));
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.0.0");
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::reverted);
  EXPECT_EQ(machine_.status().version, "1.1.0");
}

// A status that can be neither read nor written stands for a disk that is full or fails.
TEST_F(UpdaterTest, ATrialEndsAtItsDeadlineWhateverElseFails) {
  update_to("1.1.0");
  fs::remove(machine_.folder.status());
  fs::create_directories(machine_.folder.status() / "in the way");
  ASSERT_TRUE(machine_.updater().deadline());
  EXPECT_TRUE(machine_.restarts);
  EXPECT_EQ(machine_.boot(), BootState{});
  EXPECT_THAT(machine_.said, Contains(HasSubstr("status")));
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.0.0");

  // Nor does a boot state that cannot be read keep it running.
  fs::remove_all(machine_.folder.status());
  ASSERT_TRUE(machine_.updater().started());
  update_to("1.1.0");
  fs::resize_file(machine_.boot_file(), 0);
  ASSERT_TRUE(machine_.updater().deadline());
  EXPECT_TRUE(machine_.restarts);
}

TEST_F(UpdaterTest, AWordOnATrialCountsOnlyIfItIsWhole) {
  update_to("1.1.0");
  confirm({"capture"});
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
  EXPECT_THAT(machine_.said, Contains(HasSubstr("did not do all")));
  ASSERT_TRUE(request_confirm(machine_.folder, {std::string(32, 'b'), {"capture", "deliver"}}));
  ASSERT_TRUE(machine_.updater().due());
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
  EXPECT_TRUE(machine_.is_tidy());
  std::ofstream(machine_.folder.confirm()) << "yes";
  ASSERT_TRUE(machine_.updater().due());
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
  EXPECT_TRUE(machine_.is_tidy());
  // In time, though the clock that asks is the deadline's.
  ASSERT_TRUE(request_confirm(machine_.folder, {machine_.boot_id(), {"capture", "deliver"}}));
  ASSERT_TRUE(machine_.updater().deadline());
  EXPECT_EQ(machine_.status().state, UpdateState::confirmed);
}

// The boot state says it already, and that is what counts.
TEST_F(UpdaterTest, AConfirmationWhoseWordCannotBeWrittenIsMadeGoodByTheNext) {
  const std::filesystem::path status = machine_.folder.status(), kept = machine_.folder.root / "kept";
  update_to("1.1.0");
  fs::rename(status, kept);
  fs::create_directories(status / "in the way");
  ASSERT_TRUE(request_confirm(machine_.folder, {machine_.boot_id(), {"capture", "deliver"}}));
  EXPECT_FALSE(machine_.updater().due());
  const BootState b_stays{BootSlot::b, std::nullopt, 0, 0};
  EXPECT_EQ(machine_.boot(), b_stays);
  fs::remove_all(status);
  fs::rename(kept, status);
  ASSERT_EQ(machine_.status().state, UpdateState::trial);
  confirm({"capture"});
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
  confirm({"capture", "deliver"});
  EXPECT_EQ(machine_.status().state, UpdateState::confirmed);
  EXPECT_EQ(machine_.status().confirmed, "1.1.0");
  EXPECT_EQ(machine_.boot(), b_stays);
  EXPECT_TRUE(machine_.is_tidy());
}

TEST_F(UpdaterTest, ASystemThatNeverComesToItsServicesGivesWay) {
  machine_.give("1.1.0");
  ASSERT_TRUE(machine_.updater().due());
  for (unsigned start = 0; start < starts_of_a_trial; ++start) {
    machine_.load();
    EXPECT_EQ(machine_.runs(), "1.1.0");
  }
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.0.0");
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::reverted);
  EXPECT_EQ(machine_.boot(), BootState{});
}

TEST_F(UpdaterTest, PowerCutsDoNotBurnATrialAndItEndsAllTheSame) {
  machine_.give("1.1.0");
  ASSERT_TRUE(machine_.updater().due());
  for (unsigned start = 1; start <= most_trial_starts + starts_of_a_trial; ++start) {
    machine_.load();
    ASSERT_EQ(machine_.runs(), "1.1.0") << start;
    ASSERT_TRUE(machine_.updater().started());
    EXPECT_EQ(machine_.status().state, UpdateState::trial);
  }
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.0.0");
}

TEST_F(UpdaterTest, AConfirmedSystemIsNeverCounted) {
  update_to("1.1.0");
  confirm({"capture", "deliver"});
  for (int start = 0; start < 300; ++start) {
    machine_.load();
    ASSERT_EQ(machine_.runs(), "1.1.0");
  }
}

TEST_F(UpdaterTest, OlderAndEqualVersionsAreRefused) {
  machine_.give("0.9.9");
  expect_refused("the bundle is version 0.9.9, and 1.0.0 runs: give a newer one");
  machine_.give("1.0.0");
  expect_refused("1.0.0 runs");
}

// The slot that holds the newest cannot be started any more: the one before it runs, and takes the same
// again, or newer.
TEST_F(UpdaterTest, NothingOlderThanWhatWasConfirmedIsInstalled) {
  update_to("1.2.0");
  confirm({"capture", "deliver"});
  machine_.unreadable = BootSlot::b;
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  // Nobody is left in the belief that it runs.
  EXPECT_EQ(machine_.status().state, UpdateState::reverted);
  EXPECT_EQ(machine_.status().version, "1.2.0");
  EXPECT_THAT(machine_.status().reason, HasSubstr("its slot could not be loaded, and 1.0.0 runs again"));
  const BootState b_stays{BootSlot::b, std::nullopt, 0, 0};
  machine_.give("1.1.0");
  expect_refused("1.2.0 was confirmed before", b_stays);
  machine_.unreadable.reset();  // written anew, it is whole
  update_to("1.2.0");
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
}

// A card that fails once: what runs then may be what was given up.
TEST_F(UpdaterTest, AConfirmedSlotThatCouldNotBeLoadedOnceStaysTheConfirmedOne) {
  update_to("1.1.0");
  ASSERT_TRUE(machine_.updater().deadline());
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  ASSERT_EQ(machine_.status().state, UpdateState::reverted);
  machine_.unreadable = BootSlot::a;
  machine_.load();
  ASSERT_EQ(machine_.runs(), "1.1.0");
  ASSERT_FALSE(machine_.on_trial);
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::reverted);
  EXPECT_EQ(machine_.boot(), BootState{});
  machine_.unreadable.reset();
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.0.0");
}

TEST_F(UpdaterTest, AConfirmedSystemThatIsLoadedAgainIsConfirmedAsBefore) {
  update_to("1.1.0");
  confirm({"capture", "deliver"});
  machine_.unreadable = BootSlot::b;
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::reverted);
  machine_.unreadable.reset();
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::confirmed);
  EXPECT_EQ(machine_.status().version, "1.1.0");
  EXPECT_THAT(machine_.status().reason, testing::IsEmpty());
  EXPECT_EQ(machine_.boot(), (BootState{BootSlot::b, std::nullopt, 0, 0}));
}

TEST_F(UpdaterTest, WhatIsInstalledIsTriedAlsoWhereThatCannotBeWrittenDown) {
  const std::filesystem::path status = machine_.folder.status(), kept = machine_.folder.root / "kept";
  machine_.once_installed = [&] {
    std::filesystem::rename(status, kept);
    std::filesystem::create_directories(status / "in the way");
  };
  machine_.give("1.1.0");
  EXPECT_TRUE(machine_.updater().due());
  EXPECT_TRUE(machine_.restarts);
  std::filesystem::remove_all(status);
  std::filesystem::rename(kept, status);
  ASSERT_EQ(machine_.status().state, UpdateState::installing);
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.1.0");
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
  EXPECT_TRUE(machine_.is_tidy());
}

TEST_F(UpdaterTest, ATrialThatCouldNotBeLoadedOnceIsTriedAgain) {
  machine_.give("1.1.0");
  ASSERT_TRUE(machine_.updater().due());
  machine_.unreadable = BootSlot::b;
  machine_.load();
  ASSERT_EQ(machine_.runs(), "1.0.0");
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_TRUE(machine_.restarts);
  machine_.unreadable.reset();
  machine_.load();
  EXPECT_EQ(machine_.runs(), "1.1.0");
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
}

TEST_F(UpdaterTest, ATrialThatIsNeverLoadedEndsWhetherTheLoaderCanCountOrNot) {
  for (const bool counts : {true, false}) {
    machine_.give(counts ? "1.1.0" : "1.2.0");
    ASSERT_TRUE(machine_.updater().due());
    machine_.unreadable = BootSlot::b;
    machine_.loader_counts = counts;
    unsigned starts = 0;
    do {
      ASSERT_LE(++starts, starts_of_a_trial + 1);
      machine_.load();
      ASSERT_EQ(machine_.runs(), "1.0.0");
      ASSERT_TRUE(machine_.updater().started());
    } while (machine_.restarts);
    EXPECT_EQ(machine_.status().state, UpdateState::reverted);
    EXPECT_EQ(machine_.boot(), BootState{});
  }
}

TEST_F(UpdaterTest, OtherBoardsAndOtherVersionsThanAskedForAreRefused) {
  machine_.compatible = "wayside-other\x1b[2J";
  machine_.give("1.1.0");
  expect_refused("the bundle is for \"wayside-other\\u001b[2J\", and this camera is a wayside-test");
  machine_.compatible = "wayside-test";
  const std::string other = "7.0.0";
  std::ofstream(machine_.folder.bundle()) << other;
  ASSERT_TRUE(request_install(machine_.folder, {"1.1.0", to_hex(sha256(as_bytes(other))), {}}));
  expect_refused("the bundle is version \"7.0.0\", and 1.1.0 was asked for");
  std::ofstream(machine_.folder.bundle()) << "1.1.0-rc1";
  ASSERT_TRUE(request_install(machine_.folder, {"1.1.0", to_hex(sha256(as_bytes("1.1.0-rc1"))), {}}));
  expect_refused("was asked for");
}

TEST_F(UpdaterTest, WhatRaucDoesNotTakeIsRefusedInItsWords) {
  machine_.look_fails = "signature verification failed: give another";
  machine_.give("1.1.0");
  expect_refused("signature verification failed");
  machine_.look_fails.reset();
  machine_.install_fails = "no space";
  machine_.give("1.1.0");
  expect_refused("no space");
  EXPECT_EQ(machine_.slots[BootSlot::b], "torn");
}

TEST_F(UpdaterTest, ABundleThatIsNotTheOneAskedForOrNotThereIsRefused) {
  machine_.give("1.1.0");
  std::ofstream(machine_.folder.bundle(), std::ios::app) << "x";
  expect_refused("not the one that was asked for");
  machine_.give("1.1.0");
  fs::remove(machine_.folder.bundle());
  expect_refused("there is no bundle");
}

// Who has it open could exchange it between the judgement and the installation.
TEST_F(UpdaterTest, ABundleThatSomebodyCanStillWriteToIsRefused) {
  {
    machine_.give("1.1.0");
    const std::ofstream still_open(machine_.folder.bundle(), std::ios::app);
    expect_refused("is still open for writing");
  }
  {
    machine_.give("1.1.0");
    const int file = ::open(machine_.folder.bundle().c_str(), O_RDWR | O_CLOEXEC);
    void* const mapped = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ASSERT_NE(mapped, MAP_FAILED);
    ::close(file);
    expect_refused("is still open for writing");
    ::munmap(mapped, 1);
  }
  machine_.give("1.1.0");
  const std::ifstream reader(machine_.folder.bundle());
  ASSERT_TRUE(machine_.updater().due());
  EXPECT_EQ(machine_.status().state, UpdateState::installed);
}

TEST_F(UpdaterTest, ASystemOnTrialThatIsNoNewerThanWhatRanIsGivenUpAtOnce) {
  machine_.give("1.1.0");
  ASSERT_TRUE(machine_.updater().due());
  machine_.slots[BootSlot::b] = "0.9.0";  // whoever wrote it there
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_TRUE(machine_.restarts);
  EXPECT_EQ(machine_.status().state, UpdateState::reverted);
  EXPECT_THAT(machine_.status().reason, HasSubstr("give a newer one"));
  EXPECT_EQ(machine_.boot(), BootState{});
}

TEST_F(UpdaterTest, NoLinkIsFollowedOutOfIncoming) {
  const fs::path secret = machine_.folder.root / "secret";
  std::ofstream(secret) << "1.1.0";
  ASSERT_EQ(::chmod(secret.c_str(), 0640), 0);
  for (const bool symbolic : {true, false}) {
    machine_.give("1.1.0");
    fs::remove(machine_.folder.bundle());
    if (symbolic) {
      fs::create_symlink(secret, machine_.folder.bundle());
    } else {
      fs::create_hard_link(secret, machine_.folder.bundle());
    }
    expect_refused(symbolic ? "is a link" : "has another name");
    struct stat info {};
    ASSERT_EQ(::stat(secret.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0640U);
    EXPECT_EQ(read_text_file(secret).value(), "1.1.0");
  }
  fs::create_directories(machine_.folder.bundle() / "deep");
  ASSERT_TRUE(request_install(machine_.folder, {"1.1.0", std::string(64, '0'), {}}));
  EXPECT_TRUE(machine_.updater().due());
  EXPECT_EQ(machine_.status().state, UpdateState::refused);
  ASSERT_EQ(::mkfifo(machine_.folder.bundle().c_str(), 0600), 0);
  ASSERT_TRUE(request_install(machine_.folder, {"1.1.0", std::string(64, '0'), {}}));
  EXPECT_TRUE(machine_.updater().due());
  EXPECT_THAT(machine_.status().reason, HasSubstr("is no file"));
}

TEST_F(UpdaterTest, WhatIsNobodysInIncomingIsRemovedAtTheNextStart) {
  machine_.give("1.1.0");
  std::ofstream(machine_.folder.incoming() / "hoard") << "x";
  fs::create_directories(machine_.folder.incoming() / "more" / "deep");
  std::ofstream(machine_.folder.incoming() / "told") << "{}";
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_FALSE(machine_.is_there(machine_.folder.incoming() / "hoard"));
  EXPECT_FALSE(machine_.is_there(machine_.folder.incoming() / "more"));
  EXPECT_TRUE(machine_.is_there(machine_.folder.incoming() / "told"));
  EXPECT_TRUE(machine_.is_there(machine_.folder.bundle()));
  EXPECT_TRUE(machine_.is_there(machine_.folder.install()));
}

// Deeper than a process may have descriptors, and than a path may be long.
TEST_F(UpdaterTest, AFolderOfAnyDepthInTheWayIsTakenAway) {
  const auto deep = [&](const fs::path& top) {
    fs::create_directory(top);
    int at = ::open(top.c_str(), O_RDONLY | O_DIRECTORY);
    for (int level = 0; level < 3000; ++level) {
      ASSERT_EQ(::mkdirat(at, "deeper", 0700), 0);
      const int next = ::openat(at, "deeper", O_RDONLY | O_DIRECTORY);
      ::close(at);
      at = next;
    }
    ::close(at);
  };
  deep(machine_.folder.bundle());
  ASSERT_TRUE(request_install(machine_.folder, {"1.1.0", std::string(64, '0'), {}}));
  expect_refused("is no file");
  deep(machine_.folder.install());
  deep(machine_.folder.confirm());
  EXPECT_TRUE(machine_.updater().due());
  EXPECT_TRUE(fs::is_empty(machine_.folder.incoming()));
  update_to("1.1.0");
  EXPECT_EQ(machine_.runs(), "1.1.0");
}

TEST_F(UpdaterTest, WhatIsNoRequestIsRemovedAndChangesNothing) {
  const auto expect_gone = [&] {
    EXPECT_TRUE(machine_.updater().due());
    EXPECT_FALSE(machine_.is_there(machine_.folder.install()));
    EXPECT_EQ(machine_.status(), UpdateStatus{});
  };
  std::ofstream(machine_.folder.install()) << "install it";
  expect_gone();
  std::ofstream(machine_.folder.install()) << std::string(largest_update_file_bytes + 1, ' ');
  expect_gone();
  fs::create_symlink("/etc/passwd", machine_.folder.install());
  expect_gone();
  EXPECT_TRUE(fs::exists("/etc/passwd"));
  fs::create_directories(machine_.folder.install() / "deep");
  expect_gone();
  ASSERT_EQ(::mkfifo(machine_.folder.install().c_str(), 0600), 0);
  expect_gone();
}

TEST_F(UpdaterTest, NothingIsInstalledDuringATrialAndTheTrialStands) {
  update_to("1.1.0");
  const UpdateStatus before = machine_.status();
  machine_.give("1.2.0");
  ASSERT_TRUE(machine_.updater().due());
  EXPECT_EQ(machine_.status(), before);
  EXPECT_FALSE(machine_.is_there(machine_.folder.install()));
  EXPECT_THAT(machine_.said, Contains(HasSubstr("on trial already")));
  EXPECT_EQ(machine_.slots[BootSlot::a], "1.0.0");
}

TEST_F(UpdaterTest, ADamagedStatusAsksAllOfATrial) {
  update_to("1.1.0");
  std::ofstream(machine_.folder.status()) << "?";
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::trial);
  EXPECT_EQ(machine_.status().able, (Abilities{"capture", "deliver"}));
}

TEST_F(UpdaterTest, ADamagedStatusIsWrittenAnewAtTheNextStart) {
  std::ofstream(machine_.folder.status()) << "?";
  machine_.load();
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.status().state, UpdateState::none);
  EXPECT_EQ(machine_.status().confirmed, "1.0.0");
}

TEST_F(UpdaterTest, ADamagedBootStateIsMendedByWhatRuns) {
  std::ofstream(machine_.boot_file()) << std::string(8192, 'x');
  machine_.running = BootSlot::b;
  machine_.slots[BootSlot::b] = "1.0.0";
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_EQ(machine_.boot(), (BootState{BootSlot::b, std::nullopt, 0, 0}));
  std::fstream(machine_.boot_file(), std::ios::in | std::ios::out).write("y", 1);
  ASSERT_TRUE(machine_.updater().started());
  EXPECT_FALSE(read_boot_state(machine_.boot_file())->one_copy);
}

}  // namespace
}  // namespace wayside::testing_update
