#include "drivers/watchdog/watchdog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using testing::HasSubstr;

class WatchdogTest : public testing::Test {
 protected:
  // A file stands for the device: it has no limit to tell, and keeps what it was fed.
  std::filesystem::path device() {
    const auto path = folder_.path() / "watchdog";
    EXPECT_TRUE(replace_file(path, {}));
    return path;
  }
  doubles::TemporaryFolder folder_;
};

TEST_F(WatchdogTest, IsFedAndReleasedWithTheMagicLetter) {
  const auto path = device();
  auto watchdog = Watchdog::open(path, std::chrono::seconds(60));
  ASSERT_TRUE(watchdog) << watchdog.error().message;
  EXPECT_EQ(watchdog->limit(), std::chrono::seconds(63));
  EXPECT_FALSE(watchdog->restarted_the_machine());
  EXPECT_TRUE(watchdog->feed());
  EXPECT_TRUE(watchdog->feed());
  watchdog->release();
  EXPECT_TRUE(watchdog->feed()) << "of one that was released nothing is asked";
  EXPECT_EQ(read_text_file(path).value(), std::string("\0\0V", 3));
}

// As a Raspberry Pi's driver has it: what remains by 16 s is what its hardware counts, and the kernel comes
// by every 8 s.
TEST_F(WatchdogTest, NoLimitRestartsARaspberryPiBeforeItIsOver) {
  for (const int wanted : {1, 15, 16, 47, 48, 60, 100, 120, 303, 3600}) {
    const auto watchdog = Watchdog::open(device(), std::chrono::seconds(wanted));
    ASSERT_TRUE(watchdog);
    const auto limit = watchdog->limit().count();
    EXPECT_GE(limit, wanted);
    EXPECT_LE(limit, wanted + 15);
    EXPECT_TRUE(limit < 16 || limit % 16 > 8) << wanted << " became " << limit;
  }
}

TEST_F(WatchdogTest, WhoGoesWithoutAReleaseLeavesItRunning) {
  const auto path = device();
  {
    auto watchdog = Watchdog::open(path, std::chrono::seconds(60));
    ASSERT_TRUE(watchdog);
    Watchdog kept = std::move(*watchdog);
    EXPECT_TRUE(kept.feed());
  }
  EXPECT_EQ(read_text_file(path).value(), std::string("\0", 1));
}

TEST_F(WatchdogTest, OneThatCannotBeHadIsNamedWithTheRemedy) {
  const auto gone = Watchdog::open(folder_.path() / "none", std::chrono::seconds(60));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
  EXPECT_THAT(gone.error().message, HasSubstr("none is not there: load"));
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(Watchdog::open(pipe, std::chrono::seconds(60)));
  EXPECT_FALSE(Watchdog::open(folder_.path(), std::chrono::seconds(60)));
}

TEST_F(WatchdogTest, AFeedThatFailsIsSaid) {
  auto watchdog = Watchdog::open("/dev/full", std::chrono::seconds(60));
  ASSERT_TRUE(watchdog);
  EXPECT_THAT(watchdog->feed().error().message, HasSubstr("cannot be fed"));
}

TEST(NoWatchdog, AsksNothing) {
  Watchdog none;
  EXPECT_TRUE(none.feed());
  none.release();
}

}  // namespace
}  // namespace wayside
