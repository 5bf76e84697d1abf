// A device in memory that forgets: writes reach it in 4 KiB blocks, and only a successful sync makes them
// stay.
//
// A FaultyDevice outlives the queues that are opened on it, as a card outlives the power; each queue gets a
// Disk on it. Threads: none. Everything random comes from the seed handed in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/delivery/queue/disk.hpp"

namespace wayside::flash::testing {

inline constexpr std::uint64_t device_block = 4096;

class FaultyDevice {
 public:
  static constexpr std::uint64_t never = UINT64_MAX;

  // Faults, set by the test.
  std::uint64_t power_off_after_blocks = never;  // this many blocks are taken, then nothing works any more
  std::uint64_t fail_sync_from = never;          // the nth sync (from 0) ...
  std::uint64_t fail_sync_count = 1;             // ... and so many in all fail
  std::uint64_t fail_write_from = never;         // the same for the nth write
  std::uint64_t fail_write_count = 1;
  std::uint64_t room_bytes = never;  // for all files together
  bool knows_its_room = false;
  bool refuses_to_open = false;      // as to a user who may not
  bool refuses_to_read = false;

  // What happened.
  std::uint64_t blocks_written = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t syncs = 0;
  std::uint64_t writes = 0;
  std::string* everything = nullptr;  // where all bytes that are written are kept, for who wants to see them

  struct Write {
    std::string name;
    std::uint64_t block;
    std::vector<std::uint8_t> bytes;
  };
  std::map<std::string, std::vector<std::uint8_t>> durable;
  std::vector<Write> unsynced;  // in order

  [[nodiscard]] bool powered() const { return blocks_written < power_off_after_blocks; }

  // The power fails and comes back: of what was not synced, `keep(i)` says which blocks stay.
  template <class Keep>
  void cut_power(Keep keep) {
    for (std::size_t i = 0; i < unsynced.size(); ++i) {
      if (keep(i)) apply(unsynced[i], device_block);
    }
    unsynced.clear();
    power_off_after_blocks = never;
  }
  // Any subset stays, and one block in eight only in part.
  void cut_power_randomly(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (const Write& write : unsynced) {
      if (random() % 2 == 0) continue;
      apply(write, random() % 8 == 0 ? 512 * (random() % 8) : device_block);
    }
    unsynced.clear();
    power_off_after_blocks = never;
  }

  void flip_bit(const std::string& name, std::uint64_t byte, unsigned bit) {
    durable.at(name)[byte] ^= static_cast<std::uint8_t>(1U << bit);
  }

  std::unique_ptr<Disk> disk();

 private:
  friend class FaultyFile;
  friend class FaultyDisk;

  void apply(const Write& write, std::uint64_t length) {
    std::copy_n(write.bytes.begin(), length,
                durable.at(write.name).begin() + static_cast<std::ptrdiff_t>(write.block * device_block));
  }
};

class FaultyFile : public DiskFile {
 public:
  FaultyFile(FaultyDevice& device, std::string name) : device_(device), name_(std::move(name)) {}

  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    const std::vector<std::uint8_t>& bytes = device_.durable.at(name_);
    if (device_.refuses_to_read) return fail(ErrorCode::io, "cannot read " + name_ + ": Input/output error");
    if (offset + into.size() > bytes.size()) return fail(ErrorCode::io, name_ + " is too short");
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    // The page cache shows what is not durable yet.
    for (const FaultyDevice::Write& write : device_.unsynced) {
      if (write.name != name_) continue;
      for (std::uint64_t i = 0; i < device_block; ++i) {
        const std::uint64_t at = write.block * device_block + i;
        if (at >= offset && at < offset + into.size()) into[at - offset] = write.bytes[i];
      }
    }
    return {};
  }

