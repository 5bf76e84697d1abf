// Gap lists as cameras send them to the back office.
#include "src/backoffice/gap_record.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  constexpr std::uint64_t number = 1'000'000;
  const auto gaps = backoffice::gaps_from({data, size}, number);
  if (!gaps) {
    require_good(gaps.error());
    return 0;
  }
  require(!gaps->empty() && gaps->size() * 24 == size, "a list has all of its gaps");
  for (const backoffice::Gap& gap : *gaps) {
    require(gap.numbers.first >= 1 && gap.numbers.first <= gap.numbers.last && gap.numbers.last < number,
            "a gap is of numbers before its record's own");
  }
  return 0;
}
