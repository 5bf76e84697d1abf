// The two acknowledgement blocks: one as found, one with its CRC made good.
#include "src/delivery/queue/acknowledgements.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/queue_bytes.hpp"

namespace {

using namespace wayside;
using namespace wayside::fuzz;

class MemoryFile final : public flash::DiskFile {
 public:
  explicit MemoryFile(Bytes& bytes) : bytes_(bytes) {}
  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    if (offset + into.size() > bytes_.size()) return fail(ErrorCode::io, "the file is too short");
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
  }
  Status write(std::uint64_t offset, ByteView bytes) override {
    if (offset + bytes.size() > bytes_.size()) return fail(ErrorCode::exhausted, "the file has an end");
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    return {};
  }
  Status sync() override { return {}; }

 private:
  Bytes& bytes_;
};

flash::Acknowledgements over(Bytes& first, Bytes& second) {
  return {std::make_unique<MemoryFile>(first), std::make_unique<MemoryFile>(second)};
}

void check(ByteView bytes) {
  const Result<QueueUuid> owner = flash::acknowledgement_owner(bytes);
  if (!owner) require_good(owner.error());

  Bytes first(bytes.begin(), bytes.end());
  first.resize(flash::acknowledgement_file_bytes);
  Bytes second(flash::acknowledgement_file_bytes);
  flash::Acknowledgements blocks = over(first, second);
  const auto loaded = blocks.load(owner ? *owner : QueueUuid{});
  require(!owner || loaded.found, "a block that has an owner can be loaded");
  if (!loaded.found) return;
  std::uint64_t last = 0;
  for (const flash::NumberRange& range : loaded.settled.numbers.ranges(SIZE_MAX)) {
    require(range.first > last && range.can_be(), "settled ranges rise, and none touches another");
    last = range.last + 1;
  }
  require(last <= loaded.settled.reserved_until, "what is settled was handed out");
  require(loaded.settled.reserved_until >= 1 && loaded.settled.reserved_until <= flash::most_number,
          "reserved numbers leave room to count on");
  const std::vector<flash::DayMark>& days = loaded.settled.days.all();
  for (std::size_t i = 1; i < days.size(); ++i)
    require(days[i - 1].day < days[i].day && days[i - 1].number <= days[i].number, "days and numbers rise");
  require(loaded.settled.chain.number.value() < loaded.settled.reserved_until,
          "the last record has a number that was handed out");
  require(blocks.store(*owner, loaded.settled).has_value(), "what was loaded can be stored");
  const auto again = over(first, second).load(*owner);
  require(again.found && again.settled.evicted == loaded.settled.evicted &&
              again.settled.expired == loaded.settled.expired && again.settled.days.all() == days &&
              again.settled.chain.hash == loaded.settled.chain.hash &&
              again.settled.reserved_until == loaded.settled.reserved_until &&
              again.settled.numbers.ranges(SIZE_MAX) == loaded.settled.numbers.ranges(SIZE_MAX),
          "what was stored is what is loaded again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, data + size);
  check(bytes);
  seal_acknowledgements(bytes);
  check(bytes);
  return 0;
}
