// Every write, flush and mark of a guest is logged (dm-log-writes). Whatever the log was cut off at, and
// whichever of the blocks written since the last flush a disk with a cache kept: the queue of that disk has
// all that the guest had called accepted by then.
//
// Sixty such disks by default; the test run labelled "long" sets WAYSIDE_POWER_REPLAYS.
#include <algorithm>

#include "tests/vm/power/power_fixture.hpp"
#include "tests/vm/power/write_log.hpp"

namespace wayside::vm {
namespace {

namespace fs = std::filesystem;

class ReplayedCuts : public PowerTest {
 protected:
  // The writer's lives on one disk, each ended without closing the queue, and the log of it all.
  WriteLog record(std::uint64_t lives, std::uint64_t groups, const std::string& options) {
    const fs::path logged = file("logged"), log = file("log");
    fs::copy_file(disk_, logged);
    std::ofstream(log).close();
    fs::resize_file(log, (std::uint64_t{64} << 20U) + groups * lives * (std::uint64_t{1} << 20U));
    const auto guest = machine({logged, log});
    must(*guest, "modprobe ext4 && modprobe dm-log-writes");
    make_dm_device(*guest, "logged", fmt::format("0 {} log-writes /dev/vda /dev/vdb", flash_bytes / 512));
    for (std::uint64_t life = 1; life <= lives; ++life) {
      must(*guest, "mount -o noatime /dev/dm-0 /mnt");
      must(*guest, writer(life, fmt::format("--groups {} --marks logged {}", groups, options)));
      must(*guest, "umount /mnt");
    }
    must(*guest, "dmsetup remove --noudevsync --noudevrules logged");
    guest->cut_power();
    return WriteLog(log);
  }

  struct Replayed {
    std::uint64_t points = 0, with_problems = 0;
    Findings total;
    Books books;
  };
  Replayed replay(WriteLog& log, std::uint64_t points) {
    // Half of them anywhere, half where a group has just been accepted: nothing may be missing there.
    std::vector<std::size_t> all, accepted;
    for (std::size_t i = 0; i < log.entries().size(); ++i) {
      all.push_back(i);
      if (log.entries()[i].mark.rfind("accepted", 0) == 0) accepted.push_back(i);
    }
    std::vector<std::size_t> chosen;
    for (std::uint64_t i = 0; i < points; ++i) {
      const std::vector<std::size_t>& from = i % 2 == 0 || accepted.empty() ? all : accepted;
      chosen.push_back(from[below(from.size())]);
    }
    std::sort(chosen.begin(), chosen.end());
    Replayed out;
    Replay disk(log, disk_);
    std::size_t heard = 0;
    for (const std::size_t point : chosen) {
      for (; heard <= point; ++heard) {
        std::string line = log.entries()[heard].mark;
        std::replace(line.begin(), line.end(), '_', ' ');
        if (!line.empty() && line != "dm-log-writes-end") out.books.hear(line);
      }
      disk.go_to(point);
      disk.state(file("state"), below(2) == 0 ? nullptr : &random_);
      const Findings found = examine(file("state"), out.books);
      ++out.points;
      if (!found.problems.empty()) {
        ++out.with_problems;
        out.total.problems.push_back(fmt::format("with the power cut after entry {}:", point));
      }
      out.total += found;
    }
    fmt::print("{} of {} entries replayed to, {} with problems; over all of them: ", out.points,
               log.entries().size(), out.with_problems);
    print(out.books, out.total);
    return out;
  }
};

TEST_F(ReplayedCuts, LoseNothingAcceptedBeforeWhicheverWritesWereKept) {
  const std::uint64_t points = asked_for("WAYSIDE_POWER_REPLAYS", 60);
  WriteLog log = record(3, 20 + points / 10, "");
  const Replayed replayed = replay(log, points);
  expect_nothing_wrong(replayed.total);
  EXPECT_GT(replayed.books.accepted(), 0U);
}

TEST_F(ReplayedCuts, AreSeenByAWriterThatDoesNotWaitForTheDisk) {
  WriteLog log = record(1, 20, "--no-sync");
  const Replayed replayed = replay(log, 20);
  EXPECT_GT(replayed.total.lost + replayed.total.false_acceptances, 0U);
}

}  // namespace
}  // namespace wayside::vm
