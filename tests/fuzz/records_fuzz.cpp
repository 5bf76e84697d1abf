// The records that a back office exported, as wayside-eval compares them.
#include "wayside/eval/records.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto records = eval::parse_records(text_of(data, size), "records.jsonl");
  if (!records) {
    require_good(records.error());
    return 0;
  }
  const eval::SightingScore score = eval::score_by_vrm(*records, {"AB12CDE", "B7"});
  require(score.vehicles == 2 && score.captured + score.duplicates + score.false_sightings == records->size(),
          "every record is counted once");
  static_cast<void>(eval::records_summary(records->size(), score));
  return 0;
}
