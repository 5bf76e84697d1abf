#include "src/delivery/queue/record_format.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "wayside/base/little_endian.hpp"

namespace wayside::flash {

using little_endian::get;
using little_endian::put;

namespace {

constexpr std::uint64_t segment_magic = 0x0A0D47455357'5957ULL;   // "WYWSEG\r\n"
constexpr std::uint64_t contents_magic = 0x0A0D434F5457'5957ULL;  // "WYWTOC\r\n"
constexpr std::uint32_t frame_magic = 0x46525957U;                // "WYRF"
constexpr std::uint32_t trailer_magic = 0x444E4557U;              // "WEND"

constexpr std::size_t segment_crc_at = 508;
constexpr std::size_t frame_crc_at = 60;
constexpr std::size_t contents_crc_at = 60;

bool is_known(RecordType type) {
  return type >= RecordType::capture && type <= RecordType::sight;
}

}  // namespace

void encode(const SegmentHeader& header, std::span<std::uint8_t> block) {
  assert(block.size() == block_bytes);
  std::fill(block.begin(), block.end(), std::uint8_t{0});
  put(block, 0, segment_magic);
  put(block, 8, format_version);
  put(block, 10, static_cast<std::uint8_t>(header.log));
  put(block, 12, header.index);
  put(block, 16, header.segments);
  put(block, 20, header.segment_bytes);
  std::copy(header.uuid.begin(), header.uuid.end(), block.begin() + 24);
  put(block, 40, header.epoch);
  put(block, 48, header.salt);
  put(block, 56, header.first_number);
  put(block, segment_crc_at, crc32c(block.first(segment_crc_at)));
}

Result<SegmentHeader> decode_segment_header(ByteView block) {
  // Magic, CRC, then version, so that a newer version is told from rot.
  if (block.size() < segment_crc_at + 4 || get<std::uint64_t>(block, 0) != segment_magic)
    return fail(ErrorCode::not_found, "no segment header");
  if (crc32c(block.first(segment_crc_at)) != get<std::uint32_t>(block, segment_crc_at))
    return fail(ErrorCode::corrupt, "a segment header's CRC does not match");
  if (get<std::uint16_t>(block, 8) != format_version)
    return fail(ErrorCode::unsupported, "a segment header of another format version");
  SegmentHeader header;
  header.log = static_cast<Log>(get<std::uint8_t>(block, 10));
  header.index = get<std::uint32_t>(block, 12);
  header.segments = get<std::uint32_t>(block, 16);
  header.segment_bytes = get<std::uint32_t>(block, 20);
  std::copy_n(block.begin() + 24, header.uuid.size(), header.uuid.begin());
  header.epoch = get<std::uint64_t>(block, 40);
  header.salt = get<std::uint64_t>(block, 48);
  header.first_number = get<std::uint64_t>(block, 56);
  // These decide how many files are made and how far is counted, so a good CRC is not enough.
  if (!can_be_segments(header.segments) || header.index >= header.segments ||
      !can_be_segment_bytes(header.segment_bytes) || header.epoch > most_number ||
      header.first_number > most_number || header.log > Log::guarded ||
      (header.log == Log::none) != (header.epoch == 0)) {
    return fail(ErrorCode::corrupt, "a segment header with a field that cannot be");
  }
  return header;
}

std::uint64_t FrameHeader::payload_bytes() const {
  return std::accumulate(parts.begin(), parts.end(), std::uint64_t{head});
}

std::uint64_t FrameHeader::stored_bytes() const {
  return stored_bytes_of(payload_bytes());
}

void encode(FrameHeader& header, const SealedRecord& record, Bytes& out) {
  header.head = static_cast<std::uint32_t>(record.head.size());
  header.parts = {};
  for (const SealedPart& part : record.parts)
    header.parts.at(static_cast<std::size_t>(part.kind)) = static_cast<std::uint32_t>(part.bytes.size());
  const std::size_t start = out.size();
  out.resize(start + header.stored_bytes());
  const std::span<std::uint8_t> frame = std::span(out).subspan(start);

  put(frame, 0, frame_magic);
  put(frame, 4, format_version);
  put(frame, 6, static_cast<std::uint8_t>(header.type));
  put(frame, 7, static_cast<std::uint8_t>(header.record_class));
  put(frame, 8, header.head);
  for (std::size_t kind = 0; kind < part_kinds; ++kind)
    put(frame, 12 + 4 * kind, header.parts[kind]);
  put(frame, 32, header.epoch);
  put(frame, 40, header.salt);
  put(frame, 48, header.number);
  put(frame, frame_crc_at, crc32c(frame.first(frame_crc_at)));

  auto at = std::copy(record.head.begin(), record.head.end(), frame.begin() + frame_header_bytes);
  for (const SealedPart& part : record.parts)
    at = std::copy(part.bytes.begin(), part.bytes.end(), at);

  const std::size_t tail = frame.size() - trailer_bytes;
  put(frame, tail, trailer_magic);
  put(frame, tail + 4, header.number);
  put(frame, tail + 12, crc32c(frame.first(tail + 12)));
}

Result<FrameHeader> decode_frame_header(ByteView bytes) {
  if (bytes.size() < frame_header_bytes || get<std::uint32_t>(bytes, 0) != frame_magic)
    return fail(ErrorCode::not_found, "no record starts here");
  if (crc32c(bytes.first(frame_crc_at)) != get<std::uint32_t>(bytes, frame_crc_at))
    return fail(ErrorCode::corrupt, "a record's frame has a CRC that does not match");
  if (get<std::uint16_t>(bytes, 4) != format_version)
    return fail(ErrorCode::unsupported, "a record of another format version");
  FrameHeader header;
  header.type = static_cast<RecordType>(get<std::uint8_t>(bytes, 6));
  header.record_class = static_cast<RecordClass>(get<std::uint8_t>(bytes, 7));
  header.head = get<std::uint32_t>(bytes, 8);
  for (std::size_t kind = 0; kind < part_kinds; ++kind)
    header.parts[kind] = get<std::uint32_t>(bytes, 12 + 4 * kind);
  header.epoch = get<std::uint64_t>(bytes, 32);
  header.salt = get<std::uint64_t>(bytes, 40);
  header.number = get<std::uint64_t>(bytes, 48);
  const bool gap = header.type == RecordType::gap;
  const std::uint64_t gap_list = header.parts[static_cast<std::size_t>(PartKind::gaps)];
  if (!is_known(header.type) || header.record_class > RecordClass::ledger || header.head == 0 ||
      header.head > largest_head_bytes || header.stored_bytes() > largest_segment || gap != (gap_list != 0) ||
      (gap && header.payload_bytes() != header.head + gap_list) ||
      (gap && header.record_class != RecordClass::ledger) ||
      !NumberRange{header.number, header.number}.can_be()) {
    return fail(ErrorCode::corrupt, "a record's frame has a field that cannot be");
  }
  return header;
}

bool trailer_belongs(ByteView tail, std::uint64_t number) {
  return tail.size() == trailer_bytes && get<std::uint32_t>(tail, 0) == trailer_magic &&
         get<std::uint64_t>(tail, 4) == number;
}

Result<DecodedRecord> decode_record(ByteView frame) {
  const Result<FrameHeader> header = decode_frame_header(frame);
  if (!header) return fail(header.error());
  if (frame.size() != header->stored_bytes()) return fail(ErrorCode::corrupt, "a record of another length");
  const std::size_t tail = frame.size() - trailer_bytes;
  if (!trailer_belongs(frame.subspan(tail), header->number) ||
      crc32c(frame.first(tail + 12)) != get<std::uint32_t>(frame, tail + 12)) {
    return fail(ErrorCode::corrupt, "a record's CRC does not match");
  }
  DecodedRecord out;
  out.header = *header;
  std::size_t at = frame_header_bytes;
  const auto take = [&](std::size_t length) {
    const ByteView part = frame.subspan(at, length);
    at += length;
    return Bytes(part.begin(), part.end());
  };
  out.record.head = take(header->head);
  for (std::size_t kind = 0; kind < part_kinds; ++kind) {
    if (header->parts[kind] != 0)
      out.record.parts.push_back({static_cast<PartKind>(kind), take(header->parts[kind])});
  }
  if (header->type != RecordType::gap) return out;
  Result<Gaps> gaps = decode_gaps(out.record.parts.front().bytes);
  if (!gaps) return fail(gaps.error());
  // Of records that come after it, it knows nothing.
  const bool of_earlier = std::all_of(gaps->begin(), gaps->end(),
                                      [&](const Gap& gap) { return gap.numbers.last < header->number; });
  if (!of_earlier) return fail(ErrorCode::corrupt, "a gap record that tells numbers after its own");
  out.gaps = std::move(*gaps);
  return out;
}

Entry::Entry(std::uint64_t number, std::uint64_t offset, std::uint64_t bytes, RecordType type,
             RecordClass record_class, bool has_overview)
    : number_(number),
      place_(static_cast<std::uint32_t>(offset / frame_step)),
      info_(static_cast<std::uint32_t>(bytes / frame_step) | static_cast<std::uint32_t>(type) << 24U |
            static_cast<std::uint32_t>(record_class) << 27U | (has_overview ? 0U : 1U << 29U)) {}

Entry Entry::from(std::uint64_t number, std::uint32_t place, std::uint32_t info) {
  Entry entry;
  entry.number_ = number;
  entry.place_ = place;
  entry.info_ = info;
  return entry;
}

Bytes encode_contents(const std::vector<Entry>& entries, const SegmentHeader& segment) {
  Bytes out(contents_bytes(entries.size()));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    put(out, i * entry_bytes, entries[i].number());
    put(out, i * entry_bytes + 8, entries[i].place());
    put(out, i * entry_bytes + 12, entries[i].info());
  }
  const std::span<std::uint8_t> end = std::span(out).last(contents_end_bytes);
  put(end, 0, contents_magic);
  put(end, 8, format_version);
  put(end, 12, static_cast<std::uint32_t>(entries.size()));
  put(end, 16, segment.epoch);
  put(end, 24, segment.salt);
  const std::uint32_t crc = crc32c(ByteView(out).first(entries.size() * entry_bytes));
  put(end, contents_crc_at, crc32c(end.first(contents_crc_at), crc));
  return out;
}

