#include "src/delivery/queue/acknowledgements.hpp"

#include <algorithm>
#include <utility>

#include "src/delivery/queue/little_endian.hpp"

namespace wayside::flash {

namespace {

constexpr std::uint64_t magic = 0x0A0D4B434157'5957ULL;  // "WYWACK\r\n"
constexpr std::size_t header_bytes = 64;
constexpr std::size_t crc_at = 60;
constexpr std::size_t range_bytes = 16;
constexpr std::size_t most_ranges = (acknowledgement_file_bytes - header_bytes) / range_bytes;

struct Block {
  QueueUuid uuid{};
  std::uint64_t generation = 0;
  Settled settled;
};

// The CRC stands in the header and covers the header before it, then the ranges.
std::uint32_t block_crc(ByteView bytes, std::size_t ranges) {
  return crc32c(bytes.subspan(header_bytes, ranges * range_bytes), crc32c(bytes.first(crc_at)));
}

Bytes encode(const Block& block) {
  // More ranges than fit: the highest are left out, and those records are sent again after a restart.
  const std::vector<NumberRange> ranges = block.settled.numbers.ranges(most_ranges);
  const std::size_t used = header_bytes + ranges.size() * range_bytes;
  Bytes out((used + block_bytes - 1) / block_bytes * block_bytes);
  put(out, 0, magic);
  put(out, 8, format_version);
  put(out, 12, static_cast<std::uint32_t>(ranges.size()));
  std::copy(block.uuid.begin(), block.uuid.end(), out.begin() + 16);
  put(out, 32, block.generation);
  put(out, 40, block.settled.reserved_until);
  put(out, 48, block.settled.evicted);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    put(out, header_bytes + i * range_bytes, ranges[i].first);
    put(out, header_bytes + i * range_bytes + 8, ranges[i].last);
  }
  put(out, crc_at, block_crc(out, ranges.size()));
  return out;
}

Result<Block> decode(ByteView bytes) {
  if (bytes.size() < header_bytes || get<std::uint64_t>(bytes, 0) != magic)
    return fail(ErrorCode::not_found, "no acknowledgement block");
  const std::size_t count = get<std::uint32_t>(bytes, 12);
  if (count > (bytes.size() - header_bytes) / range_bytes ||
      block_crc(bytes, count) != get<std::uint32_t>(bytes, crc_at) ||
      get<std::uint16_t>(bytes, 8) != format_version) {
    return fail(ErrorCode::corrupt, "an acknowledgement block does not check out");
  }
  Block block;
  std::copy_n(bytes.begin() + 16, block.uuid.size(), block.uuid.begin());
  block.generation = get<std::uint64_t>(bytes, 32);
  block.settled.reserved_until = get<std::uint64_t>(bytes, 40);
  block.settled.evicted = get<std::uint64_t>(bytes, 48);
  bool can_be = block.generation <= most_number && NumberRange{1, block.settled.reserved_until}.can_be();
  for (std::size_t i = 0; i < count; ++i) {
    const NumberRange range{get<std::uint64_t>(bytes, header_bytes + i * range_bytes),
                            get<std::uint64_t>(bytes, header_bytes + i * range_bytes + 8)};
    can_be = can_be && range.can_be();
    block.settled.numbers.add(range);
  }
  if (!can_be) return fail(ErrorCode::corrupt, "an acknowledgement block with a field that cannot be");
  return block;
}

bool is_blank(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

Acknowledgements::Acknowledgements(std::unique_ptr<DiskFile> first, std::unique_ptr<DiskFile> second)
    : files_{std::move(first), std::move(second)} {}

Acknowledgements::Loaded Acknowledgements::load(const QueueUuid& uuid) {
  Loaded loaded;
  Bytes bytes(acknowledgement_file_bytes);
  for (std::size_t which = 0; which < 2; ++which) {
    if (files_[which] == nullptr || !files_[which]->read(0, bytes)) {
      ++loaded.ignored;
      continue;
    }
    Result<Block> block = decode(bytes);
    if (!block || block->uuid != uuid) {
      if (!is_blank(bytes)) ++loaded.ignored;
      continue;
    }
    if (loaded.found && block->generation <= generation_) continue;
    loaded.found = true;
    loaded.settled = std::move(block->settled);
    generation_ = block->generation;
    next_ = 1 - which;
  }
  return loaded;
}

Status Acknowledgements::store(const QueueUuid& uuid, const Settled& settled) {
  Status last = fail(ErrorCode::io, "neither acknowledgement file can be opened");
  for (int attempt = 0; attempt < 2; ++attempt) {
    DiskFile* file = files_[next_].get();
    next_ = 1 - next_;
    if (file == nullptr) continue;
    last = file->write(0, encode(Block{uuid, ++generation_, settled}));
    if (last) last = file->sync();
    if (last) return {};
  }
  return last;
}

Result<QueueUuid> acknowledgement_owner(ByteView block) {
  const Result<Block> decoded = decode(block);
  if (!decoded) return fail(decoded.error());
  return decoded->uuid;
}

}  // namespace wayside::flash
