// The power of a machine is cut, again and again, while it writes records: what its kernel had not given to
// the disk is gone. The next life goes on with what the last one left.
//
// Four lives by default; the test run labelled "long" sets WAYSIDE_POWER_LIVES.
#include "tests/vm/power/power_fixture.hpp"

namespace wayside::vm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class PowerCuts : public PowerTest {
 protected:
  // Cut off somewhere in the given group, or before the first one.
  void live(std::uint64_t life, std::uint64_t group, Books& books, const std::string& options = {}) {
    const auto guest = machine({disk_});
    must(*guest, "modprobe ext4 && mount -o noatime /dev/vda /mnt");
    guest->start(writer(life, "--ask " + options));
    std::uint64_t attempts = 0;
    const auto hear = [&](steady_clock::time_point until) {
      const auto line =
          guest->next_line(std::chrono::duration_cast<milliseconds>(until - steady_clock::now()));
      if (!line) return false;
      books.hear(*line);
      const bool attempt = line->rfind("attempt", 0) == 0;
      attempts += attempt ? 1 : 0;
      if (attempt || line->rfind("acknowledge", 0) == 0) guest->say("go");
      return true;
    };
    while (attempts < group) {
      ASSERT_TRUE(hear(steady_clock::now() + std::chrono::minutes(5))) << "the writer went silent";
    }
    // Formatting takes seconds, a group some dozen milliseconds.
    const auto until = steady_clock::now() + milliseconds(below(group == 0 ? 3000 : 150));
    while (steady_clock::now() < until && hear(until)) {
    }
    ASSERT_FALSE(guest->exit_code()) << "the writer ended by itself";
    guest->cut_power();
    hear_all(*guest, books);
  }
};

TEST_F(PowerCuts, LoseNothingAcceptedOverManyLivesOnOneDisk) {
  const std::uint64_t lives = asked_for("WAYSIDE_POWER_LIVES", 4);
  Books books;
  Findings total;
  std::uint64_t life = 0;
  const auto began = steady_clock::now();
  while (life < lives && !HasFailure()) {
    SCOPED_TRACE("life " + std::to_string(++life));
    ASSERT_NO_FATAL_FAILURE(live(life, below(8) == 0 ? 0 : below(40), books));
    const Findings found = examine(disk_, books);
    expect_nothing_wrong(found);
    total += found;
  }
  const std::chrono::duration<double> took = steady_clock::now() - began;
  fmt::print("{} lives, {:.1f} s each; over all of them: ", life, took.count() / static_cast<double>(life));
  print(books, total);
  EXPECT_GT(books.accepted(), 0U);
}

TEST_F(PowerCuts, AreSeenByAWriterThatDoesNotWaitForTheDisk) {
  Books books;
  ASSERT_NO_FATAL_FAILURE(live(1, 20, books, "--no-sync"));
  const Findings found = examine(disk_, books);
  print(books, found);
  EXPECT_GT(found.lost + found.false_acceptances, 0U);
}

}  // namespace
}  // namespace wayside::vm
