#include "tests/vm/power/write_log.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace wayside::vm {

namespace {

constexpr std::uint64_t sector_bytes = 512;
constexpr std::uint64_t sectors_a_block = 8;
constexpr std::uint64_t magic = 0x6a736677736872;
enum Flag : std::uint64_t { flushed = 1, forced = 2, discarded = 4, marked = 8 };

using Sector = std::array<char, sector_bytes>;

std::uint64_t number_at(const Sector& sector, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i)
    value = value << 8U | static_cast<std::uint8_t>(sector.at(offset + i - 1));
  return value;
}

}  // namespace

WriteLog::WriteLog(const std::filesystem::path& file) : in_(file, std::ios::binary) {
  const auto wrong = [&](const std::string& what) { return std::runtime_error(file.string() + ": " + what); };
  const std::uint64_t end = std::filesystem::file_size(file);
  Sector sector{};
  if (!in_.read(sector.data(), sector.size()) || number_at(sector, 0) != magic || number_at(sector, 8) != 1)
    throw wrong("is no log of dm-log-writes");
  if ((number_at(sector, 24) & 0xffffffffU) != sector_bytes) throw wrong("has sectors of another size");
  const std::uint64_t count = number_at(sector, 16);
  std::uint64_t at = sector_bytes;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (at > end - sector_bytes ||
        !in_.seekg(static_cast<std::streamoff>(at)).read(sector.data(), sector.size()))
      throw wrong("ends before its last entry");
    LoggedWrite entry;
    entry.sector = number_at(sector, 0);
    entry.sectors = number_at(sector, 8);
    const std::uint64_t flags = number_at(sector, 16);
    const std::uint64_t mark_bytes = number_at(sector, 24);
    entry.flush = (flags & flushed) != 0;
    entry.fua = (flags & forced) != 0;
    at += sector_bytes;
    if ((flags & discarded) != 0) throw wrong("holds a discard, which nobody here replays");
    if ((flags & marked) != 0) {
      if (mark_bytes > sector_bytes - 32) throw wrong("holds a mark that does not end");
      entry.mark.assign(sector.data() + 32, mark_bytes);
      entry.sectors = 0;
    }
    if (entry.sectors > (end - at) / sector_bytes) throw wrong("ends within an entry");
    entry.data_offset = at;
    at += entry.sectors * sector_bytes;
    entries_.push_back(std::move(entry));
  }
}

void WriteLog::apply(std::size_t entry, std::fstream& image, std::mt19937_64* random) {
  const LoggedWrite& write = entries_.at(entry);
  std::vector<char> data;
  for (std::uint64_t done = 0; done < write.sectors;) {
    // Blocks of the device, wherever the write begins.
    const std::uint64_t to_block = sectors_a_block - (write.sector + done) % sectors_a_block;
    const std::uint64_t count = std::min(to_block, write.sectors - done);
    if (random == nullptr || (*random)() % 2 == 0) {
      data.resize(count * sector_bytes);
      in_.seekg(static_cast<std::streamoff>(write.data_offset + done * sector_bytes));
      in_.read(data.data(), static_cast<std::streamsize>(data.size()));
      image.seekp(static_cast<std::streamoff>((write.sector + done) * sector_bytes));
      image.write(data.data(), static_cast<std::streamsize>(data.size()));
    }
    done += count;
  }
  if (!in_ || !image) throw std::runtime_error("a logged write cannot be written to the image");
}

void Replay::go_to(std::size_t entry) {
  std::fstream image(image_, std::ios::binary | std::ios::in | std::ios::out);
  for (; next_ <= entry; ++next_) {
    const LoggedWrite& write = log_.entries().at(next_);
    if (write.flush) {
      for (const std::size_t before : volatile_)
        log_.apply(before, image);
      volatile_.clear();
    }
    if (write.sectors != 0) volatile_.push_back(next_);
  }
}

void Replay::state(const std::filesystem::path& copy, std::mt19937_64* random) {
  std::filesystem::copy_file(image_, copy, std::filesystem::copy_options::overwrite_existing);
  std::fstream image(copy, std::ios::binary | std::ios::in | std::ios::out);
  // A write before a forced one to the same place must not come after it: in order, forced ones whole.
  for (const std::size_t entry : volatile_)
    log_.apply(entry, image, log_.entries()[entry].fua ? nullptr : random);
}

}  // namespace wayside::vm
