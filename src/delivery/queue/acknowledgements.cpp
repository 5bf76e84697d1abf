#include "src/delivery/queue/acknowledgements.hpp"

#include <algorithm>
#include <utility>

#include "wayside/base/little_endian.hpp"

namespace wayside::flash {

using little_endian::get;
using little_endian::put;

namespace {

constexpr std::uint64_t magic = 0x0A0D4B434157'5957ULL;  // "WYWACK\r\n"
constexpr std::size_t header_bytes = 128;
constexpr std::size_t crc_at = 124;
constexpr std::size_t mark_bytes = 12;
constexpr std::size_t range_bytes = 16;
constexpr std::size_t most_ranges =
    (acknowledgement_file_bytes - header_bytes - DayMarks::most * mark_bytes) / range_bytes;

struct Block {
  QueueUuid uuid{};
  std::uint64_t generation = 0;
  Settled settled;
};

// The CRC stands in the header and covers the header before it, then marks and ranges.
std::uint32_t block_crc(ByteView bytes, std::size_t used) {
  return crc32c(bytes.subspan(header_bytes, used - header_bytes), crc32c(bytes.first(crc_at)));
}

Bytes encode(const Block& block) {
  // More ranges than fit: the highest are left out, and those records are sent again after a restart.
  const std::vector<NumberRange> ranges = block.settled.numbers.ranges(most_ranges);
  const std::vector<DayMark>& marks = block.settled.days.all();
  const std::size_t used = header_bytes + marks.size() * mark_bytes + ranges.size() * range_bytes;
  Bytes out(rounded_up(used, block_bytes));
  put(out, 0, magic);
  put(out, 8, format_version);
  put(out, 10, static_cast<std::uint16_t>(marks.size()));
  put(out, 12, static_cast<std::uint32_t>(ranges.size()));
  std::copy(block.uuid.begin(), block.uuid.end(), out.begin() + 16);
  put(out, 32, block.generation);
  put(out, 40, block.settled.reserved_until);
  put(out, 48, block.settled.evicted);
  put(out, 56, block.settled.expired);
  put(out, 64, block.settled.overviews);
  put(out, 72, block.settled.chain.number.value());
  std::copy(block.settled.chain.hash.begin(), block.settled.chain.hash.end(), out.begin() + 80);
  std::size_t at = header_bytes;
  for (const DayMark& mark : marks) {
    put(out, at, mark.day);
    put(out, at + 4, mark.number);
    at += mark_bytes;
  }
  for (const NumberRange& range : ranges) {
    put(out, at, range.first);
    put(out, at + 8, range.last);
    at += range_bytes;
  }
  put(out, crc_at, block_crc(out, used));
  return out;
}

Result<Block> decode(ByteView bytes) {
  if (bytes.size() < header_bytes || get<std::uint64_t>(bytes, 0) != magic)
    return fail(ErrorCode::not_found, "no acknowledgement block");
  const std::size_t mark_count = get<std::uint16_t>(bytes, 10);
  const std::size_t range_count = get<std::uint32_t>(bytes, 12);
  const std::size_t used = header_bytes + mark_count * mark_bytes + range_count * range_bytes;
  if (used > bytes.size() || block_crc(bytes, used) != get<std::uint32_t>(bytes, crc_at) ||
      get<std::uint16_t>(bytes, 8) != format_version) {
    return fail(ErrorCode::corrupt, "an acknowledgement block does not check out");
  }
  Block block;
  Settled& settled = block.settled;
  std::copy_n(bytes.begin() + 16, block.uuid.size(), block.uuid.begin());
  block.generation = get<std::uint64_t>(bytes, 32);
  settled.reserved_until = get<std::uint64_t>(bytes, 40);
  settled.evicted = get<std::uint64_t>(bytes, 48);
  settled.expired = get<std::uint64_t>(bytes, 56);
  settled.overviews = get<std::uint64_t>(bytes, 64);
  settled.chain.number = SequenceNumber(get<std::uint64_t>(bytes, 72));
  std::copy_n(bytes.begin() + 80, settled.chain.hash.size(), settled.chain.hash.begin());
  bool can_be = block.generation <= most_number && NumberRange{1, settled.reserved_until}.can_be() &&
                settled.chain.number.value() < settled.reserved_until;
  std::size_t at = header_bytes;
  std::vector<DayMark> marks(mark_count);
  for (DayMark& mark : marks) {
    mark = {get<std::uint32_t>(bytes, at), get<std::uint64_t>(bytes, at + 4)};
    at += mark_bytes;
  }
  Result<DayMarks> days = DayMarks::from(std::move(marks));
  if (!days) return fail(days.error());
  settled.days = std::move(*days);
  for (std::size_t i = 0; i < range_count; ++i, at += range_bytes) {
    const NumberRange range{get<std::uint64_t>(bytes, at), get<std::uint64_t>(bytes, at + 8)};
    // What nobody was handed yet must not be settled: it would be let go of at the start after it was
    // recorded.
    can_be = can_be && range.can_be() && range.last < settled.reserved_until;
    settled.numbers.add(range);
  }
  if (!can_be) return fail(ErrorCode::corrupt, "an acknowledgement block with a field that cannot be");
  return block;
}

bool is_blank(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

bool DayMarks::mark(std::uint32_t day, std::uint64_t number) {
  // A clock that was set back: what it said before may be true, and a record is never taken for older than it
  // is.
  if (!marks_.empty() && marks_.back().day > day) return false;
  if (!marks_.empty() && marks_.back().day == day) {
    marks_.back().number = std::max(marks_.back().number, number);
    return false;
  }
  marks_.push_back({day, number});
  // The later of two says less of the older records, and nothing wrong.
  if (marks_.size() > most) marks_.erase(marks_.begin());
  return true;
}

std::uint64_t DayMarks::before(std::uint32_t day) const {
  std::uint64_t number = 0;
  for (const DayMark& mark : marks_) {
    if (mark.day < day) number = mark.number;
  }
  return number;
}

void DayMarks::forget_below(std::uint64_t number) {
  while (marks_.size() > 1 && marks_.front().number <= number)
    marks_.erase(marks_.begin());
}

Result<DayMarks> DayMarks::from(std::vector<DayMark> marks) {
  bool can_be = marks.size() <= most;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    can_be = can_be && NumberRange{1, marks[i].number}.can_be();
    if (i > 0) can_be = can_be && marks[i - 1].day < marks[i].day && marks[i - 1].number <= marks[i].number;
  }
  if (!can_be) return fail(ErrorCode::corrupt, "day marks that cannot be");
  DayMarks out;
  out.marks_ = std::move(marks);
  return out;
}

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