  Status write(std::uint64_t offset, ByteView bytes) override {
    if (offset % device_block != 0 || bytes.size() % device_block != 0) {
      return fail(ErrorCode::io, "the queue writes whole blocks only");
    }
    const std::uint64_t nth = device_.writes++;
    if (nth >= device_.fail_write_from && nth - device_.fail_write_from < device_.fail_write_count)
      return fail(ErrorCode::exhausted, "cannot write " + name_ + ": No space left on device");
    if (device_.everything != nullptr) device_.everything->append(bytes.begin(), bytes.end());
    for (std::uint64_t at = 0; at < bytes.size(); at += device_block) {
      if (!device_.powered()) return fail(ErrorCode::io, "the power is off");
      const ByteView block = bytes.subspan(at, device_block);
      device_.unsynced.push_back({name_, (offset + at) / device_block, {block.begin(), block.end()}});
      ++device_.blocks_written;
      device_.bytes_written += device_block;
    }
    return {};
  }

  Status sync() override {
    if (!device_.powered()) return fail(ErrorCode::io, "the power is off");
    const std::uint64_t nth = device_.syncs++;
    const bool failing =
        nth >= device_.fail_sync_from && nth - device_.fail_sync_from < device_.fail_sync_count;
    if (failing) return fail(ErrorCode::io, "cannot sync " + name_ + ": Input/output error");
    std::vector<FaultyDevice::Write> others;
    for (FaultyDevice::Write& write : device_.unsynced) {
      if (write.name == name_) {
        device_.apply(write, device_block);
      } else {
        others.push_back(std::move(write));
      }
    }
    device_.unsynced = std::move(others);
    return {};
  }

 private:
  FaultyDevice& device_;
  std::string name_;
};

class FaultyDisk : public Disk {
 public:
  explicit FaultyDisk(FaultyDevice& device) : device_(device) {}

  Result<std::vector<Entry>> list() const override {
    std::vector<Entry> out;
    for (const auto& [name, bytes] : device_.durable)
      out.push_back({name, bytes.size()});
    return out;
  }
  Result<std::unique_ptr<DiskFile>> open(const std::string& name) override {
    if (device_.refuses_to_open) return fail(ErrorCode::io, "cannot open " + name + ": Permission denied");
    if (!device_.durable.contains(name)) return fail(ErrorCode::io, "cannot open " + name);
    return std::make_unique<FaultyFile>(device_, name);
  }
  Status create(const std::string& name, std::uint64_t bytes) override {
    if (!device_.powered()) return fail(ErrorCode::io, "the power is off");
    std::uint64_t used = bytes;
    for (const auto& [other, content] : device_.durable)
      used += other == name ? 0 : content.size();
    if (used > device_.room_bytes) {
      device_.durable[name].assign(bytes / 2, 0);
      return fail(ErrorCode::exhausted, "cannot write " + name + ": No space left on device");
    }
    device_.durable[name].assign(bytes, 0);
    ++device_.blocks_written;  // so that the power can also fail between two files
    return {};
  }
  Status lengthen(const std::string& name, std::uint64_t bytes) override {
    if (!device_.powered()) return fail(ErrorCode::io, "the power is off");
    device_.durable.at(name).resize(bytes, 0);
    return {};
  }
  Status remove(const std::string& name) override {
    if (!device_.powered()) return fail(ErrorCode::io, "the power is off");
    std::erase_if(device_.unsynced, [&](const FaultyDevice::Write& write) { return write.name == name; });
    device_.durable.erase(name);
    return {};
  }
  std::optional<std::uint64_t> room() const override {
    if (!device_.knows_its_room) return std::nullopt;
    std::uint64_t used = 0;
    for (const auto& [name, content] : device_.durable)
      used += content.size();
    return device_.room_bytes - std::min(used, device_.room_bytes);
  }

 private:
  FaultyDevice& device_;
};

inline std::unique_ptr<Disk> FaultyDevice::disk() {
  return std::make_unique<FaultyDisk>(*this);
}

}  // namespace wayside::flash::testing
