// What keeping a record costs, beside SQLite in the same run: bytes that reach the device, flushes, records a
// second, the slowest appends; how long a full queue takes to open; what its index takes in memory, and what
// the uploader's questions to it cost when hundreds of thousands of reads wait, as a share of a walk over all
// of them.
//
//   queue_bench [--dir DIR] [--block-device NAME] [--records N] [--segments N]
//
// --dir: an empty folder on the device to be measured (a folder of the system's for temporary files
// otherwise). --block-device: its name in /sys/block, e.g. loop0; bytes and flushes are then the device's
// own, journal and all. Without it bytes are those that the kernel says this process sent to storage, and
// flushes the calls that ask for one. --records: in each measurement. --segments: of 8 MiB, of the full
// queue; 1024 make 8 GiB. As a test it is run as briefly as it can be (--benchmark_min_time, as for the
// others).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <malloc.h>
#include <sqlite3.h>
#include <unistd.h>

#include "wayside/base/log.hpp"

#include "src/delivery/queue/flash_queue.hpp"
#include "src/delivery/queue/queue_index.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/test_sealer.hpp"

namespace {

using namespace wayside;
using namespace wayside::flash;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t record_bytes = 30'000;

void check(bool good, const std::string& what) {
  if (good) return;
  std::fprintf(stderr, "queue_bench: %s\n", what.c_str());
  std::exit(1);
}

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Counts what asks the device for a flush.
class CountingFile final : public DiskFile {
 public:
  CountingFile(std::unique_ptr<DiskFile> file, std::uint64_t& syncs)
      : file_(std::move(file)), syncs_(syncs) {}
  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    return file_->read(offset, into);
  }
  void will_read(std::uint64_t offset, std::uint64_t bytes) const override {
    file_->will_read(offset, bytes);
  }
  Status write(std::uint64_t offset, ByteView bytes) override { return file_->write(offset, bytes); }
  Status sync() override {
    ++syncs_;
    return file_->sync();
  }

 private:
  std::unique_ptr<DiskFile> file_;
  std::uint64_t& syncs_;
};

class CountingDisk final : public Disk {
 public:
  CountingDisk(std::unique_ptr<Disk> disk, std::uint64_t& syncs) : disk_(std::move(disk)), syncs_(syncs) {}
  Result<std::vector<Entry>> list() const override { return disk_->list(); }
  Result<std::unique_ptr<DiskFile>> open(const std::string& name) override {
    Result<std::unique_ptr<DiskFile>> file = disk_->open(name);
    if (!file) return file;
    return std::make_unique<CountingFile>(std::move(*file), syncs_);
  }
  Status create(const std::string& name, std::uint64_t bytes) override { return disk_->create(name, bytes); }
  Status lengthen(const std::string& name, std::uint64_t bytes) override {
    return disk_->lengthen(name, bytes);
  }
  Status remove(const std::string& name) override { return disk_->remove(name); }

 private:
  std::unique_ptr<Disk> disk_;
  std::uint64_t& syncs_;
};

struct Traffic {
  std::uint64_t bytes = 0;
  std::uint64_t flushes = 0;
};

struct Options {
  fs::path folder;
  std::string block_device;
  std::size_t records = 2000;
  std::uint32_t segments = 64;
};

// Of the device, or of this process; its flushes only where the device tells them.
Traffic traffic(const Options& options) {
  Traffic out;
  if (options.block_device.empty()) {
    std::ifstream io("/proc/self/io");
    for (std::string key; io >> key;) {
      std::uint64_t value = 0;
      io >> value;
      if (key == "write_bytes:") out.bytes = value;
    }
    return out;
  }
  std::ifstream stat("/sys/block/" + options.block_device + "/stat");
  const std::vector<std::uint64_t> fields{std::istream_iterator<std::uint64_t>(stat), {}};
  check(fields.size() >= 16, "/sys/block/" + options.block_device + "/stat tells no flushes");
  out.bytes = fields[6] * 512;
  out.flushes = fields[15];
  return out;
}

