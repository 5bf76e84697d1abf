// Runs in the virtual machine: appends records to the real queue and tells what it does, until it is cut off.
//
//   flash_writer KEYS QUEUE LIFE [--groups N] [--ask] [--marks DEVICE] [--no-sync]
//
// One line each, after the fact unless said otherwise:
//   opened                    the queue was formatted or recovered
//   attempt MARK...           before a group is handed to the queue
//   accepted NUMBER=MARK...   append() returned
//   refused                   append() failed; the rest of the group is handed in again
//   acknowledge NUMBER...     before
//   done FAILED_SYNCS         N groups are stored; it ends without closing the queue
//
// With --ask it goes on after "attempt" and "acknowledge" when a line has come in: then what it did is known
// to whoever cuts it off. --marks writes the same lines into the log of a dm-log-writes device. --no-sync is
// the control: a writer that takes for safe what was written, and never waits for it to be.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wayside/base/log.hpp"
#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/flash_queue.hpp"
#include "tests/vm/power/marked_record.hpp"
#include "tests/vm/power/power_keys.hpp"

namespace {

using namespace wayside;

constexpr std::size_t kept_waiting = 60;
constexpr std::size_t numbers_a_line = 16;  // a mark takes less than 480 bytes
constexpr int most_refusals = 8;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "flash_writer: %s\n", why.c_str());
  ::_exit(2);
}

class Teller {
 public:
  Teller(std::string device, bool ask) : device_(std::move(device)), ask_(ask) {
    if (device_.empty()) return;
    control_ = ::open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    if (control_ < 0) give_up("there is no /dev/mapper/control");
  }

  void say(const std::string& line) const {
    const std::string whole = line + "\n";
    if (::write(STDOUT_FILENO, whole.data(), whole.size()) < 0) give_up("nobody listens");
    if (control_ >= 0) mark(line);
  }

  // Of what is to be done.
  void announce(const std::string& line) const {
    say(line);
    if (std::string go; ask_ && !std::getline(std::cin, go)) give_up("nobody answers");
  }

 private:
  void mark(const std::string& line) const {
    std::string text = "mark " + line;
    std::replace(text.begin() + 5, text.end(), ' ', '_');  // one word is what it takes
    std::vector<char> bytes(sizeof(dm_ioctl) + sizeof(dm_target_msg) + text.size() + 1);
    dm_ioctl head{};
    head.version[0] = DM_VERSION_MAJOR;
    head.data_size = static_cast<std::uint32_t>(bytes.size());
    head.data_start = sizeof head;
    device_.copy(head.name, sizeof head.name - 1);
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head + sizeof(dm_target_msg), text.c_str(), text.size() + 1);
    if (::ioctl(control_, DM_TARGET_MSG, bytes.data()) != 0) give_up("the log takes no mark");
  }

  std::string device_;
  bool ask_;
  int control_ = -1;
};

class HastyFile : public flash::DiskFile {
 public:
  explicit HastyFile(std::unique_ptr<DiskFile> file) : file_(std::move(file)) {}
  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    return file_->read(offset, into);
  }
  Status write(std::uint64_t offset, ByteView bytes) override { return file_->write(offset, bytes); }
  Status sync() override { return {}; }

 private:
  std::unique_ptr<DiskFile> file_;
};

class HastyDisk : public flash::Disk {
 public:
  explicit HastyDisk(std::unique_ptr<Disk> disk) : disk_(std::move(disk)) {}
  Result<std::vector<Entry>> list() const override { return disk_->list(); }
  Result<std::unique_ptr<flash::DiskFile>> open(const std::string& name) override {
    auto file = disk_->open(name);
    if (!file) return fail(file.error());
    return std::make_unique<HastyFile>(std::move(*file));
  }
  Status create(const std::string& name, std::uint64_t bytes) override { return disk_->create(name, bytes); }
  Status lengthen(const std::string& name, std::uint64_t bytes) override {
    return disk_->lengthen(name, bytes);
  }
  Status remove(const std::string& name) override { return disk_->remove(name); }

 private:
  std::unique_ptr<Disk> disk_;
};

Result<std::unique_ptr<RecordQueue>> opened(const QueueOptions& options, bool sync) {
  if (sync) return open_record_queue(options);
  auto disk = flash::open_posix_disk(options.directory);
  if (!disk) return fail(disk.error());
  return flash::open_queue(std::make_unique<HastyDisk>(std::move(*disk)), options);
}

void append(RecordQueue& queue, const std::vector<std::string>& marks, const Teller& teller) {
  std::vector<RecordParts> group;
  for (const std::string& mark : marks)
    group.push_back(vm::marked_record(mark));
  int refusals = 0;
  for (std::size_t done = 0; done < group.size();) {
    const auto numbers = queue.append(std::span(group).subspan(done));
    if (!numbers) {
      teller.say("refused");
      if (++refusals == most_refusals) give_up(numbers.error().message);
      ::usleep(100'000);
      continue;
    }
    std::string line = "accepted";
    for (const SequenceNumber number : *numbers)
      line += " " + std::to_string(number.value()) + "=" + marks[done++];
    teller.say(line);
  }
}

void acknowledge(RecordQueue& queue, const Teller& teller) {
  auto waiting = queue.waiting(RecordQueue::Order::oldest_first, {}, SIZE_MAX);
  waiting.resize(waiting.size() - std::min(waiting.size(), kept_waiting));
  for (std::size_t at = 0; at < waiting.size(); at += numbers_a_line) {
    const auto some = std::span(waiting).subspan(at, std::min(numbers_a_line, waiting.size() - at));
    std::string line = "acknowledge";
    for (const WaitingRecord& one : some)
      line += " " + std::to_string(one.number.value());
    teller.announce(line);
    for (const WaitingRecord& one : some)
      static_cast<void>(queue.acknowledge(one.number));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  std::uint64_t groups = UINT64_MAX;
  bool ask = false, sync = true;
  std::string device;
  for (int i = 4; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--ask") {
      ask = true;
    } else if (word == "--no-sync") {
      sync = false;
    } else if (word == "--groups" && i + 1 < argc) {
      groups = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--marks" && i + 1 < argc) {
      device = argv[++i];
    } else {
      return 2;
    }
  }
  log::start(log::Level::info, log::Format::console);
  const std::uint64_t life = std::strtoull(argv[3], nullptr, 10);
  const Teller teller(device, ask);
  doubles::TestSealer sealer = vm::power_sealer(argv[1]);
  const auto queue = opened(vm::power_queue(argv[2], sealer), sync);
  if (!queue) give_up(queue.error().message);
  teller.say("opened");

  std::mt19937_64 random(life);
  std::uint64_t next = 0;
  for (std::uint64_t group = 0; group < groups; ++group) {
    std::vector<std::string> marks;
    std::string line = "attempt";
    for (std::uint64_t count = 1 + random() % 4; count > 0; --count) {
      marks.push_back(vm::mark_of(life, next++));
      line += " " + marks.back();
    }
    teller.announce(line);
    append(**queue, marks, teller);
    if (random() % 4 == 0) acknowledge(**queue, teller);
    if (random() % 8 == 0) static_cast<void>((*queue)->flush());
  }
  teller.say("done " + std::to_string((*queue)->depth().failed_syncs));
  ::_exit(0);
}
