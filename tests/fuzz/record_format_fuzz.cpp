// Segment headers, records and tables of contents, as found on the card and with their checksums made good.
#include "src/delivery/queue/record_format.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/queue_bytes.hpp"

namespace {

using namespace wayside;
using namespace wayside::fuzz;

void check_segment_header(ByteView bytes) {
  const Result<flash::SegmentHeader> header = flash::decode_segment_header(bytes);
  if (!header) return require_good(header.error());
  require(header->segments >= 4 && header->segments <= 4096 && header->index < header->segments,
          "a queue has 4 to 4096 segments, and a segment is one of them");
  require(header->segment_bytes % flash::block_bytes == 0 && header->segment_bytes >= 32U << 10U &&
              header->segment_bytes <= 1U << 30U,
          "a segment has whole blocks, 32 KiB to 1 GiB");
  require(header->epoch <= flash::most_number && header->first_number <= flash::most_number,
          "numbers leave room to count on");
  Bytes block(flash::block_bytes);
  flash::encode(*header, block);
  const auto again = flash::decode_segment_header(block);
  require(again && *again == *header, "a segment header encoded again says the same");
}

void check_record(ByteView bytes) {
  const auto header = flash::decode_frame_header(bytes);
  if (!header) return require_good(header.error());
  require(header->stored_bytes() % flash::frame_step == 0 && header->stored_bytes() <= 1U << 30U,
          "a record takes whole steps and fits a segment");
  const std::size_t length = std::min<std::uint64_t>(header->stored_bytes(), bytes.size());
  const Result<flash::DecodedRecord> record = flash::decode_record(bytes.first(length));
  if (!record) return require_good(record.error());
  require(record->header.number >= 1 && record->header.number <= flash::most_number,
          "numbers leave room to count on");
  require(!record->record.head.empty(), "a record has a head");
  require((record->header.type == RecordType::gap) == (record->record.part(PartKind::gaps) != nullptr),
          "gap records have a list, and no others");
  for (const flash::Gap& gap : record->gaps)
    require(gap.numbers.can_be(), "a gap is a range of numbers");
  flash::FrameHeader copy = record->header;
  Bytes out;
  flash::encode(copy, record->record, out);
  const auto again = flash::decode_record(out);
  require(again && again->header == record->header && again->record.head == record->record.head &&
              again->record.parts == record->record.parts && again->gaps == record->gaps,
          "a record encoded again says the same");
}

void check_contents(ByteView bytes) {
  if (bytes.size() < 64) return;
  flash::SegmentHeader segment;
  segment.segment_bytes = 1U << 20U;
  segment.epoch = little_endian::get<std::uint64_t>(bytes, bytes.size() - 48);
  segment.salt = little_endian::get<std::uint64_t>(bytes, bytes.size() - 40);
  const Result<std::uint64_t> length = flash::contents_length(bytes, segment);
  if (!length) return require_good(length.error());
  if (*length > bytes.size()) return;
  const ByteView table = bytes.last(*length);
  const auto entries = flash::decode_contents(table, segment);
  if (!entries) return require_good(entries.error());
  std::uint64_t from = flash::segment_header_bytes;
  for (const flash::Entry& entry : *entries) {
    require(entry.offset() >= from && entry.offset() + entry.bytes() <= segment.segment_bytes - *length,
            "entries lie between header and table, one behind the other");
    require(entry.number() >= 1 && entry.number() <= flash::most_number && !entry.gone(),
            "numbers leave room to count on");
    from = entry.offset() + entry.bytes();
  }
  const Bytes out = flash::encode_contents(*entries, segment);
  const auto again = flash::decode_contents(out, segment);
  require(again && flash::encode_contents(*again, segment) == out, "a table encoded again says the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, data + size);
  check_segment_header(bytes);
  check_record(bytes);
  check_contents(bytes);
  seal_segment_header(bytes);
  check_segment_header(bytes);
  bytes.assign(data, data + size);
  seal_frame(bytes);
  check_record(bytes);
  bytes.assign(data, data + size);
  seal_contents(bytes);
  check_contents(bytes);
  return 0;
}
