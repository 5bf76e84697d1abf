// The log of a dm-log-writes device: every write that a guest did, in an order in which they may have become
// durable, with its flushes and its marks. Replayed up to any entry it is the disk of a guest that lost power
// there.
//
// How it is laid out (Linux, drivers/md/dm-log-writes.c), little-endian, all in sectors of 512 bytes. Sector
// 0: magic 0x6a736677736872, version 1, count of entries (8 bytes each), sector size (4). Each entry from
// sector 1 on: sector, count of sectors, flags, length of a mark (8 bytes each), the mark; its data follow in
// the next sectors. Writes are logged when the flush after them completes, in front of it; FUA writes when
// they complete.
//
// Threads: one. Failure: std::runtime_error where it is not such a log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace wayside::vm {

struct LoggedWrite {
  std::uint64_t sector = 0;  // on the device
  std::uint64_t sectors = 0;
  bool flush = false;  // everything before it is durable
  bool fua = false;    // its own data are
  std::string mark;
  std::uint64_t data_offset = 0;  // in the log
};

class WriteLog {
 public:
  explicit WriteLog(const std::filesystem::path& file);
  [[nodiscard]] const std::vector<LoggedWrite>& entries() const { return entries_; }

  // Writes the entry's data to the image; with `random` only some of its 4 KiB blocks.
  void apply(std::size_t entry, std::fstream& image, std::mt19937_64* random = nullptr);

 private:
  std::ifstream in_;
  std::vector<LoggedWrite> entries_;
};

// The states of a disk along a log, one after the other. The image starts as the one that was logged.
class Replay {
 public:
  Replay(WriteLog& log, std::filesystem::path image) : log_(log), image_(std::move(image)) {}

  // The image becomes what is durable for sure when the power goes just after the entry: not before the last
  // call's entry.
  void go_to(std::size_t entry);
  // Makes a copy of it and writes there what else may be: all since the last flush, or with `random` any
  // blocks of it in any combination, those apart that were written with FUA.
  void state(const std::filesystem::path& copy, std::mt19937_64* random);

 private:
  WriteLog& log_;
  std::filesystem::path image_;
  std::size_t next_ = 0;               // the first entry not yet looked at
  std::vector<std::size_t> volatile_;  // those looked at since the last flush
};

}  // namespace wayside::vm
