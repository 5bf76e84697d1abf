// A copy of an image's disk that a test may spoil: its partitions by name.
//
// Threads: none. Failure: std::runtime_error.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/little_endian.hpp"

#include "tests/image/camera_machine.hpp"

namespace wayside::image {

class CameraDisk {
 public:
  explicit CameraDisk(const std::filesystem::path& copy) : path_(copy) {
    // Holes stay holes: most of it is empty.
    const std::string command = "cp --sparse=always --reflink=auto '" +
                                (image_folder() / "wayside.img").string() + "' '" + copy.string() + "'";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot copy the image: " + command);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // As toolchains/image/disk.sh makes them.
  [[nodiscard]] static std::vector<std::string> partitions() {
    return {"loader", "bootstate", "boot_a", "root_a", "boot_b", "root_b", "update", "config", "queue"};
  }

  [[nodiscard]] Bytes read(const std::string& partition) const {
    const Place place = find(partition);
    return read_at(place.begin, place.bytes);
  }
  [[nodiscard]] Bytes read(const std::string& partition, std::uint64_t from, std::uint64_t bytes) const {
    const Place place = find(partition);
    if (from + bytes > place.bytes) throw std::runtime_error(partition + " is too small");
    return read_at(place.begin + from, bytes);
  }
  // As a file of its own, holes left out.
  void copy(const std::string& partition, const std::filesystem::path& to) const {
    constexpr std::uint64_t block = std::uint64_t{1} << 20U;
    const Place place = find(partition);
    const std::string command =
        "dd if='" + path_.string() + "' of='" + to.string() +
        "' bs=1M conv=sparse status=none skip=" + std::to_string(place.begin / block) +
        " count=" + std::to_string(place.bytes / block);
    if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot copy " + partition);
    std::filesystem::resize_file(to, place.bytes);
  }
  // What copy() made, changed since.
  void put_back(const std::string& partition, const std::filesystem::path& from) const {
    constexpr std::uint64_t block = std::uint64_t{1} << 20U;
    const std::string command =
        "dd if='" + from.string() + "' of='" + path_.string() +
        "' bs=1M conv=notrunc status=none seek=" + std::to_string(find(partition).begin / block);
    if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot put back " + partition);
  }
  void write(const std::string& partition, ByteView bytes, std::uint64_t from = 0) const {
    const Place place = find(partition);
    if (from + bytes.size() > place.bytes) throw std::runtime_error(partition + " is too small");
    write_at(place.begin + from, bytes);
  }
  // The head of its table's first copy, as a write leaves it that the power broke off.
  void tear_table() const { write_at(sector, Bytes(sector / 2, 0x55)); }
  [[nodiscard]] std::uint64_t bytes_of(const std::string& partition) const { return find(partition).bytes; }
  // All of it as that one is now.
  void become(const CameraDisk& other) const {
    const std::string command =
        "cp --sparse=always --reflink=auto '" + other.path().string() + "' '" + path_.string() + "'";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot copy a disk: " + command);
  }
  // As written to a larger card: what follows the partitions is empty.
  void enlarge(std::uint64_t by) const {
    std::filesystem::resize_file(path_, std::filesystem::file_size(path_) + by);
  }

 private:
  static constexpr std::uint64_t sector = 512;
  struct Place {
    std::uint64_t begin, bytes;
  };

  [[nodiscard]] Bytes read_at(std::uint64_t begin, std::uint64_t bytes) const {
    std::ifstream disk(path_, std::ios::binary);
    disk.seekg(static_cast<std::streamoff>(begin));
    Bytes read(bytes);
    if (!disk.read(reinterpret_cast<char*>(read.data()), static_cast<std::streamsize>(bytes)))
      throw std::runtime_error(path_.string() + " is too short");
    return read;
  }
  void write_at(std::uint64_t begin, ByteView bytes) const {
    std::fstream disk(path_, std::ios::binary | std::ios::in | std::ios::out);
    disk.seekp(static_cast<std::streamoff>(begin));
    disk.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!disk.flush()) throw std::runtime_error("cannot write to " + path_.string());
  }
  // By the GUID partition table's first copy (UEFI 2.10, 5.3.3): 128 entries of 128 bytes.
  [[nodiscard]] Place find(const std::string& partition) const {
    constexpr std::size_t entry_bytes = 128, name_at = 56;
    const Bytes table = read_at(2 * sector, 128 * entry_bytes);
    for (std::size_t at = 0; at < table.size(); at += entry_bytes) {
      std::string name;
      for (std::size_t i = at + name_at; i < at + entry_bytes && table[i] != 0; i += 2)
        name.push_back(static_cast<char>(table[i]));
      if (name != partition) continue;
      const auto first = little_endian::get<std::uint64_t>(table, at + 32);
      const auto last = little_endian::get<std::uint64_t>(table, at + 40);
      return {first * sector, (last - first + 1) * sector};
    }
    throw std::runtime_error("the disk has no partition " + partition);
  }

  std::filesystem::path path_;
};

}  // namespace wayside::image
