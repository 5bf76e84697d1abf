// The gap list of a gap record.
#include "src/delivery/queue/gaps.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const Result<flash::Gaps> gaps = flash::decode_gaps({data, size});
  if (!gaps) {
    require_good(gaps.error());
    return 0;
  }
  const auto again = flash::decode_gaps(flash::encode(*gaps));
  require(again && *again == *gaps, "a gap list encoded again says the same");
  std::uint64_t last = 0;
  bool apart = true;
  for (const flash::Gap& gap : *gaps) {
    require(gap.numbers.can_be(), "a gap is a range of numbers");
    require(is_plain_text(flash::to_string(gap.reason)), "a reason has a name");
    apart = apart && gap.numbers.first > last;
    last = gap.numbers.last;
  }
  require(!apart || flash::count_numbers(flash::joined(*gaps)) == flash::count_numbers(*gaps),
          "joining neighbours loses no number");
  return 0;
}
