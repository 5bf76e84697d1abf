// A disk that refuses to write: the queue sees it when it syncs, goes elsewhere, says so, and calls nothing
// accepted that is not there after the power is gone.
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/vm/power/power_fixture.hpp"

namespace wayside::vm {
namespace {

class FailingFlash : public PowerTest {
 protected:
  std::string console() {
    std::ifstream in(file("console"));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Formats the queue and writes some records; the file system stays mounted.
  void begin(VirtualMachine& guest, const std::string& device, Books& books) {
    must(guest, "modprobe ext4 && mount -o noatime " + device + " /mnt");
    guest.start(writer(1, "--groups 4"));
    hear_all(guest, books);
    ASSERT_EQ(guest.exit_code(), 0) << console();
  }
};

// One bad sector, in the middle of a segment.
TEST_F(FailingFlash, AtOneSectorMovesAGroupToAnotherSegmentAndRaisesTheAlarm) {
  Books books;
  {
    const auto guest = machine({disk_});
    ASSERT_NO_FATAL_FAILURE(begin(*guest, "/dev/vda", books));
    must(*guest, "umount /mnt");
  }
  const std::uint64_t sector = first_sector_of(disk_, "/queue/seg-0005") + 1000;
  // By qemu: dm-flakey would fail the flushes of all others too.
  const auto guest =
      machine({}, {"-blockdev", "node-name=image,driver=file,cache.no-flush=on,filename=" + disk_.string(),
                   "-blockdev",
                   fmt::format("node-name=worn,driver=blkdebug,image=image,inject-error.0.event=none,"
                               "inject-error.0.iotype=write,inject-error.0.errno=5,inject-error.0.sector={}",
                               sector),
                   "-device", "virtio-blk-pci,drive=worn"});
  must(*guest, "modprobe ext4 && mount -o noatime /dev/vda /mnt");
  // Enough to come to that segment, and beyond.
  guest->start(writer(2, "--groups 110"));
  hear_all(*guest, books);
  ASSERT_EQ(guest->exit_code(), 0) << console();
  guest->cut_power();
  EXPECT_TRUE(books.done());
  EXPECT_EQ(books.failed_syncs(), 1U) << console();
  EXPECT_EQ(books.refusals(), 0U);
  EXPECT_NE(console().find("queue_sync_failed"), std::string::npos) << console();
  EXPECT_EQ(books.accepted(), books.attempted());
  const Findings found = examine(disk_, books);
  expect_nothing_wrong(found);
  fmt::print("{} syncs failed; ", books.failed_syncs());
  print(books, found);
}

TEST_F(FailingFlash, AsAWholeHasNothingAcceptedAndWhatWasThereBeforeStays) {
  Books books;
  const auto guest = machine({disk_});
  must(*guest, "modprobe dm-flakey");
  make_dm_device(*guest, "flash", fmt::format("0 {} linear /dev/vda 0", flash_bytes / 512));
  ASSERT_NO_FATAL_FAILURE(begin(*guest, "/dev/dm-0", books));
  const std::uint64_t accepted = books.accepted();
  ASSERT_GT(accepted, 0U);
  must(*guest, fmt::format("echo 0 {} flakey /dev/vda 0 0 60 1 error_writes | dmsetup reload flash && "
                           "dmsetup suspend --noflush --nolockfs flash && dmsetup resume --noudevsync flash",
                           flash_bytes / 512));
  guest->start(writer(2, "--groups 4"));
  hear_all(*guest, books);
  EXPECT_EQ(guest->exit_code(), 2) << "it must give up in the end";
  guest->cut_power();
  EXPECT_NE(console().find("queue_sync_failed"), std::string::npos) << console();
  EXPECT_GT(books.attempted(), accepted);
  EXPECT_EQ(books.accepted(), accepted);
  const Findings found = examine(disk_, books);
  expect_nothing_wrong(found);
  fmt::print("{} groups refused; ", books.refusals());
  print(books, found);
}

}  // namespace
}  // namespace wayside::vm