RecordParts record_of(std::size_t bytes) {
  RecordParts parts;
  parts.document.assign(1500, '{');
  parts.plate.assign(3500, 0x5A);
  parts.overview.assign(bytes - 5000, 0xA5);
  return parts;
}

void report(const std::string& name, const Options& options, std::size_t records, Traffic before,
            Traffic after, std::uint64_t syncs, double all_ms, std::vector<double> each_ms) {
  std::sort(each_ms.begin(), each_ms.end());
  const double n = static_cast<double>(records);
  const std::uint64_t flushes = options.block_device.empty() ? syncs : after.flushes - before.flushes;
  std::printf("%-57s %6.3f bytes/payload  %5s flushes/record  %7.0f records/s  p50 %6.2f ms  p99 %7.2f ms\n",
              name.c_str(), static_cast<double>(after.bytes - before.bytes) / (n * record_bytes),
              flushes == 0 ? "?" : std::to_string(static_cast<double>(flushes) / n).substr(0, 5).c_str(),
              1000 * n / all_ms, each_ms[each_ms.size() / 2], each_ms[each_ms.size() * 99 / 100]);
}

// How long after its record was kept the back office has it, counted in records: at once, and after a minute
// without a link at six vehicles a second. It matters to what reuses the space of a delivered record.
constexpr std::size_t at_once = 0;
constexpr std::size_t a_minute = 360;

std::string name_of(const char* what, std::size_t later) {
  return std::string(what) + (later == at_once ? ", delivered at once" : ", a minute later");
}

// Appended in groups and delivered, over segments that were written before: a queue in its second round.
void queue_cost(const Options& options, std::uint32_t group, std::size_t later) {
  const fs::path folder = options.folder / "queue";
  fs::remove_all(folder);
  doubles::TestSealer sealer;
  std::uint64_t syncs = 0;
  QueueOptions queue_options;
  queue_options.directory = folder;
  queue_options.segments = 6;
  queue_options.group_records = group;
  queue_options.sealer = &sealer;
  auto disk = open_posix_disk(folder);
  check(disk.has_value(), "the queue's folder cannot be opened");
  auto queue = open_queue(std::make_unique<CountingDisk>(std::move(*disk), syncs), queue_options);
  check(queue.has_value(), "the queue cannot be opened");
  const std::vector<RecordParts> records(group, record_of(record_bytes));
  ::sync();
  const Traffic before = traffic(options);
  syncs = 0;
  std::vector<double> each;
  std::deque<SequenceNumber> waiting;
  const auto start = Clock::now();
  for (std::size_t i = 0; i < options.records; i += group) {
    const auto append = Clock::now();
    const auto numbers = (*queue)->append(records);
    each.push_back(ms_since(append));
    check(numbers && numbers->size() == group, "an append failed");
    waiting.insert(waiting.end(), numbers->begin(), numbers->end());
    for (; waiting.size() > later; waiting.pop_front())
      check((*queue)->acknowledge(waiting.front()).has_value(), "an acknowledgement failed");
  }
  const double all = ms_since(start);
  check((*queue)->flush().has_value(), "the queue cannot be flushed");
  ::sync();
  report(name_of(group == 1 ? "queue, one record a sync" : "queue, four a sync", later), options,
         options.records, before, traffic(options), syncs, all, std::move(each));
}

void sql(sqlite3* db, const std::string& statement) {
  char* error = nullptr;
  check(sqlite3_exec(db, statement.c_str(), nullptr, nullptr, &error) == SQLITE_OK,
        statement + ": " + (error == nullptr ? "" : error));
}

