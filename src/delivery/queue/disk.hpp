// The one door to the device: fixed files, written in place. Tests put a faulty device behind it.
//
// Threads: read() from any; write() and sync() of one file from one thread at a time. Ownership: files
// outlive their Disk. Failure: io, or exhausted when the device is full; the message names the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::flash {

class DiskFile {
 public:
  virtual ~DiskFile() = default;
  // All of `into`, or a failure: reading past the end is one.
  [[nodiscard]] virtual Status read(std::uint64_t offset, std::span<std::uint8_t> into) const = 0;
  [[nodiscard]] virtual Status write(std::uint64_t offset, ByteView bytes) = 0;
  // Only after this succeeded is what was written durable. After a failure it says nothing about the earlier
  // writes, however often it is asked again.
  [[nodiscard]] virtual Status sync() = 0;
  // These bytes will be read soon: the device may fetch them meanwhile. Returns without waiting for them.
  virtual void will_read(std::uint64_t /*offset*/, std::uint64_t /*bytes*/) const {}
};

class Disk {
 public:
  virtual ~Disk() = default;
  struct Entry {
    std::string name;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] virtual Result<std::vector<Entry>> list() const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<DiskFile>> open(const std::string& name) = 0;
  // Makes it `bytes` long, of written zeros (no holes: appending must not allocate), durable with its name.
  // Replaces one of that name.
  [[nodiscard]] virtual Status create(const std::string& name, std::uint64_t bytes) = 0;
  // Writes zeros behind what a file holds until it is `bytes` long, durable; what it holds stays.
  [[nodiscard]] virtual Status lengthen(const std::string& name, std::uint64_t bytes) = 0;
  // No failure when it is not there.
  [[nodiscard]] virtual Status remove(const std::string& name) = 0;
  // Bytes that new files may take; nothing: it cannot say.
  [[nodiscard]] virtual std::optional<std::uint64_t> room() const { return std::nullopt; }
};

// Makes the directory when absent and locks it. unavailable: another process holds the lock.
[[nodiscard]] Result<std::unique_ptr<Disk>> open_posix_disk(const std::filesystem::path& directory);
// To look at a directory that must not be changed, or cannot be: without a lock; all but list(), open() and
// read() fails, and reading behind a file's end gives zeros.
[[nodiscard]] Result<std::unique_ptr<Disk>> open_read_only_disk(const std::filesystem::path& directory);

}  // namespace wayside::flash
