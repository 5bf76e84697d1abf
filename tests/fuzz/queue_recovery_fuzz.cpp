// A whole queue as found on the card at start. An input is a list of changes to a small sound queue: two
// bytes block, two bytes offset in it, a length, and the bytes; checksums are then made good where the first
// byte is odd.
#include "wayside/base/log.hpp"

#include "src/delivery/queue/flash_queue.hpp"
#include "src/delivery/queue/formatting.hpp"
#include "src/delivery/queue/recovery.hpp"
#include "tests/delivery/queue/faulty_disk.hpp"
#include "tests/doubles/test_sealer.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/queue_bytes.hpp"

namespace {

using namespace wayside;
using namespace wayside::fuzz;
using flash::testing::FaultyDevice;

constexpr std::uint32_t segments = 4;
constexpr std::uint32_t segment_bytes = 32 * 1024;
constexpr std::size_t all_blocks =
    (segments * segment_bytes + 2 * flash::acknowledgement_file_bytes) / flash::block_bytes;

QueueOptions options() {
  static doubles::TestSealer sealer;
  QueueOptions out;
  out.directory = "queue";
  out.segments = segments;
  out.segment_bytes = segment_bytes;
  out.sealer = &sealer;
  return out;
}

// A segment of each log, a gap record and a table of contents among them, and one acknowledgement; the same
// in every run. The heads are none: the queue does not understand them but to see whose they are.
std::map<std::string, Bytes> sound_queue() {
  QueueUuid uuid{};
  uuid.fill(0xA5);
  std::map<std::string, Bytes> files;
  std::uint64_t number = 0;
  for (std::uint32_t index = 0; index < segments; ++index) {
    flash::SegmentHeader header;
    header.uuid = uuid;
    header.index = index;
    header.segments = segments;
    header.segment_bytes = segment_bytes;
    header.epoch = index < 2 ? index + 1 : 0;
    header.log = index == 0 ? flash::Log::reads : index == 1 ? flash::Log::guarded : flash::Log::none;
    header.salt = 77 * header.epoch;
    header.first_number = number + 1;
    Bytes bytes(flash::segment_header_bytes);
    flash::encode(header, std::span(bytes).first(flash::block_bytes));
    flash::encode(header, std::span(bytes).last(flash::block_bytes));
    std::vector<flash::Entry> entries;
    for (int i = 0; header.epoch != 0 && i < 4; ++i) {
      const bool gap = index == 1 && i == 2;
      const Bytes list = flash::encode(flash::Gaps{{{2, 2}, flash::GapReason::damaged}});
      SealedRecord record{Bytes(100, 'h'), {{PartKind::gaps, list}}};
      if (!gap) record.parts = {{PartKind::document, Bytes(300, 'd')}, {PartKind::overview, Bytes(900, 'o')}};
      flash::FrameHeader frame;
      frame.type = gap ? RecordType::gap : RecordType::capture;
      frame.record_class = index == 0 ? RecordClass::ordinary : gap ? RecordClass::ledger : RecordClass::hit;
      frame.epoch = header.epoch;
      frame.salt = header.salt;
      frame.number = ++number;
      const std::size_t offset = bytes.size();
      flash::encode(frame, record, bytes);
      entries.emplace_back(number, offset, bytes.size() - offset, frame.type, frame.record_class, !gap);
      if (i % 2 == 1) bytes.resize(flash::rounded_up(bytes.size(), flash::block_bytes));
    }
    const Bytes table = flash::encode_contents(entries, header);
    bytes.resize(segment_bytes);
    if (header.epoch != 0) std::copy(table.begin(), table.end(), bytes.end() - std::ssize(table));
    files[flash::segment_file_name(index)] = std::move(bytes);
  }
  FaultyDevice device;
  const auto disk = device.disk();
  for (const int which : {0, 1})
    require(disk->create(flash::Acknowledgements::file_name(which), flash::acknowledgement_file_bytes)
                .has_value(),
            "a file can be made");
  flash::Acknowledgements blocks(std::move(*disk->open("ack-0")), std::move(*disk->open("ack-1")));
  flash::Settled settled;
  settled.numbers.add({1, 3});
  settled.reserved_until = 20;
  require(blocks.store(uuid, settled).has_value(), "an acknowledgement can be stored");
  for (const auto& [name, bytes] : device.durable)
    files[name] = bytes;
  return files;
}

std::span<std::uint8_t> block_of(std::map<std::string, Bytes>& files, std::size_t block) {
  for (auto& [name, bytes] : files) {
    const std::size_t blocks = bytes.size() / flash::block_bytes;
    if (block < blocks) return std::span(bytes).subspan(block * flash::block_bytes, flash::block_bytes);
    block -= blocks;
  }
  return {};
}

void change(std::map<std::string, Bytes>& files, ByteView input) {
  const bool sealed = !input.empty() && input[0] % 2 == 1;
  if (!input.empty()) input = input.subspan(1);
  while (input.size() > 5) {
    const std::size_t block = little_endian::get<std::uint16_t>(input, 0) % all_blocks;
    const std::size_t offset = little_endian::get<std::uint16_t>(input, 2) % flash::block_bytes;
    const std::span<std::uint8_t> target = block_of(files, block).subspan(offset);
    const std::size_t length = std::min({std::size_t{input[4]}, input.size() - 5, target.size()});
    std::copy_n(input.begin() + 5, length, target.begin());
    input = input.subspan(5 + length);
  }
  if (!sealed) return;
  for (auto& [name, bytes] : files) {
    if (name.rfind("ack", 0) == 0) {
      seal_acknowledgements(bytes);
      continue;
    }
    for (std::size_t at = 0; at < bytes.size(); at += flash::frame_step) {
      const std::span<std::uint8_t> rest = std::span(bytes).subspan(at);
      if (at % flash::block_bytes == 0 && rest[3] == 'S') seal_segment_header(rest);
      if (rest[2] == 'R' && rest[3] == 'F') seal_frame(rest);
    }
    seal_contents(bytes);
  }
}

// Open it, give it a record, take that out again, also after a restart.
void use(FaultyDevice& device) {
  Result<std::unique_ptr<RecordQueue>> queue = flash::open_queue(device.disk(), options());
  if (!queue) return require_good(queue.error());
  const auto before = (*queue)->waiting(RecordQueue::Order::oldest_first, {}, 1000);
  for (const WaitingRecord& one : before) {
    if (const auto record = (*queue)->read(one.number); !record) require_good(record.error());
  }
  RecordParts record;
  record.document = Bytes(50, 'd');
  const auto numbers = (*queue)->append({&record, 1});
  if (!numbers) return require_good(numbers.error());
  require(before.empty() || numbers->front() > before.back().number,
          "a new number is above every number that waits");
  if (numbers->front().value() > flash::most_number) return;  // no camera counts this far
  const auto stored = (*queue)->read(numbers->front());
  require(stored && chain_hash(stored->head) == (*queue)->chain().hash, "what was appended can be read");
  queue->reset();
  queue = flash::open_queue(device.disk(), options());
  if (!queue) return require_good(queue.error());
  const auto again = (*queue)->read(numbers->front());
  require(again && again->head == stored->head, "what was appended is there after a restart");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::map<std::string, Bytes> sound = sound_queue();
  static const bool quiet = (log::start(log::Level::error, log::Format::console), true);
  static_cast<void>(quiet);
  FaultyDevice device;
  device.durable = sound;
  device.room_bytes = std::uint64_t{1} << 20U;
  change(device.durable, {data, size});
  use(device);
  return 0;
}