void sqlite_cost(const Options& options, bool secure_delete, std::size_t group, std::size_t later) {
  const fs::path folder = options.folder / "sqlite";
  fs::remove_all(folder);
  fs::create_directories(folder);
  sqlite3* db = nullptr;
  check(sqlite3_open((folder / "records.db").c_str(), &db) == SQLITE_OK, "SQLite cannot open its file");
  sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=" +
              std::string(secure_delete ? "ON" : "OFF") +
              "; CREATE TABLE records(number INTEGER PRIMARY KEY, class INTEGER, sealed BLOB)");
  sqlite3_stmt* insert = nullptr;
  check(sqlite3_prepare_v2(db, "INSERT INTO records VALUES(?, 0, ?)", -1, &insert, nullptr) == SQLITE_OK,
        "SQLite refuses the insertion");
  Bytes blob(record_bytes + 500);
  for (std::size_t i = 0; i < blob.size(); ++i)
    blob[i] = static_cast<std::uint8_t>(i * 2654435761U >> 13U);
  ::sync();
  const Traffic before = traffic(options);
  std::vector<double> each;
  const auto start = Clock::now();
  // Delivered ones are deleted in the transaction of later ones, as lazily as the queue acknowledges.
  constexpr std::size_t lazy = 64;
  for (std::size_t i = 0; i < options.records; i += group) {
    const auto append = Clock::now();
    sql(db, "BEGIN IMMEDIATE");
    for (std::size_t k = 0; k < group; ++k) {
      sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(i + k + 1));
      sqlite3_bind_blob(insert, 2, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
      check(sqlite3_step(insert) == SQLITE_DONE, "an insertion failed");
      sqlite3_reset(insert);
    }
    if (i >= later && (i / group) % (lazy / group) == 0)
      sql(db, "DELETE FROM records WHERE number <= " + std::to_string(i - later));
    sql(db, "COMMIT");
    each.push_back(ms_since(append));
  }
  const double all = ms_since(start);
  sqlite3_finalize(insert);
  sqlite3_close(db);
  ::sync();
  report(name_of(secure_delete ? "SQLite secure_delete, one a commit"
                               : "SQLite no secure_delete, four a commit",
                 later),
         options, options.records, before, traffic(options), 0, all, std::move(each));
}

void recovery_time(const Options& options) {
  const fs::path folder = options.folder / "full";
  fs::remove_all(folder);
  doubles::TestSealer sealer;
  QueueOptions queue_options;
  queue_options.directory = folder;
  queue_options.segments = options.segments;
  queue_options.group_records = 64;
  queue_options.sealer = &sealer;
  std::uint64_t waiting = 0;
  {
    auto queue = open_record_queue(queue_options);
    check(queue.has_value(), queue ? "" : queue.error().message);
    // Until every segment but the one that is always kept free is full: reads first, then hits.
    std::vector<RecordParts> records(64, record_of(record_bytes));
    const auto fill_down_to = [&](std::uint32_t free) {
      while ((*queue)->depth().segments_free > free)
        check((*queue)->append(records).has_value(), "an append failed");
    };
    fill_down_to(std::max(options.segments / 8, 2U));
    for (RecordParts& parts : records)
      parts.record_class = RecordClass::hit;
    fill_down_to(1);
    waiting = (*queue)->depth().unacknowledged;
  }
  ::sync();
  const int caches = ::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
  const bool cold = caches >= 0 && ::write(caches, "3", 1) == 1;
  if (caches >= 0) ::close(caches);
  const auto start = Clock::now();
  auto queue = open_record_queue(queue_options);
  const double ms = ms_since(start);
  check(queue && (*queue)->depth().unacknowledged == waiting, "what waited does not wait any more");
  std::printf("a full queue of %u segments (%.1f GiB, %llu records waiting) opens in %.0f ms, %s\n",
              options.segments, static_cast<double>(options.segments) / 128.0,
              static_cast<unsigned long long>(waiting), ms, cold ? "nothing cached" : "cached");
  queue->reset();
  fs::remove_all(folder);
}

template <class Ask>
double us_each(Ask ask, int times) {
  const auto start = Clock::now();
  for (int i = 0; i < times; ++i)
    ask();
  return 1000 * ms_since(start) / times;
}

