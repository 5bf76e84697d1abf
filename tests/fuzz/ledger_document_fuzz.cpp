// What coverage, clock, audit and sight records say, as cameras send them to the back office.
#include "src/backoffice/dating.hpp"
#include "src/backoffice/validation.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  const backoffice::RecordId id{"0011223344556677", "000102030405060708090a0b0c0d0e0f", 20};
  for (const RecordType type : {RecordType::coverage, RecordType::clock, RecordType::audit, RecordType::sight}) {
    const Status taken = backoffice::check_ledger_document(type, text, id);
    if (!taken) {
      require_good(taken.error());
      require(taken.error().message.size() < 300, "a refusal is a sentence");
    } else if (type == RecordType::coverage) {
      const auto mark = backoffice::chain_mark_of(text);
      require(mark && mark->number < id.number, "a book that was taken marks a record before it");
    }
  }
  static_cast<void>(backoffice::chain_mark_of(text));
  if (const auto by = backoffice::synchronisation_of(text)) {
    const auto redated = backoffice::dated({by->boot_id, 0}, *by);
    require(redated && redated->max_error_ms >= by->max_error_ms, "a date is no surer than what it is from");
    require(!backoffice::dated({by->boot_id, by->monotonic_ms + 1}, *by), "nothing later is dated");
  }
  return 0;
}
