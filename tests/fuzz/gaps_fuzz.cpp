// The gap list of a gap record, and the document that tells the back office the same.
#include <nlohmann/json.hpp>

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

  const nlohmann::json document = nlohmann::json::parse(flash::to_json(*gaps));
  require(document.at("gaps").size() == gaps->size(), "the document has every gap");
  std::uint64_t last = 0;
  std::uint64_t count = 0;
  bool apart = true;
  for (std::size_t i = 0; i < gaps->size(); ++i) {
    const flash::NumberRange& numbers = (*gaps)[i].numbers;
    require(numbers.can_be(), "a gap is a range of numbers");
    apart = apart && numbers.first > last;
    last = numbers.last;
    const nlohmann::json& told = document.at("gaps").at(i);
    require(told.at("first") == numbers.first && told.at("last") == numbers.last,
            "the document tells the range");
    count += told.at("count").get<std::uint64_t>();
  }
  require(count == flash::count_numbers(*gaps), "the document's counts add up");
  require(!apart || flash::count_numbers(flash::joined(*gaps)) == count,
          "joining neighbours loses no number");
  return 0;
}