// The uploader asks for hits before every batch; in an outage nearly all that waits are reads.
void index_questions(const QueueIndex& index) {
  using Order = RecordQueue::Order;
  constexpr std::size_t a_batch = 16;
  std::uint64_t bytes = 0;
  const double walk = us_each(
      [&] {
        for (const SegmentState& segment : index.segments())
          for (const Entry& entry : segment.records.entries())
            bytes += entry.record_class() == RecordClass::hit ? 0 : entry.bytes();
      },
      20);
  check(bytes != 0, "nothing waits");
  const auto tell = [&](const char* name, std::size_t expected, Order order,
                        std::optional<RecordClass> only) {
    std::size_t found = 0;
    const double us = us_each([&] { found = index.waiting(order, {}, a_batch, only).size(); }, 2000);
    check(found == expected, std::string(name) + ": not what waits");
    std::printf("%s: %.1f us, 1/%.0f of a walk over all records (%.0f us)\n", name, us, walk / us, walk);
  };
  tell("newest hits, of which 8 wait", 8, Order::newest_first, RecordClass::hit);
  tell("newest 16 of all", a_batch, Order::newest_first, {});
  tell("oldest 16 of all", a_batch, Order::oldest_first, {});
}

void index_memory() {
  constexpr std::uint64_t records = 480'000;
  constexpr std::uint32_t segments = 1024;
  const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  QueueIndex index(segments + 1);
  for (std::uint64_t n = 1; n <= records; ++n) {
    const auto segment = static_cast<std::uint32_t>(n * segments / (records + 1));
    index.segments()[segment].log = Log::reads;
    index.add({segment,
               Entry(n, 8192 + 64 * (n % 469), 17'856, RecordType::capture, RecordClass::ordinary, true),
               {}});
  }
  for (SegmentState& segment : index.segments())
    segment.records.close();
  const std::size_t after = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  std::printf("the index of %llu waiting records takes %.1f MB\n", static_cast<unsigned long long>(records),
              static_cast<double>(after - before) / 1e6);
  // Beside them the protected log: hits among as many other records as some weeks of ledger make.
  for (std::uint64_t n = 1; n <= 400; ++n) {
    const auto record_class = n % 50 == 0 ? RecordClass::hit : RecordClass::ledger;
    const auto type = n % 50 == 0 ? RecordType::capture : RecordType::coverage;
    index.segments()[segments].log = Log::guarded;
    index.add({segments, Entry(records + n, 8192 + 1024 * n, 960, type, record_class, true), {}});
  }
  index_questions(index);
}

}  // namespace

int main(int argc, char** argv) {
  log::start(log::Level::error, log::Format::console);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name.rfind("--benchmark_min_time", 0) == 0) {
      options.records = 64;
      options.segments = 6;
      continue;
    }
    check(i + 1 < argc, name + " needs a value; see the head of tests/bench/queue_bench.cpp");
    const std::string value = argv[++i];
    if (name == "--dir") {
      options.folder = value;
    } else if (name == "--block-device") {
      options.block_device = value;
    } else if (name == "--records") {
      options.records = std::strtoull(value.c_str(), nullptr, 10) / 4 * 4;
    } else if (name == "--segments") {
      options.segments = static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
    } else {
      check(false, name + " is no option; see the head of tests/bench/queue_bench.cpp");
    }
  }
  const doubles::TemporaryFolder temporary;
  if (options.folder.empty()) options.folder = temporary.path();
  std::printf("records of %zu bytes, in %s, bytes and flushes of %s\n", record_bytes, options.folder.c_str(),
              options.block_device.empty() ? "this process" : options.block_device.c_str());
  for (const std::size_t later : {at_once, a_minute}) {
    queue_cost(options, 1, later);
    queue_cost(options, 4, later);
    sqlite_cost(options, true, 1, later);
    sqlite_cost(options, false, 4, later);
  }
  index_memory();
  recovery_time(options);
  return 0;
}
