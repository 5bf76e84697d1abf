// Segment headers and records, as found on the card and with their checksums made good.
#include "src/delivery/queue/record_format.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/queue_bytes.hpp"

namespace {

using namespace wayside;
using namespace wayside::fuzz;

void check_segment_header(ByteView bytes) {
  const Result<flash::SegmentHeader> header = flash::decode_segment_header(bytes);
  if (!header) return require_good(header.error());
  require(header->segments >= 3 && header->segments <= 4096 && header->index < header->segments,
          "a queue has 3 to 4096 segments, and a segment is one of them");
  require(header->segment_bytes % flash::block_bytes == 0 && header->segment_bytes >= 32U << 10U &&
              header->segment_bytes <= 1U << 30U,
          "a segment has whole blocks, 32 KiB to 1 GiB");
  require(header->epoch <= flash::most_number && header->first_number <= flash::most_number,
          "numbers leave room to count on");
  Bytes block(flash::block_bytes);
  flash::encode(*header, block);
  const auto again = flash::decode_segment_header(block);
  require(again && again->uuid == header->uuid && again->index == header->index &&
              again->segments == header->segments && again->segment_bytes == header->segment_bytes &&
              again->epoch == header->epoch && again->salt == header->salt &&
              again->first_number == header->first_number,
          "a segment header encoded again says the same");
}

void check_record(ByteView bytes) {
  if (const auto header = flash::decode_record_header(bytes); !header) require_good(header.error());
  Result<flash::DecodedRecord> record = flash::decode_record(bytes);
  if (!record) return require_good(record.error());
  const flash::RecordHeader& header = record->header;
  require(header.number >= 1 && header.number <= flash::most_number, "numbers leave room to count on");
  require(header.stored_bytes() == bytes.size(), "a record is as long as its header says");
  for (const flash::Gap& gap : record->gaps)
    require(gap.numbers.can_be(), "a gap is a range of numbers");
  flash::RecordHeader copy = header;
  Bytes out;
  static_cast<void>(flash::encode(copy, record->parts, flash::encode(record->gaps), out));
  const auto again = flash::decode_record(out);
  require(again && again->header.number == header.number && again->header.type == header.type &&
              again->header.record_class == header.record_class && again->header.salt == header.salt &&
              again->header.previous == header.previous && again->parts.document == record->parts.document &&
              again->parts.plate == record->parts.plate && again->parts.overview == record->parts.overview &&
              again->gaps == record->gaps,
          "a record encoded again says the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, data + size);
  check_segment_header(bytes);
  check_record(bytes);
  seal_segment_header(bytes);
  check_segment_header(bytes);
  bytes.assign(data, data + size);
  seal_record(bytes);
  check_record(bytes);
  return 0;
}
