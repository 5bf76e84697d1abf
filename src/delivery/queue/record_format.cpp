#include "src/delivery/queue/record_format.hpp"

#include <algorithm>
#include <cassert>

#include "src/delivery/queue/little_endian.hpp"

namespace wayside::flash {

namespace {

constexpr std::uint64_t segment_magic = 0x0A0D47455357'5957ULL;  // "WYWSEG\r\n"
constexpr std::uint64_t record_magic = 0x0A0D43455257'5957ULL;   // "WYWREC\r\n"
constexpr std::uint32_t trailer_magic = 0x444E4557U;             // "WEND"

constexpr std::size_t segment_crc_at = 508;
constexpr std::size_t record_header_bytes = 256;
constexpr std::size_t record_crc_at = 252;

template <std::size_t N>
void put_array(std::span<std::uint8_t> bytes, std::size_t offset, const std::array<std::uint8_t, N>& value) {
  std::copy(value.begin(), value.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

template <std::size_t N>
std::array<std::uint8_t, N> get_array(ByteView bytes, std::size_t offset) {
  std::array<std::uint8_t, N> out;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), N, out.begin());
  return out;
}

// Magic, CRC, then version, so that a newer version is told from rot.
Status check_block(ByteView block, std::uint64_t magic, std::size_t crc_at) {
  if (block.size() < crc_at + 4 || get<std::uint64_t>(block, 0) != magic) {
    return fail(ErrorCode::not_found, "nothing of the queue's stands in this block");
  }
  if (crc32c(block.first(crc_at)) != get<std::uint32_t>(block, crc_at)) {
    return fail(ErrorCode::corrupt, "a header's CRC does not match");
  }
  if (get<std::uint16_t>(block, 8) != format_version) {
    return fail(ErrorCode::unsupported, "a header of another format version");
  }
  return {};
}

}  // namespace

void encode(const SegmentHeader& header, std::span<std::uint8_t> block) {
  assert(block.size() == block_bytes);
  std::fill(block.begin(), block.end(), std::uint8_t{0});
  put(block, 0, segment_magic);
  put(block, 8, format_version);
  put(block, 12, header.index);
  put(block, 16, header.segments);
  put(block, 20, header.segment_bytes);
  put_array(block, 24, header.uuid);
  put(block, 40, header.epoch);
  put(block, 48, header.salt);
  put(block, 56, header.first_number);
  put(block, segment_crc_at, crc32c(block.first(segment_crc_at)));
}

Result<SegmentHeader> decode_segment_header(ByteView block) {
  if (Status ok = check_block(block, segment_magic, segment_crc_at); !ok) return fail(ok.error());
  SegmentHeader header;
  header.index = get<std::uint32_t>(block, 12);
  header.segments = get<std::uint32_t>(block, 16);
  header.segment_bytes = get<std::uint32_t>(block, 20);
  header.uuid = get_array<16>(block, 24);
  header.epoch = get<std::uint64_t>(block, 40);
  header.salt = get<std::uint64_t>(block, 48);
  header.first_number = get<std::uint64_t>(block, 56);
  // These decide how many files are made and how far is counted, so a good CRC is not enough.
  if (!can_be_segments(header.segments) || header.index >= header.segments ||
      !can_be_segment_bytes(header.segment_bytes) || header.epoch > most_number ||
      header.first_number > most_number) {
    return fail(ErrorCode::corrupt, "a segment header with a field that cannot be");
  }
  return header;
}

std::uint64_t RecordHeader::stored_bytes() const {
  const std::uint64_t bytes =
      std::uint64_t{document} + plate + overview + gaps + record_header_bytes + trailer_bytes;
  return (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

RecordHeader sized(const RecordParts& parts, std::size_t gaps_bytes) {
  RecordHeader header;
  header.document = static_cast<std::uint32_t>(parts.document.size());
  header.plate = static_cast<std::uint32_t>(parts.plate.size());
  header.overview = static_cast<std::uint32_t>(parts.overview.size());
  header.gaps = static_cast<std::uint32_t>(gaps_bytes);
  return header;
}

Sha256 encode(RecordHeader& header, const RecordParts& parts, ByteView gaps, Bytes& out) {
  const RecordHeader lengths = sized(parts, gaps.size());
  header.document = lengths.document;
  header.plate = lengths.plate;
  header.overview = lengths.overview;
  header.gaps = lengths.gaps;
  const std::size_t start = out.size();
  out.resize(start + header.stored_bytes());
  const std::span<std::uint8_t> record = std::span(out).subspan(start);

  std::size_t at = record_header_bytes;
  for (const ByteView part :
       {ByteView(parts.document), ByteView(parts.plate), ByteView(parts.overview), gaps}) {
    std::copy(part.begin(), part.end(), record.begin() + static_cast<std::ptrdiff_t>(at));
    at += part.size();
  }
  header.payload_hash = sha256(record.subspan(record_header_bytes, at - record_header_bytes));

  put(record, 0, record_magic);
  put(record, 8, format_version);
  put(record, 10, static_cast<std::uint8_t>(header.type));
  put(record, 11, static_cast<std::uint8_t>(header.record_class));
  put(record, 12, header.document);
  put(record, 16, header.plate);
  put(record, 20, header.overview);
  put(record, 24, header.gaps);
  put_array(record, 32, header.uuid);
  put(record, 48, header.epoch);
  put(record, 56, header.salt);
  put(record, 64, header.number);
  put_array(record, 72, header.previous);
  put_array(record, 104, header.payload_hash);
  put(record, record_crc_at, crc32c(record.first(record_crc_at)));

  const std::size_t tail = record.size() - trailer_bytes;
  put(record, tail, trailer_magic);
  put(record, tail + 4, header.number);
  put(record, tail + 12, crc32c(record.first(tail + 12)));
  return chain_hash(record);
}

Result<RecordHeader> decode_record_header(ByteView block) {
  if (Status ok = check_block(block, record_magic, record_crc_at); !ok) return fail(ok.error());
  RecordHeader header;
  header.type = static_cast<RecordType>(get<std::uint8_t>(block, 10));
  header.record_class = static_cast<RecordClass>(get<std::uint8_t>(block, 11));
  header.document = get<std::uint32_t>(block, 12);
  header.plate = get<std::uint32_t>(block, 16);
  header.overview = get<std::uint32_t>(block, 20);
  header.gaps = get<std::uint32_t>(block, 24);
  header.uuid = get_array<16>(block, 32);
  header.epoch = get<std::uint64_t>(block, 48);
  header.salt = get<std::uint64_t>(block, 56);
  header.number = get<std::uint64_t>(block, 64);
  header.previous = get_array<32>(block, 72);
  header.payload_hash = get_array<32>(block, 104);
  const bool known = (header.type == RecordType::capture || header.type == RecordType::gap) &&
                     header.record_class <= RecordClass::gap;
  if (!known || !NumberRange{header.number, header.number}.can_be())
    return fail(ErrorCode::corrupt, "a record header with a field that cannot be");
  return header;
}

Sha256 chain_hash(ByteView block) {
  return sha256(block.first(record_header_bytes));
}

bool trailer_belongs(ByteView tail, std::uint64_t number) {
  return tail.size() == trailer_bytes && get<std::uint32_t>(tail, 0) == trailer_magic &&
         get<std::uint64_t>(tail, 4) == number;
}

Result<DecodedRecord> decode_record(ByteView record) {
  const Result<RecordHeader> header = decode_record_header(record);
  if (!header) return fail(header.error());
  if (record.size() != header->stored_bytes()) return fail(ErrorCode::corrupt, "a record of another length");
  const std::size_t tail = record.size() - trailer_bytes;
  if (!trailer_belongs(record.subspan(tail), header->number) ||
      crc32c(record.first(tail + 12)) != get<std::uint32_t>(record, tail + 12)) {
    return fail(ErrorCode::corrupt, "a record's CRC does not match");
  }
  DecodedRecord out{*header, {}, {}};
  std::size_t at = record_header_bytes;
  const auto take = [&](std::uint32_t length) {
    const ByteView part = record.subspan(at, length);
    at += length;
    return part;
  };
  const auto bytes = [](ByteView view) { return Bytes(view.begin(), view.end()); };
  out.parts.record_class = header->record_class;
  out.parts.document = bytes(take(header->document));
  out.parts.plate = bytes(take(header->plate));
  out.parts.overview = bytes(take(header->overview));
  const ByteView gaps = take(header->gaps);
  if (sha256(record.subspan(record_header_bytes, at - record_header_bytes)) != header->payload_hash) {
    return fail(ErrorCode::corrupt, "a record's payload does not match its hash");
  }
  Result<Gaps> decoded = decode_gaps(gaps);
  if (!decoded) return fail(decoded.error());
  out.gaps = std::move(*decoded);
  return out;
}

}  // namespace wayside::flash