Result<std::uint64_t> contents_length(ByteView last_bytes, const SegmentHeader& segment) {
  if (last_bytes.size() < contents_end_bytes) return fail(ErrorCode::not_found, "no table of contents");
  const ByteView end = last_bytes.last(contents_end_bytes);
  if (get<std::uint64_t>(end, 0) != contents_magic || get<std::uint16_t>(end, 8) != format_version ||
      get<std::uint64_t>(end, 16) != segment.epoch || get<std::uint64_t>(end, 24) != segment.salt) {
    return fail(ErrorCode::not_found, "no table of contents of this segment");
  }
  const std::uint64_t length = contents_bytes(get<std::uint32_t>(end, 12));
  if (length > segment.segment_bytes - segment_header_bytes)
    return fail(ErrorCode::corrupt, "a table of contents longer than its segment");
  return length;
}

Result<std::vector<Entry>> decode_contents(ByteView table, const SegmentHeader& segment) {
  const Result<std::uint64_t> length = contents_length(table, segment);
  if (!length) return fail(length.error());
  if (*length != table.size()) return fail(ErrorCode::corrupt, "a table of contents of another length");
  const ByteView end = table.last(contents_end_bytes);
  const std::size_t count = get<std::uint32_t>(end, 12);
  const std::uint32_t crc = crc32c(table.first(count * entry_bytes));
  if (crc32c(end.first(contents_crc_at), crc) != get<std::uint32_t>(end, contents_crc_at))
    return fail(ErrorCode::corrupt, "a table of contents whose CRC does not match");
  std::vector<Entry> out;
  out.reserve(count);
  std::uint64_t from = segment_header_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const Entry entry = Entry::from(get<std::uint64_t>(table, i * entry_bytes),
                                    get<std::uint32_t>(table, i * entry_bytes + 8),
                                    get<std::uint32_t>(table, i * entry_bytes + 12));
    const bool can_be = NumberRange{entry.number(), entry.number()}.can_be() && is_known(entry.type()) &&
                        entry.record_class() <= RecordClass::ledger && entry.info() >> 30U == 0 &&
                        entry.offset() >= from && entry.bytes() != 0 &&
                        entry.offset() + entry.bytes() <= segment.segment_bytes - table.size();
    if (!can_be) return fail(ErrorCode::corrupt, "a table of contents with an entry that cannot be");
    from = entry.offset() + entry.bytes();
    out.push_back(entry);
  }
  return out;
}

}  // namespace wayside::flash
